// Vectors to search: random, in clusters, some of them many times over. And what a search should find, the slow way.
#pragma once

#include "retrieval/bitmap.hpp"
#include "retrieval/nearest_chunks.hpp"
#include "retrieval/segment.hpp"
#include "retrieval/vectors.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ragd::retrieval {

class VectorSource {
 public:
  /// `spread`: how far from the middle of its cluster a vector lies, the middles lying one apart.
  VectorSource(unsigned seed, std::size_t dimension, std::size_t clusters = 1, float spread = 1)
      : random_(seed), dimension_(dimension), spread_(spread) {
    for (std::size_t i = 0; i < clusters; ++i) middles_.push_back(random_numbers());
  }

  std::vector<float> next() { return next(number(middles_.size())); }
  std::vector<float> next(std::size_t cluster) {
    std::vector<float> vector = random_numbers();
    double squares = 0;
    for (std::size_t i = 0; i < dimension_; ++i) {
      vector[i] = middles_[cluster][i] + spread_ * vector[i];
      squares += double{vector[i]} * vector[i];
    }
    for (float& value : vector) value /= static_cast<float>(std::sqrt(squares));
    return vector;
  }
  /// So many, one after another.
  std::vector<float> several(std::size_t count) {
    std::vector<float> vectors;
    for (; count > 0; --count) append(vectors, next());
    return vectors;
  }
  static void append(std::vector<float>& to, const std::vector<float>& vector) {
    to.insert(to.end(), vector.begin(), vector.end());
  }

  std::size_t number(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }
  /// Each is a member with this chance.
  Bitmap some(std::size_t size, double chance) {
    Bitmap members(size);
    for (std::size_t i = 0; i < size; ++i) {
      if (std::bernoulli_distribution(chance)(random_)) members.set(i);
    }
    return members;
  }
  std::mt19937& random() { return random_; }

 private:
  std::vector<float> random_numbers() {
    std::vector<float> numbers(dimension_);
    for (float& value : numbers) value = std::normal_distribution<float>()(random_);
    return numbers;
  }

  std::mt19937 random_;
  std::size_t dimension_;
  float spread_;
  std::vector<std::vector<float>> middles_;
};

struct EmbeddedDocument {
  std::string id;
  std::size_t chunks = 0;
  std::vector<Vector> vectors;  ///< one a chunk, or none
};

/// Documents "d0", "d1", ... of up to three chunks each, some of none, a share of them without vectors.
inline std::vector<EmbeddedDocument> some_documents(VectorSource& source, std::size_t count, double without = 0) {
  std::vector<EmbeddedDocument> documents;
  for (std::size_t i = 0; i < count; ++i) {
    EmbeddedDocument document{"d" + std::to_string(i), source.number(4), {}};
    const bool waits = std::bernoulli_distribution(without)(source.random());
    for (std::size_t chunk = 0; chunk < document.chunks && !waits; ++chunk) document.vectors.push_back(source.next());
    documents.push_back(std::move(document));
  }
  return documents;
}

inline EmbeddedDocument one_document(VectorSource& source, std::size_t chunks, const std::string& id = "a") {
  EmbeddedDocument document{id, chunks, {}};
  for (; chunks > 0; --chunks) document.vectors.push_back(source.next());
  return document;
}

inline constexpr std::uint64_t kVectorsTag = 7;

/// A segment of these documents, whose texts say nothing; with a graph from `graph_rows` vectors on.
inline SegmentPtr segment_of_vectors(const std::vector<EmbeddedDocument>& documents,
                                     std::size_t graph_rows = kGraphRows, std::uint64_t tag = kVectorsTag) {
  std::vector<store::StoredDocument> stored(documents.size());
  std::vector<IndexedDocument> indexed;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    stored[i].document.id = documents[i].id;
    stored[i].document.text.assign(documents[i].chunks, '.');
    for (std::size_t chunk = 0; chunk < documents[i].chunks; ++chunk)
      stored[i].chunks.push_back({chunk, chunk + 1, ""});
    indexed.push_back({&stored[i], {}, documents[i].vectors.empty() ? nullptr : &documents[i].vectors});
  }
  const SegmentPtr plain = Segment::build(std::move(indexed), tag);
  const Segment::Source source{plain, nullptr};
  return Segment::merge({&source, 1}, {graph_rows, {}});
}

/// Every allowed chunk compared, then sorted.
inline std::vector<NearChunk> nearest_by_sorting(const Vectors& vectors, const std::vector<float>& query,
                                                 std::size_t count, const Bitmap* allowed) {
  std::vector<NearChunk> all;
  for (std::size_t chunk = 0; chunk < vectors.size(); ++chunk) {
    if (allowed != nullptr && !allowed->test(chunk)) continue;
    all.push_back({vectors.similarity(chunk, query.data()), static_cast<std::uint32_t>(chunk)});
  }
  std::sort(all.begin(), all.end(), [](const NearChunk& a, const NearChunk& b) {
    return std::pair(-a.similarity, a.chunk) < std::pair(-b.similarity, b.chunk);
  });
  all.resize(std::min(count, all.size()));
  return all;
}

inline std::vector<std::uint32_t> chunks_of(std::span<const NearChunk> found) {
  std::vector<std::uint32_t> chunks;
  for (const NearChunk& near : found) chunks.push_back(near.chunk);
  return chunks;
}

/// How many of the chunks that should be found were.
inline double recall(std::span<const NearChunk> found, std::span<const NearChunk> expected) {
  std::vector<std::uint32_t> chunks = chunks_of(found);
  std::sort(chunks.begin(), chunks.end());
  const auto hits = std::count_if(expected.begin(), expected.end(), [&chunks](const NearChunk& near) {
    return std::binary_search(chunks.begin(), chunks.end(), near.chunk);
  });
  return static_cast<double>(hits) / static_cast<double>(expected.size());
}

}  // namespace ragd::retrieval
