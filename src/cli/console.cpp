#include "cli/console.hpp"

#include <cstddef>

namespace ragd::cli {

namespace {

std::string with_controls_replaced(std::string_view text, std::string_view kept) {
  constexpr std::string_view kReplacement = "\uFFFD";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if ((byte < 0x20 && kept.find(text[i]) == std::string_view::npos) || byte == 0x7F) {
      out += kReplacement;
    } else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {  // the C1 controls
      out += kReplacement;
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return with_controls_replaced(text, "\n\t");
}

std::string printable_line(std::string_view text) {
  return with_controls_replaced(text, "");
}

}  // namespace ragd::cli
