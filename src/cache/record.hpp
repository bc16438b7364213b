// A cached answer as bytes on disk: a format number, then fixed-width little-endian fields and length-prefixed strings.
//
// Stateless. decode trusts nothing: every length is checked against what is left, every range against its string, and
// a record of another format, a short one or one with bytes left over is refused.
#pragma once

#include <ragd/response_cache.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace ragd::cache {

[[nodiscard]] std::string encode(const CachedAnswer& answer);
[[nodiscard]] std::optional<CachedAnswer> decode(std::string_view record);

}  // namespace ragd::cache
