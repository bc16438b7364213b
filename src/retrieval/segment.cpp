#include "retrieval/segment.hpp"

#include "retrieval/bm25.hpp"
#include "retrieval/segment_writer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace ragd::retrieval {

namespace {

template <class T>
std::size_t heap_bytes(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

std::size_t heap_bytes(const IndexedDocument& indexed) {
  const Document& document = indexed.document;
  std::size_t bytes = sizeof indexed + document.id.capacity() + document.text.capacity() + document.title.capacity() +
                      document.source.capacity() + document.metadata_json.capacity() + heap_bytes(indexed.chunks) +
                      heap_bytes(indexed.metadata);
  for (const store::ChunkSpan& chunk : indexed.chunks) bytes += chunk.heading.capacity();
  return bytes;
}

}  // namespace

std::string_view Segment::term(std::size_t position) const {
  const std::size_t begin = position == 0 ? 0 : term_ends_[position - 1];
  return std::string_view(term_bytes_).substr(begin, term_ends_[position] - begin);
}

Postings Segment::postings_at(std::size_t position) const {
  const std::size_t begin = position == 0 ? 0 : posting_ends_[position - 1];
  const std::size_t count = posting_ends_[position] - begin;
  return {std::span(posting_chunks_).subspan(begin, count), std::span(posting_frequencies_).subspan(begin, count),
          term_bounds_[position]};
}

Postings Segment::postings(std::string_view wanted) const {
  std::size_t first = 0;
  std::size_t last = terms();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    const int order = term(middle).compare(wanted);
    if (order == 0) return postings_at(middle);
    if (order < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return {};
}

std::size_t Segment::find(std::string_view id) const {
  const auto at =
      std::lower_bound(documents_.begin(), documents_.end(), id,
                       [](const DocumentPtr& d, std::string_view wanted) { return d->document.id < wanted; });
  if (at == documents_.end() || (*at)->document.id != id) return kNotHere;
  return static_cast<std::size_t>(at - documents_.begin());
}

SegmentWriter::SegmentWriter(std::vector<DocumentPtr> documents) : segment_(new Segment) {
  Segment& segment = *segment_;
  segment.documents_ = std::move(documents);
  segment.first_chunks_.reserve(segment.documents_.size() + 1);
  segment.first_chunks_.push_back(0);
  for (std::uint32_t position = 0; position < segment.documents_.size(); ++position) {
    const std::size_t chunks = segment.documents_[position]->chunks.size();
    segment.chunk_documents_.insert(segment.chunk_documents_.end(), chunks, position);
    segment.first_chunks_.push_back(static_cast<std::uint32_t>(segment.chunk_documents_.size()));
  }
  segment.chunk_lengths_.resize(segment.chunk_documents_.size());
}

void SegmentWriter::add_posting(std::uint32_t chunk, std::uint16_t frequency) {
  segment_->posting_chunks_.push_back(chunk);
  segment_->posting_frequencies_.push_back(frequency);
}

void SegmentWriter::end_term(std::string_view term) {
  segment_->term_bytes_ += term;
  segment_->term_ends_.push_back(segment_->term_bytes_.size());
  segment_->posting_ends_.push_back(segment_->posting_chunks_.size());
}

/// Bounds are taken once for all queries, at the segment's own average length: TopChunks allows for another one.
void SegmentWriter::bound_terms() {
  Segment& segment = *segment_;
  const auto& lengths = segment.chunk_lengths_;
  const auto total = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0}));
  segment.average_length_ = lengths.empty() ? 0 : total / static_cast<double>(lengths.size());
  segment.term_bounds_.reserve(segment.terms());
  std::size_t at = 0;
  for (const std::size_t end : segment.posting_ends_) {
    double bound = 0;
    for (; at < end; ++at) {
      const double length = lengths[segment.posting_chunks_[at]] / segment.average_length_;
      bound = std::max(bound, term_score(1 / (kK1 + 1), segment.posting_frequencies_[at], length));
    }
    segment.term_bounds_.push_back(std::nextafter(static_cast<float>(bound), 2.0F));
  }
}

SegmentPtr SegmentWriter::finish() {
  bound_terms();
  Segment& segment = *segment_;
  segment.term_bytes_.shrink_to_fit();
  segment.term_ends_.shrink_to_fit();
  segment.posting_ends_.shrink_to_fit();
  segment.posting_chunks_.shrink_to_fit();
  segment.posting_frequencies_.shrink_to_fit();
  segment.bytes_ = sizeof segment + heap_bytes(segment.documents_) + heap_bytes(segment.first_chunks_) +
                   heap_bytes(segment.chunk_documents_) + heap_bytes(segment.chunk_lengths_) +
                   segment.term_bytes_.capacity() + heap_bytes(segment.term_ends_) + heap_bytes(segment.posting_ends_) +
                   heap_bytes(segment.posting_chunks_) + heap_bytes(segment.posting_frequencies_) +
                   heap_bytes(segment.term_bounds_);
  for (const DocumentPtr& document : segment.documents_) segment.bytes_ += heap_bytes(*document);
  return std::move(segment_);
}

}  // namespace ragd::retrieval
