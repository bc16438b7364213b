#include "net/response_writer.hpp"

#include "base/text_out.hpp"

#include <boost/beast/http/status.hpp>

#include <array>
#include <string>

namespace ragd::net {

namespace {

void append_two_digits(std::string& out, int number) {
  out += static_cast<char>('0' + number / 10);
  out += static_cast<char>('0' + number % 10);
}

}  // namespace

std::string_view DateLine::at(std::time_t second) {
  if (second == second_) return line_;
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&second, &utc);
  line_.assign("Date: ").append(kDays[static_cast<std::size_t>(utc.tm_wday)]).append(", ");
  append_two_digits(line_, utc.tm_mday);
  line_.append(" ").append(kMonths[static_cast<std::size_t>(utc.tm_mon)]).append(" ");
  line_ += std::to_string(utc.tm_year + 1900);
  line_ += ' ';
  append_two_digits(line_, utc.tm_hour);
  line_ += ':';
  append_two_digits(line_, utc.tm_min);
  line_ += ':';
  append_two_digits(line_, utc.tm_sec);
  line_.append(" GMT\r\n");
  second_ = second;
  return line_;
}

void write_response(const HttpResponse& response, const ResponseFraming& framing, std::string_view date_line,
                    std::string& out) {
  const bool has_body = response.status != 204 && response.status != 304;
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  constexpr std::size_t kRoom = 192;  // for the lines that are not the handler's
  const bool sends_body = has_body && !framing.head_request;
  base::TextOut text =
      base::TextOut::over(out, kRoom + response.headers.size() + (sends_body ? response.body.size() : 0));
  text << "HTTP/1.1 " << response.status << " " << std::string_view(reason.data(), reason.size()) << "\r\n"
       << date_line;
  if (has_body) {
    if (!response.content_type.empty()) text << "Content-Type: " << response.content_type << "\r\n";
    text << "Content-Length: " << response.body.size() << "\r\n";
  }
  text << response.headers;
  if (framing.close) {
    text << "Connection: close\r\n";
  } else if (framing.announce_keep_alive) {
    text << "Connection: keep-alive\r\n";
  }
  text << "\r\n";
  if (sends_body) text << response.body;
}

}  // namespace ragd::net
