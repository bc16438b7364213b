// Fields one after another such that no two different sequences give the same bytes: each is preceded by its length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::rag {

inline void append_number(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>((value >> shift) & 0xFFU);
}

inline void append_field(std::string& out, std::string_view bytes) {
  append_number(out, bytes.size());
  out += bytes;
}

}  // namespace ragd::rag
