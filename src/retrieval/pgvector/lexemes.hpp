// The words of chunks and questions as PostgreSQL's text search holds them, out of ragd's own analyser.
//
// The analyser, not PostgreSQL's "english" configuration: the stems are those of the other backends and of the
// extractive answerer, a corpus that moves between backends is found the same, and nothing changes with the server's
// dictionaries. Stateless, thread-safe.
#pragma once

#include <ragd/types.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::retrieval::pgvector {

/// A stem as it is stored: PostgreSQL refuses very long ones, which become a hash of theirs.
[[nodiscard]] std::string lexeme_of(std::string stem);

/// One word as text of tsvector and tsquery: 'it''s'.
[[nodiscard]] std::string quoted(std::string_view lexeme);

struct ChunkWords {
  std::string vector;        ///< a tsvector: each occurrence has a position, so that they can be counted
  std::uint32_t length = 0;  ///< occurrences, as BM25 counts a chunk's length
};

/// A word of the title counts twice, one of the heading once, as in the embedded index.
[[nodiscard]] ChunkWords words_of_chunk(std::string_view title, std::string_view heading, std::string_view text);

struct QueryWord {
  std::string stem;
  std::string lexeme;
  double times = 0;
};

/// Distinct, in order of first appearance.
[[nodiscard]] std::vector<QueryWord> words_of_query(std::string_view text, bool drop_question_words);

/// Chunks with any of the words.
[[nodiscard]] std::string any_of(const std::vector<QueryWord>& words);

}  // namespace ragd::retrieval::pgvector
