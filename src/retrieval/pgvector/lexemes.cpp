#include "retrieval/pgvector/lexemes.hpp"

#include "base/analyzer.hpp"
#include "base/hash.hpp"
#include "retrieval/segment.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace ragd::retrieval::pgvector {

namespace {

/// PostgreSQL's limit is 2046.
constexpr std::size_t kMaxLexemeBytes = 512;
/// PostgreSQL keeps no more positions of one word.
constexpr std::size_t kMaxPositions = 255;

class Counter {
 public:
  void add(std::string_view text, std::uint32_t times) {
    base::TermScanner terms(text, base::TermUse::document);
    while (terms.next()) {
      counts_[lexeme_of(terms.stem())] += times;
      words_.length += times;
    }
  }

  /// Positions only serve to be counted, so each word has its own from 1 on.
  [[nodiscard]] ChunkWords take() && {
    for (const auto& [lexeme, count] : counts_) {
      words_.vector += quoted(lexeme);
      for (std::size_t i = 1; i <= std::min<std::size_t>(count, kMaxPositions); ++i) {
        words_.vector += (i == 1 ? ":" : ",") + std::to_string(i);
      }
      words_.vector += ' ';
    }
    return std::move(words_);
  }

 private:
  std::map<std::string, std::uint32_t> counts_;
  ChunkWords words_;
};

}  // namespace

std::string lexeme_of(std::string stem) {
  return stem.size() <= kMaxLexemeBytes ? std::move(stem) : "#" + base::sha256_hex(stem);
}

std::string quoted(std::string_view lexeme) {
  std::string out = "'";
  for (const char c : lexeme) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

ChunkWords words_of_chunk(std::string_view title, std::string_view heading, std::string_view text) {
  Counter counter;
  counter.add(title, kTitleWeight);
  counter.add(heading, 1);
  counter.add(text, 1);
  return std::move(counter).take();
}

std::vector<QueryWord> words_of_query(std::string_view text, bool drop_question_words) {
  const auto use = drop_question_words ? base::TermUse::query : base::TermUse::document;
  std::vector<QueryWord> words;
  std::unordered_map<std::string, std::size_t> places;  // a query holds thousands of words
  for (base::Term& term : base::analyze(text, use)) {
    const auto [known, is_new] = places.try_emplace(term.stem, words.size());
    if (is_new) {
      words.push_back({term.stem, lexeme_of(term.stem), 1});
    } else {
      words[known->second].times += 1;
    }
  }
  return words;
}

std::string any_of(const std::vector<QueryWord>& words) {
  std::string query;
  for (const QueryWord& word : words) {
    if (!query.empty()) query += " | ";
    query += quoted(word.lexeme);
  }
  return query;
}

}  // namespace ragd::retrieval::pgvector
