#include "base/byte_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace ragd::base {
namespace {

template <class Is>
std::size_t by_hand(const std::string& text, std::size_t from, Is is) {
  while (from < text.size() && !is(static_cast<unsigned char>(text[from]))) ++from;
  return from;
}

TEST(ByteScan, FindsEveryByteAtEveryPlaceThatAByteByByteSearchFinds) {
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  const auto escape = [&control](unsigned char c) { return control(c) || c == '"' || c == '\\'; };
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t size = 1; size < 20; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(find_control(text, 0), by_hand(text, 0, control)) << byte << " at " << at << " of " << size;
        ASSERT_EQ(find_json_escape(text, 0), by_hand(text, 0, escape)) << byte << " at " << at << " of " << size;
        ASSERT_EQ(has_only_ascii(text), byte < 0x80) << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(ByteScan, FindsTheFirstOfMany) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 40, ' ');
    std::generate(text.begin(), text.end(), [&random] { return static_cast<char>(random()); });
    const std::size_t from = text.empty() ? 0 : random() % text.size();
    ASSERT_EQ(find_control(text, from), by_hand(text, from, [](unsigned char c) { return c < 0x20 || c == 0x7F; }));
    ASSERT_EQ(find_json_escape(text, from),
              by_hand(text, from, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '"' || c == '\\'; }));
  }
}

}  // namespace
}  // namespace ragd::base
