#include "net/response_writer.hpp"

#include <boost/beast/http/status.hpp>

#include <array>
#include <charconv>

namespace ragd::net {

namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), written.ptr);
}

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
  append_number(line_, static_cast<std::size_t>(utc.tm_year) + 1900);
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
  out.assign("HTTP/1.1 ");
  append_number(out, response.status);
  out.append(" ").append(reason.data(), reason.size()).append("\r\n").append(date_line);
  if (has_body) {
    if (!response.content_type.empty()) out.append("Content-Type: ").append(response.content_type).append("\r\n");
    out.append("Content-Length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  out.append(response.headers);
  if (framing.close) {
    out.append("Connection: close\r\n");
  } else if (framing.announce_keep_alive) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (has_body && !framing.head_request) out.append(response.body);
}

}  // namespace ragd::net
