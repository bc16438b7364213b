// Fields one after another such that no two different sequences give the same bytes: each is preceded by its length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::rag {

inline void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 8> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((value >> (8 * i)) & 0xFFU);
  out.append(bytes.data(), bytes.size());
}

inline void append_field(std::string& out, std::string_view bytes) {
  append_number(out, bytes.size());
  out += bytes;
}

}  // namespace ragd::rag
