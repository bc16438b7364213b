#include "retrieval/pgvector/batch_rows.hpp"

#include "base/analyzer.hpp"
#include "retrieval/chunker.hpp"
#include "retrieval/pgvector/filter_sql.hpp"
#include "retrieval/pgvector/lexemes.hpp"
#include "retrieval/pgvector/statement.hpp"
#include "retrieval/prepared_batch.hpp"

#include <utility>

namespace ragd::retrieval::pgvector {

namespace {

struct DocumentArrays {
  ArrayText ids, titles, sources, metadata, fields, texts, chunks;

  void add(const store::StoredDocument& stored, const Metadata& its_metadata) {
    const Document& document = stored.document;
    ids.add(document.id);
    titles.add(document.title);
    sources.add(document.source);
    metadata.add(document.metadata_json);
    fields.add(fields_json(its_metadata));
    texts.add(document.text);
    chunks.add(stored.chunks.size());
  }

  [[nodiscard]] DocumentRows take() && {
    return {std::move(ids).str(),    std::move(titles).str(), std::move(sources).str(), std::move(metadata).str(),
            std::move(fields).str(), std::move(texts).str(),  std::move(chunks).str()};
  }
};

struct ChunkArrays {
  ArrayText document_ids, ordinals, headings, begins, ends, texts, words, lengths;

  void add(const store::StoredDocument& stored) {
    const Document& document = stored.document;
    for (std::size_t ordinal = 0; ordinal < stored.chunks.size(); ++ordinal) {
      const store::ChunkSpan& span = stored.chunks[ordinal];
      const std::string_view text = std::string_view(document.text).substr(span.start, span.end - span.start);
      const ChunkWords its_words = words_of_chunk(document.title, span.heading, text);
      document_ids.add(document.id);
      ordinals.add(ordinal);
      headings.add(span.heading);
      begins.add(span.start);
      ends.add(span.end);
      texts.add(text);
      words.add(its_words.vector);
      lengths.add(its_words.length);
    }
  }

  [[nodiscard]] ChunkRows take() && {
    return {std::move(document_ids).str(), std::move(ordinals).str(), std::move(headings).str(),
            std::move(begins).str(),       std::move(ends).str(),     std::move(texts).str(),
            std::move(words).str(),        std::move(lengths).str()};
  }
};

Result<void> check(const Document& document) {
  for (const std::string* part :
       {&document.id, &document.title, &document.source, &document.metadata_json, &document.text}) {
    if (!has_nul(*part)) continue;
    return fail(Errc::unprocessable, "a NUL character in a document",
                "a document holds a NUL character, which this server's database cannot store");
  }
  return {};
}

}  // namespace

Result<BatchRows> rows_of(std::vector<Document> batch) {
  for (const Document& document : batch) {
    if (auto storable = check(document); !storable) return storable.error();
  }
  const Result<PreparedBatch> prepared = prepare(std::move(batch));
  if (!prepared) return prepared.error();
  BatchRows rows;
  DocumentArrays documents;
  ChunkArrays chunks;
  for (std::size_t i = 0; i < prepared->documents.size(); ++i) {
    const store::StoredDocument& stored = prepared->documents[i];
    documents.add(stored, prepared->metadata[i]);
    chunks.add(stored);
    rows.chunk_counts[stored.document.id] = stored.chunks.size();
  }
  rows.size = prepared->documents.size();
  rows.documents = std::move(documents).take();
  rows.chunks = std::move(chunks).take();
  return rows;
}

std::string rows_tag() {
  return std::string(base::kAnalyzerTag) + ";" + std::string(kChunkerTag);
}

}  // namespace ragd::retrieval::pgvector
