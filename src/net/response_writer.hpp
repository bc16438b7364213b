// An answer as the bytes that go over the wire, in one piece.
//
// Pure but for the Date line, which a DateLine renews once a second; one per core.
#pragma once

#include "net/exchange.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace ragd::net {

/// "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n" of the current second.
class DateLine {
 public:
  [[nodiscard]] std::string_view now() { return at(std::time(nullptr)); }
  [[nodiscard]] std::string_view at(std::time_t second);

 private:
  std::time_t second_ = -1;
  std::string line_;
};

struct ResponseFraming {
  bool head_request = false;  ///< headers as for GET, no body
  bool close = false;
  bool announce_keep_alive = false;  ///< HTTP/1.0 needs to be told
};

/// Replaces `out` by the whole message. Content-Length is always there, save with 204 and 304, which have no body.
void write_response(const HttpResponse& response, const ResponseFraming& framing, std::string_view date_line,
                    std::string& out);

}  // namespace ragd::net
