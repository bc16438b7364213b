#include "rag/fingerprint.hpp"

#include "base/hash.hpp"
#include "rag/fields.hpp"

#include <string>

namespace ragd::rag {

Fingerprint fingerprint_of(std::span<const Passage> passages) {
  std::string bytes;
  append_number(bytes, passages.size());
  for (const Passage& passage : passages) {
    append_field(bytes, passage.document_id);
    append_field(bytes, passage.chunk_id);
    for (const std::uint64_t half : base::hash128(passage.text)) append_number(bytes, half);
    append_field(bytes, passage.title);
    append_field(bytes, passage.source);
    append_field(bytes, passage.heading);
    append_field(bytes, passage.metadata_json);
    append_number(bytes, passage.start);
    append_number(bytes, passage.end);
  }
  return base::hash128(bytes);
}

}  // namespace ragd::rag
