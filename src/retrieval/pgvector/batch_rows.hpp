// A batch of documents as the parameters of the statements that store it: cut, analysed, spelled as arrays.
//
// Pure, and heavy: run it on a pool. It refuses what PostgreSQL's text cannot hold (Errc::unprocessable).
#pragma once

#include <ragd/error.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace ragd::retrieval::pgvector {

/// Each a text form of an array.
struct DocumentRows {
  std::string ids;
  std::string titles;
  std::string sources;
  std::string metadata;
  std::string fields;
  std::string texts;
  std::string chunks;  ///< how many each is cut into
};

struct ChunkRows {
  std::string document_ids;
  std::string ordinals;
  std::string headings;
  std::string begins;
  std::string ends;
  std::string texts;
  std::string words;
  std::string lengths;
};

struct BatchRows {
  std::size_t size = 0;
  DocumentRows documents;
  ChunkRows chunks;
  std::map<std::string, std::size_t> chunk_counts;  ///< by document
};

[[nodiscard]] Result<BatchRows> rows_of(std::vector<Document> batch);

/// Whatever changes the rows of the same document.
[[nodiscard]] std::string rows_tag();

}  // namespace ragd::retrieval::pgvector
