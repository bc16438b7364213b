// Small pieces of text, one after another behind a string: literals, words, numbers.
//
// std::string::append checks, calls and copies for each piece; here room is made for many at once and a piece of known
// size is a few moves. For one scope: the string has its right size again when the TextOut is gone, and is not to be
// touched before. It never writes beyond the room it has: more pieces than foreseen only cost more.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ragd::base {

class TextOut {
 public:
  /// Behind what `out` holds.
  explicit TextOut(std::string& out, std::size_t room = 256) : TextOut(out, out.size(), room) {}
  /// In place of what `out` holds: memory that was written before need not be cleared again.
  [[nodiscard]] static TextOut over(std::string& out, std::size_t room = 256) { return {out, 0, room}; }
  ~TextOut() { out_.resize(size()); }
  TextOut(const TextOut&) = delete;
  TextOut& operator=(const TextOut&) = delete;

  template <std::size_t N>
  TextOut& operator<<(const char (&literal)[N]) {
    constexpr std::size_t kSize = N - 1;  // without its NUL
    ensure(kSize);
    std::memcpy(at_, literal, kSize);
    at_ += kSize;
    return *this;
  }

  TextOut& operator<<(std::string_view text) {
    if (text.empty()) return *this;  // its pointer may be null, which memcpy must not see
    ensure(text.size());
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }

  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) TextOut& operator<<(T number) {
    ensure(kMostDigits);
    at_ = std::to_chars(at_, end_, number).ptr;
    return *this;
  }

  /// Milliseconds with three decimals, as "12.345".
  TextOut& operator<<(std::chrono::nanoseconds time) {
    const auto microseconds = std::max<std::int64_t>(0, time.count()) / 1000;
    *this << microseconds / 1000;
    const auto rest = static_cast<unsigned>(microseconds % 1000);
    const std::array<char, 4> decimals{'.', digit(rest / 100), digit(rest / 10 % 10), digit(rest % 10)};
    return *this << std::string_view(decimals.data(), decimals.size());
  }

 private:
  static constexpr std::size_t kMostDigits = 20;

  TextOut(std::string& out, std::size_t used, std::size_t room) : out_(out), at_(nullptr), end_(nullptr) {
    make_room(used, room);
  }

  static constexpr char digit(unsigned value) { return static_cast<char>('0' + value); }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - out_.data()); }

  void ensure(std::size_t count) {
    if (static_cast<std::size_t>(end_ - at_) < count) make_room(size(), count + 256);
  }
  void make_room(std::size_t used, std::size_t room) {
    if (out_.size() < used + room) out_.resize(used + room);
    at_ = out_.data() + used;
    end_ = out_.data() + out_.size();
  }

  std::string& out_;
  char* at_;
  char* end_;
};

}  // namespace ragd::base
