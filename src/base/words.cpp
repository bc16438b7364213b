#include "base/words.hpp"

#include "base/unicode.hpp"

#include <algorithm>
#include <array>

namespace ragd::base {

namespace {

/// Longer runs (encoded blobs) are cut: no word of a language is as long, and an index stores each distinct one.
constexpr std::size_t kMaxWordBytes = 128;

constexpr auto kAsciiWord = [] {
  std::array<bool, 256> word{};
  for (std::size_t c = 0; c < 0x80; ++c) word[c] = is_ascii_letter(char32_t(c)) || is_ascii_digit(char32_t(c));
  return word;
}();

constexpr bool is_ascii_word(unsigned char c) {
  return kAsciiWord[c];
}

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_apostrophe(char32_t c) {
  return c == U'\'' || c == U'\u2019' || c == U'\uFF07';
}

bool starts_word(char32_t c) {
  if (c < 0x80) return is_ascii_word(static_cast<unsigned char>(c));
  const auto category = category_of(c);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) || category == UTF8PROC_CATEGORY_ND ||
         category == UTF8PROC_CATEGORY_NL;
}

/// Invisible formatting inside a word (soft hyphen, joiners); the zero width space separates words.
bool is_format(char32_t c) {
  return c != U'\u200B' && category_of(c) == UTF8PROC_CATEGORY_CF;
}

}  // namespace

bool WordScanner::next() {
  while (end_ < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[end_]);
    if (byte < 0x80 && !is_ascii_word(byte)) {
      ++end_;
      continue;
    }
    const CodePoint c = code_point_at(text_, end_);
    if (starts_word(c.value)) {
      begin_ = end_;
      cjk_ = is_cjk(c.value);
      word_.clear();
      if (cjk_) {
        scan_cjk();
      } else {
        scan_word();
      }
      return true;
    }
    end_ += c.length;
  }
  return false;
}

void WordScanner::scan_cjk() {
  while (end_ < text_.size()) {
    const CodePoint c = code_point_at(text_, end_);
    if (!is_cjk(c.value) && !is_mark(c.value)) return;
    end_ += c.length;
  }
}

void WordScanner::scan_word() {
  ascii_ = true;
  segment_ = 0;
  do {
    take_ascii();
  } while (end_ < text_.size() && end_ - begin_ < kMaxWordBytes && extend());
  if (!ascii_) word_ = nfkc_casefold(word_);
  // The last point of "U.S." belongs to the acronym, not to the sentence's structure around it.
  if (segment_ > 0 && end_ < text_.size() && text_[end_] == '.') ++end_;
}

/// The letters and digits at end_, together: what most words are made of.
void WordScanner::take_ascii() {
  const std::size_t from = end_;
  const std::size_t limit = std::min(text_.size(), begin_ + kMaxWordBytes);
  while (end_ < limit && is_ascii_word(static_cast<unsigned char>(text_[end_]))) ++end_;
  const std::size_t kept = word_.size();
  word_.append(text_, from, end_ - from);
  std::transform(word_.begin() + static_cast<std::ptrdiff_t>(kept), word_.end(),
                 word_.begin() + static_cast<std::ptrdiff_t>(kept), to_lower);
}

bool WordScanner::extend() {
  const auto byte = static_cast<unsigned char>(text_[end_]);
  if (byte < 0x80) return extend_over_connector(byte, 1);
  const CodePoint c = code_point_at(text_, end_);
  if (is_apostrophe(c.value)) return extend_over_connector(c.value, c.length);
  return extend_over_code_point(c);
}

bool WordScanner::extend_over_code_point(CodePoint c) {
  if (is_cjk(c.value)) return false;
  if (!starts_word(c.value) && !is_mark(c.value)) {
    if (!is_format(c.value)) return false;
    end_ += c.length;
    return true;
  }
  ascii_ = false;
  word_.append(text_, end_, c.length);
  end_ += c.length;
  return true;
}

bool WordScanner::follows_single_letter() const {
  return word_.size() == segment_ + 1 && is_ascii_letter(static_cast<unsigned char>(word_.back()));
}

bool WordScanner::extend_over_connector(char32_t connector, std::size_t length) {
  const CodePoint before = code_point_before(text_, end_);
  const std::size_t at = end_ + length;
  const CodePoint after = code_point_at(text_, at);
  if (after.length == 0) return false;

  if (is_apostrophe(connector)) {
    if (is_cjk(after.value) || !is_letter(after.value) || !(is_letter(before.value) || is_mark(before.value))) {
      return false;
    }
    word_ += '\'';
    end_ = at;
    return true;
  }
  if (connector == U'.') {
    if (is_ascii_digit(before.value) && is_ascii_digit(after.value)) {
      word_ += '.';
      end_ = at;
      return true;
    }
    const char32_t beyond = code_point_at(text_, at + after.length).value;
    if (!is_ascii_letter(after.value) || !follows_single_letter() || starts_word(beyond) || is_mark(beyond)) {
      return false;
    }
    end_ = at;
    segment_ = word_.size();
    return true;
  }
  if (connector == U',' && is_ascii_digit(before.value)) {
    const std::string_view digits = text_.substr(at, 4);
    const auto count = std::find_if_not(digits.begin(), digits.end(), is_ascii_digit) - digits.begin();
    if (count != 3) return false;
    end_ = at;
    return true;
  }
  return false;
}

}  // namespace ragd::base
