#include "base/analyzer.hpp"

#include "base/stop_words.hpp"
#include "base/unicode.hpp"

#include <libstemmer.h>

#include <algorithm>
#include <array>
#include <cstdint>
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

bool is_stop_word(std::string_view word) {
  static const WordSet words(kStopWords);
  return words.contains(word);
}

bool is_question_word(std::string_view word) {
  static const WordSet words(kQuestionWords);
  return words.contains(word);
}

/// Snowball's stemmer and a memory of what it said: texts repeat a few thousand words, and looking one up takes a
/// twentieth of the time.
class Stemmer {
 public:
  Stemmer() : stemmer_(sb_stemmer_new("english", "UTF_8")), known_(kKnown) {
    if (!stemmer_) throw std::bad_alloc();
  }

  /// Empty for a stop word. Valid until the next call.
  std::string_view stem(std::string_view word) {
    if (word.empty() || word.size() > kShort) return compute(word);
    Known& known = known_[slot(word)];
    if (!known.word.holds(word)) {
      const std::string_view computed = compute(word);
      if (computed.size() > kShort) return computed;
      known.word.set(word);
      known.stem.set(computed);
    }
    return known.stem.view();
  }

 private:
  static constexpr std::size_t kKnown = 4096;
  static constexpr std::size_t kShort = 15;

  /// At most kShort bytes.
  class Short {
   public:
    void set(std::string_view text) {
      size_ = static_cast<unsigned char>(text.size());
      std::copy(text.begin(), text.end(), bytes_.begin());
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }
    [[nodiscard]] bool holds(std::string_view text) const { return view() == text; }

   private:
    std::array<char, kShort> bytes_{};
    unsigned char size_ = 0;
  };
  struct Known {
    Short word;  ///< empty: nothing is known here
    Short stem;
  };

  static std::size_t slot(std::string_view word) {
    std::uint64_t hash = word.size();
    for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x9E3779B97F4A7C15U;
    return static_cast<std::size_t>(hash >> 52U);
  }

  std::string_view compute(std::string_view word) {
    if (is_stop_word(word)) return {};
    const auto* stemmed =
        sb_stemmer_stem(stemmer_.get(), reinterpret_cast<const sb_symbol*>(word.data()), static_cast<int>(word.size()));
    if (stemmed == nullptr) throw std::bad_alloc();
    return {reinterpret_cast<const char*>(stemmed), static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
  }

  struct Delete {
    void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
  };
  std::unique_ptr<sb_stemmer, Delete> stemmer_;
  std::vector<Known> known_;  ///< by slot; a new word takes the place of the one there
};

std::string_view without_possessive(std::string_view word) {
  if (word.ends_with("'s")) word.remove_suffix(2);
  return word;
}

}  // namespace

bool TermScanner::next() {
  if (next_bigram_ < run_end_) {
    take_bigram();
    return true;
  }
  thread_local Stemmer stemmer;
  while (words_.next()) {
    begin_ = words_.begin();
    end_ = words_.end();
    if (words_.is_cjk_run()) {
      next_bigram_ = begin_;
      run_end_ = end_;
      take_bigram();
      return true;
    }
    const std::string_view word = without_possessive(words_.folded());
    if (word.empty() || (use_ == TermUse::query && is_question_word(word))) continue;
    const std::string_view stem = stemmer.stem(word);
    if (stem.empty()) continue;
    stem_ = stem;
    return true;
  }
  return false;
}

/// Overlapping pairs of characters, each with its marks; a lone character stands for itself.
void TermScanner::take_bigram() {
  begin_ = next_bigram_;
  const std::size_t second = character_end(begin_);
  end_ = second < run_end_ ? character_end(second) : run_end_;
  stem_ = nfkc_casefold(text_.substr(begin_, end_ - begin_));
  next_bigram_ = end_ < run_end_ ? second : run_end_;
}

std::size_t TermScanner::character_end(std::size_t at) const {
  at += code_point_at(text_, at).length;
  while (at < run_end_ && is_mark(code_point_at(text_, at).value)) at += code_point_at(text_, at).length;
  return at;
}

std::vector<Term> analyze(std::string_view text, TermUse use) {
  std::vector<Term> terms;
  TermScanner scanner(text, use);
  while (scanner.next()) terms.push_back({scanner.stem(), scanner.begin(), scanner.end()});
  return terms;
}

}  // namespace ragd::base
