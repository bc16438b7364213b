#include "retrieval/pgvector/statement.hpp"

#include <array>
#include <charconv>

namespace ragd::retrieval::pgvector {

namespace {

/// Longer than any float or double written shortest.
constexpr std::size_t kMostDigits = 32;

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, kMostDigits> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), written.ptr);
}

}  // namespace

void ArrayText::add(std::string_view text) {
  separate();
  text_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

std::string number_text(double number) {
  std::string text;
  append_number(text, number);
  return text;
}

std::string vector_text(const std::vector<float>& vector) {
  std::string text = "[";
  for (const float number : vector) {
    if (text.size() > 1) text += ',';
    append_number(text, number);
  }
  return text + "]";
}

}  // namespace ragd::retrieval::pgvector
