#include "net/exchange.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace ragd::net {

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const HeaderField& field) {
    return base::equal_ignoring_case(field.name, name);
  });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

void HttpResponse::add_header(std::string_view name, std::string_view value) {
  headers.append(name).append(": ");
  const std::size_t begin = headers.size();
  headers.append(value);
  // A control character in a value could end the field and start one of the sender's choice.
  std::replace_if(
      headers.begin() + static_cast<std::ptrdiff_t>(begin), headers.end(), [](char c) { return base::is_control(c); },
      ' ');
  headers.append("\r\n");
}

void HttpResponse::reset() {
  status = 200;
  content_type = "application/json";
  headers.clear();
  body.clear();
  close = false;
}

}  // namespace ragd::net
