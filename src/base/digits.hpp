// Numbers as decimal digits behind a string, without a string of their own. Stateless, thread-safe.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <string>

namespace ragd::base {

template <std::integral T>
void append_integer(std::string& out, T value) {
  std::array<char, 24> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace ragd::base
