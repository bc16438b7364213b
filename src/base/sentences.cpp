#include "base/sentences.hpp"

#include "base/abbreviations.hpp"
#include "base/lines.hpp"
#include "base/unicode.hpp"
#include "base/words.hpp"

#include <algorithm>
#include <array>

namespace ragd::base {

namespace {

template <class List>
bool is_in(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// The quick answer for most bytes of a text: neither an ASCII terminator nor part of anything beyond ASCII.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0; c < 0x80; ++c) plain[c] = c != '.' && c != '!' && c != '?';
  return plain;
}();

bool is_wide_terminator(char32_t c) {
  return c == U'。' || c == U'！' || c == U'？' || c == U'｡';
}

bool is_terminator(char32_t c) {
  return c == U'.' || c == U'!' || c == U'?' || c == U'…' || c == U'‽' || c == U'؟' || c == U'।' ||
         is_wide_terminator(c);
}

bool is_closer(char32_t c) {
  if (c == U'"' || c == U'\'' || c == U'*' || c == U'_') return true;
  const auto category = category_of(c);
  return category == UTF8PROC_CATEGORY_PE || category == UTF8PROC_CATEGORY_PF;
}

bool is_opener(char32_t c) {
  if (c == U'"' || c == U'\'' || c == U'*' || c == U'_') return true;
  const auto category = category_of(c);
  return category == UTF8PROC_CATEGORY_PS || category == UTF8PROC_CATEGORY_PI;
}

/// The word with inner points that ends just before `end`: "U.S" of "the U.S."
std::string_view word_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0) {
    const CodePoint c = code_point_before(text, begin);
    if (c.value != U'.' && !is_letter(c.value) && !is_ascii_digit(c.value)) break;
    begin -= c.length;
  }
  return text.substr(begin, end - begin);
}

std::string_view word_after(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  while (end < text.size()) {
    const CodePoint c = code_point_at(text, end);
    if (!is_letter(c.value)) break;
    end += c.length;
  }
  return text.substr(begin, end - begin);
}

bool is_initial(std::string_view word) {
  const CodePoint first = code_point_at(word, 0);
  return first.length == word.size() && is_upper(first.value);
}

/// Letters with points between them: "U.S", "Ph.D".
bool is_dotted(std::string_view word) {
  return word.find('.') != std::string_view::npos && !word.ends_with('.') && is_letter(code_point_at(word, 0).value);
}

/// "3" of "3. Item" at the beginning of a line.
bool is_list_number(std::string_view text, std::string_view word) {
  if (word.size() > 3 || !std::all_of(word.begin(), word.end(), is_ascii_digit)) return false;
  auto at = static_cast<std::size_t>(word.data() - text.data());
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  return at == 0 || text[at - 1] == '\n';
}

/// Whether one full stop after `text[0, stop)` closes its sentence when the next one would begin at `next`.
bool closes_sentence(std::string_view text, std::size_t stop, std::size_t next) {
  const std::string_view word = word_before(text, stop);
  if (word.empty()) return true;
  if (is_list_number(text, word)) return false;
  const std::string folded = nfkc_casefold(word);
  if (is_in(kOpenAbbreviations, folded)) return false;
  const bool number_follows = is_ascii_digit(code_point_at(text, next).value);
  if (is_in(kNumberedAbbreviations, folded)) return !number_follows;
  if (is_initial(word) || is_dotted(word) || is_in(kClosableAbbreviations, folded)) {
    return !number_follows && is_in(kSentenceStarters, nfkc_casefold(word_after(text, next)));
  }
  return true;
}

/// Past quotes, brackets and reference marks that belong to the sentence just closed.
std::size_t skip_closers(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const CodePoint c = code_point_at(text, at);
    const std::size_t length = is_closer(c.value) ? c.length : reference_mark_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

/// The end of the sentence whose terminator stands at `at`, or 0 when none ends there. Always moves `at` on.
std::size_t sentence_end(std::string_view text, std::size_t& at) {
  const std::size_t stop = at;
  CodePoint c = code_point_at(text, at);
  bool wide = false;
  std::size_t marks = 0;
  const bool full_stop = c.value == U'.';
  for (; at < text.size() && is_terminator(c.value); c = code_point_at(text, at)) {
    wide = is_wide_terminator(c.value);
    at += c.length;
    ++marks;
  }
  const std::size_t end = skip_closers(text, at);
  if (wide || end >= text.size()) return at = end;
  if (!is_white_space(code_point_at(text, end).value)) return 0;

  std::size_t next = end;
  while (next < text.size()) {
    const CodePoint ahead = code_point_at(text, next);
    if (!is_white_space(ahead.value) && !is_opener(ahead.value)) break;
    next += ahead.length;
  }
  if (is_lower(code_point_at(text, next).value)) return 0;
  if (full_stop && marks == 1 && !closes_sentence(text, stop, next)) return 0;
  return at = end;
}

/// Appends `text[begin, end)` without the white space around it, if anything is left.
void append_trimmed(std::string_view text, std::size_t begin, std::size_t end, std::vector<Span>& spans) {
  while (begin < end) {
    const CodePoint c = code_point_at(text, begin);
    if (!is_white_space(c.value)) break;
    begin += c.length;
  }
  while (end > begin) {
    const CodePoint c = code_point_before(text, end);
    if (!is_white_space(c.value)) break;
    end -= c.length;
  }
  if (begin < end) spans.push_back({begin, end});
}

/// Sentences of one block, in which line ends are only white space.
void split_block(std::string_view text, std::size_t begin, std::size_t end, std::vector<Span>& spans) {
  const std::string_view block = text.substr(0, end);
  std::size_t sentence = begin;
  for (std::size_t at = begin; at < end;) {
    if (kPlain[static_cast<unsigned char>(block[at])]) {
      ++at;
      continue;
    }
    const CodePoint c = code_point_at(block, at);
    if (!is_terminator(c.value)) {
      at += c.length;
      continue;
    }
    const std::size_t closed = sentence_end(block, at);
    if (closed == 0) continue;
    append_trimmed(block, sentence, closed, spans);
    sentence = closed;
  }
  append_trimmed(block, sentence, end, spans);
}

}  // namespace

std::size_t reference_mark_length(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const std::size_t end = text.find_first_not_of("0123456789,;-– ", 1);
  if (end == std::string_view::npos || text[end] != ']') return 0;
  return text.substr(1, end - 1).find_first_of("0123456789") == std::string_view::npos ? 0 : end + 1;
}

std::vector<Span> split_sentences(std::string_view text) {
  std::vector<Span> spans;
  LineScanner lines(text);
  std::size_t block = 0;
  Line previous;
  while (lines.next()) {
    const Line& line = lines.line();
    if (breaks_between(previous, line)) {
      split_block(text, block, line.begin, spans);
      block = line.begin;
    }
    previous = line;
  }
  split_block(text, block, text.size(), spans);
  return spans;
}

std::vector<Span> split_paragraphs(std::string_view text) {
  std::vector<Span> spans;
  LineScanner lines(text);
  std::size_t block = 0;
  while (lines.next()) {
    const Line& line = lines.line();
    if (!line.content.empty()) continue;
    append_trimmed(text, block, line.begin, spans);
    block = line.begin;
  }
  append_trimmed(text, block, text.size(), spans);
  return spans;
}

}  // namespace ragd::base
