// Finds where a request's head ends, and refuses on the raw bytes what Beast's parser would let pass or bounds only
// in sum: bare CR or LF, NUL and other controls, folded lines, too many or too long fields, a too long request line.
//
// One per connection, reset per message; incremental, each byte is looked at once however slowly it arrives.
#pragma once

#include <ragd/error.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace ragd::net {

inline constexpr std::size_t kMaxRequestLine = 8ULL << 10;
inline constexpr std::size_t kMaxHeaderBytes = 16ULL << 10;
inline constexpr std::size_t kMaxHeaderFields = 100;

class HeadScanner {
 public:
  /// `bytes` is all that has arrived of the message, each time anew from its first byte. The head up to and with its
  /// empty line, without an empty line before it (RFC 9112, 2.2 allows one); empty while more is needed.
  [[nodiscard]] Result<std::string_view> scan(std::string_view bytes);
  void reset() { *this = {}; }

 private:
  [[nodiscard]] std::optional<Error> end_line(std::string_view line);
  [[nodiscard]] std::optional<Error> check_size(std::size_t received) const;

  std::size_t position_ = 0;      // the next byte to look at
  std::size_t line_begin_ = 0;    // of the line it belongs to
  std::size_t head_begin_ = 0;    // of the request line
  std::size_t fields_begin_ = 0;  // behind the request line; 0 until that is complete
  std::size_t fields_ = 0;
  bool complete_ = false;
};

/// The same rules for a chunked body's trailer section, which ends with its empty line.
[[nodiscard]] std::optional<Error> check_trailers(std::string_view section);

}  // namespace ragd::net
