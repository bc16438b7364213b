#include "base/analyzer.hpp"

#include "base/stop_words.hpp"
#include "base/unicode.hpp"
#include "base/words.hpp"

#include <libstemmer.h>

#include <algorithm>
#include <memory>
#include <new>
#include <unordered_set>

namespace ragd::base {

namespace {

/// Words of one list, with the longest word's length as a cheap first test.
class WordSet {
 public:
  template <class List>
  explicit WordSet(const List& list) : words_(list.begin(), list.end()) {
    for (const std::string_view word : list) longest_ = std::max(longest_, word.size());
  }
  [[nodiscard]] bool contains(std::string_view word) const {
    return word.size() <= longest_ && words_.find(word) != words_.end();
  }

 private:
  std::unordered_set<std::string_view> words_;
  std::size_t longest_ = 0;
};

bool is_dropped(std::string_view word, TermUse use) {
  static const WordSet stop_words(kStopWords);
  static const WordSet question_words(kQuestionWords);
  return stop_words.contains(word) || (use == TermUse::query && question_words.contains(word));
}

class Stemmer {
 public:
  Stemmer() : stemmer_(sb_stemmer_new("english", "UTF_8")) {
    if (!stemmer_) throw std::bad_alloc();
  }
  std::string stem(std::string_view word) {
    const auto* stemmed =
        sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
    if (stemmed == nullptr) throw std::bad_alloc();
    return {reinterpret_cast<const char*>(stemmed), static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
  }

 private:
  struct Delete {
    void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
  };
  std::unique_ptr<sb_stemmer, Delete> stemmer_;
};

std::string_view without_possessive(std::string_view word) {
  if (word.ends_with("'s")) word.remove_suffix(2);
  return word;
}

/// Overlapping pairs of characters, each with its marks; a lone character stands for itself.
void append_bigrams(std::string_view text, std::size_t begin, std::size_t end, std::vector<Term>& terms) {
  const auto character_end = [&](std::size_t at) {
    at += code_point_at(text, at).length;
    while (at < end && is_mark(code_point_at(text, at).value)) at += code_point_at(text, at).length;
    return at;
  };
  std::size_t first = begin;
  std::size_t second = character_end(first);
  do {
    const std::size_t last = second < end ? character_end(second) : end;
    terms.push_back({nfkc_casefold(text.substr(first, last - first)), first, last});
    first = second;
    second = last;
  } while (second < end);
}

}  // namespace

std::vector<Term> analyze(std::string_view text, TermUse use) {
  thread_local Stemmer stemmer;
  std::vector<Term> terms;
  WordScanner words(text);
  while (words.next()) {
    if (words.is_cjk_run()) {
      append_bigrams(text, words.begin(), words.end(), terms);
      continue;
    }
    const std::string_view word = without_possessive(words.folded());
    if (word.empty() || is_dropped(word, use)) continue;
    terms.push_back({stemmer.stem(word), words.begin(), words.end()});
  }
  return terms;
}

}  // namespace ragd::base
