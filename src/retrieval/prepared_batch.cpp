#include "retrieval/prepared_batch.hpp"

#include "retrieval/chunker.hpp"
#include "retrieval/metadata_values.hpp"

#include <functional>
#include <set>
#include <string>
#include <utility>

namespace ragd::retrieval {

Result<PreparedBatch> prepare(std::vector<Document> batch) {
  PreparedBatch prepared;
  std::set<std::string, std::less<>> ids;
  for (Document& document : batch) {
    if (!ids.insert(document.id).second)
      return fail(Errc::unprocessable, {}, "a document id occurs twice in the batch");
    Result<Metadata> metadata = parse_metadata(document.metadata_json);
    if (!metadata) return metadata.error();
    prepared.metadata.push_back(*std::move(metadata));
    std::vector<store::ChunkSpan> chunks = chunk_text(document.text);
    prepared.documents.push_back({std::move(document), std::move(chunks)});
  }
  return prepared;
}

}  // namespace ragd::retrieval
