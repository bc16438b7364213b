#include "base/base64.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ragd::base {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t kInvalid = 1U << 24U;  // above the bits of any four characters

constexpr std::array<std::uint32_t, 256> kValues = [] {
  std::array<std::uint32_t, 256> values{};
  values.fill(kInvalid);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint32_t>(i);
  }
  return values;
}();

constexpr std::uint32_t value_of(char c) {
  return kValues[static_cast<unsigned char>(c)];
}

constexpr std::uint32_t byte_of(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t three = byte_of(bytes, at) << 16U | byte_of(bytes, at + 1) << 8U | byte_of(bytes, at + 2);
    const std::size_t present = std::min<std::size_t>(bytes.size() - at, 3);
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= present ? kAlphabet[three >> (18U - 6U * i) & 63U] : '=';
    }
  }
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes;
  bytes.resize(text.size() / 4 * 3);
  std::size_t out = 0;
  std::uint32_t seen = 0;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const std::uint32_t third = last && padding == 2 ? 0 : value_of(text[at + 2]);
    const std::uint32_t fourth = last && padding > 0 ? 0 : value_of(text[at + 3]);
    const std::uint32_t first = value_of(text[at]);
    const std::uint32_t second = value_of(text[at + 1]);
    seen |= first | second | third | fourth;
    const std::uint32_t three = first << 18U | second << 12U | third << 6U | fourth;
    for (unsigned shift = 24; shift > 0; shift -= 8) bytes[out++] = static_cast<char>(three >> (shift - 8) & 0xFFU);
  }
  if ((seen & kInvalid) != 0) return std::nullopt;
  // Of the bytes that the padding stands for nothing may be set: the same bytes have one encoding only.
  for (std::size_t i = 0; i < padding; ++i) {
    if (bytes[bytes.size() - 1 - i] != '\0') return std::nullopt;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace ragd::base
