// Segment::build: analyses the documents' words and counts them by chunk.
#include "base/analyzer.hpp"
#include "retrieval/metadata_values.hpp"
#include "retrieval/segment.hpp"
#include "retrieval/segment_draft.hpp"
#include "retrieval/term_lists.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace ragd::retrieval {

namespace {

std::uint16_t saturated(std::uint32_t count) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(count, std::numeric_limits<std::uint16_t>::max()));
}

/// Counts terms chunk by chunk.
class TermCounter {
 public:
  explicit TermCounter(TermLists& lists) : lists_(lists) {}

  [[nodiscard]] std::vector<TermNumber> terms_of(std::string_view text) {
    std::vector<TermNumber> numbers;
    base::TermScanner terms(text, base::TermUse::document);
    while (terms.next()) numbers.push_back(lists_.number_of(terms.stem()));
    return numbers;
  }

  void count(const std::vector<TermNumber>& terms, std::uint32_t weight) {
    counts_.resize(lists_.size(), 0);
    for (const TermNumber term : terms) {
      if (counts_[term] == 0) present_.push_back(term);
      counts_[term] += weight;
      length_ += weight;
    }
  }

  /// Ends the chunk; returns its length.
  std::uint16_t end_chunk(std::uint32_t chunk) {
    for (const TermNumber term : present_) {
      lists_.add(term, {chunk, saturated(counts_[term])});
      counts_[term] = 0;
    }
    present_.clear();
    static_assert(kMaxChunkLength == std::numeric_limits<std::uint16_t>::max());
    return saturated(std::exchange(length_, 0));
  }

 private:
  TermLists& lists_;
  std::vector<std::uint32_t> counts_;  ///< by term, of the open chunk
  std::vector<TermNumber> present_;    ///< terms of the open chunk
  std::uint32_t length_ = 0;
};

void count_document(const store::StoredDocument& stored, TermCounter& counter, std::vector<std::uint16_t>& lengths) {
  const std::vector<TermNumber> title = counter.terms_of(stored.document.title);
  const std::string_view text = stored.document.text;
  std::string_view heading;
  std::vector<TermNumber> heading_terms;
  for (const store::ChunkSpan& span : stored.chunks) {
    if (span.heading != heading) {
      heading = span.heading;
      heading_terms = counter.terms_of(heading);
    }
    counter.count(title, kTitleWeight);
    counter.count(heading_terms, 1);
    counter.count(counter.terms_of(text.substr(span.start, span.end - span.start)), 1);
    lengths.push_back(counter.end_chunk(static_cast<std::uint32_t>(lengths.size())));
  }
}

DictionaryWriter words_of(const std::vector<IndexedDocument>& documents, SegmentDraft& draft) {
  TermLists words;
  TermCounter counter(words);
  for (const IndexedDocument& indexed : documents) {
    draft.add_document(indexed.stored->document.id, indexed.stored->chunks.size());
    count_document(*indexed.stored, counter, draft.lengths);
  }
  DictionaryWriter writer(draft.lengths);
  words.write(writer);
  return writer;
}

DictionaryWriter values_of(const std::vector<IndexedDocument>& documents) {
  TermLists values;
  for (std::uint32_t position = 0; position < documents.size(); ++position) {
    for (const auto& [field, value] : documents[position].metadata) {
      values.add(values.number_of(metadata_term(field, value)), {position, 1});
    }
  }
  DictionaryWriter writer({});
  values.write(writer);
  return writer;
}

}  // namespace

SegmentPtr Segment::build(std::vector<IndexedDocument> documents, std::uint64_t tag) {
  std::sort(documents.begin(), documents.end(), [](const IndexedDocument& a, const IndexedDocument& b) {
    return a.stored->document.id < b.stored->document.id;
  });
  SegmentDraft draft;
  DictionaryWriter words = words_of(documents, draft);
  DictionaryWriter values = values_of(documents);
  for (const IndexedDocument& indexed : documents) {
    if (indexed.vectors != nullptr) {
      for (const Vector& vector : *indexed.vectors) draft.vectors.add(tag, vector.size(), vector);
    }
    draft.vectors.end_document();
  }
  return from_draft(draft, words, values, {});
}

}  // namespace ragd::retrieval
