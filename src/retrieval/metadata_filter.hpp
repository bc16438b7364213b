// Metadata as the index holds it, and whether it meets a query's filter. Stateless, thread-safe.
//
// Strings, numbers and booleans can be asked for, alone or in arrays; nulls and nested values are kept with the
// document but match nothing.
#pragma once

#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <string_view>

namespace ragd::retrieval {

/// Sorted by field. Fails when the text is not a JSON object.
[[nodiscard]] Result<Metadata> parse_metadata(std::string_view json);

/// Every condition holds for some value of its field; values of different types are never equal or ordered.
[[nodiscard]] bool matches(const Filter& filter, const Metadata& metadata);

}  // namespace ragd::retrieval
