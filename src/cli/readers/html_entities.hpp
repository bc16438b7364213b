// Character references of HTML: &amp; &#8212; &#x2014;. Stateless, thread-safe, linear, whatever the input.
//
// Knows the names of HTML 4.01, which is what documents use; unknown ones stay as they are written.
#pragma once

#include <string>
#include <string_view>

namespace ragd::cli {

/// Valid UTF-8 stays valid UTF-8; impossible code points become U+FFFD, as in browsers.
[[nodiscard]] std::string decode_entities(std::string_view text);

}  // namespace ragd::cli
