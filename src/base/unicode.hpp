// UTF-8 as this server needs it: validation, normal forms, white space. Stateless and thread-safe; built on utf8proc
// and simdjson.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ragd::base {

/// Well-formed UTF-8 without surrogates (simdjson's validator).
[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// NFC already, and its case folds byte by byte.
[[nodiscard]] bool is_ascii(std::string_view text);

/// Unicode NFC. The input must be valid UTF-8.
[[nodiscard]] std::string nfc(std::string_view text);

/// Unicode NFKC with full case folding: for comparing words. The input must be valid UTF-8.
[[nodiscard]] std::string nfkc_casefold(std::string_view text);

/// Runs of Unicode white space become one space; none at either end.
[[nodiscard]] std::string collapse_whitespace(std::string_view text);
/// The same into `collapsed`, whose memory is used again.
void collapse_whitespace(std::string_view text, std::string& collapsed);

/// Printable: valid UTF-8 without controls (bidirectional ones included), line separators or unassigned code points.
[[nodiscard]] bool is_printable(std::string_view text);

/// The longest prefix of at most `max_bytes` that ends between code points.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

}  // namespace ragd::base
