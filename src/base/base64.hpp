// Base64 as RFC 4648, 4 has it: with padding, without line breaks. Stateless, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ragd::base {

[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Nothing when it is not the encoding of any bytes: other characters, missing padding, bits set behind the last byte.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace ragd::base
