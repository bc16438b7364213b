// Metadata as terms of a segment's second dictionary, and a query's filter as the set of chunks that meet it.
//
// Stateless, thread-safe. A value's term is its field, NUL, a byte for its type, and bytes that sort as the values do,
// so that a range is a run of neighbouring terms. Strings, numbers and booleans can be asked for, alone or in arrays;
// nulls and nested values match nothing.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/segment.hpp"

#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <string>
#include <string_view>

namespace ragd::retrieval {

/// Sorted by field. Fails when the text is not a JSON object.
[[nodiscard]] Result<Metadata> parse_metadata(std::string_view json);

[[nodiscard]] std::string metadata_term(std::string_view field, const MetadataValue& value);

/// The chunks of the documents for which every condition holds for some value of its field; values of different types
/// are never equal or ordered. The filter must not be empty.
[[nodiscard]] Bitmap chunks_matching(const Segment& segment, const Filter& filter);

}  // namespace ragd::retrieval
