#include "retrieval/embedding_texts.hpp"

#include "base/hash.hpp"
#include "retrieval/embedding_queue.hpp"

namespace ragd::retrieval {

std::vector<std::string> texts_to_embed(const store::StoredDocument& stored) {
  std::vector<std::string> texts;
  texts.reserve(stored.chunks.size());
  for (const store::ChunkSpan& span : stored.chunks) {
    const std::string text = stored.document.text.substr(span.start, span.end - span.start);
    texts.push_back(text_to_embed(stored.document.title, span.heading, text));
  }
  return texts;
}

std::uint64_t vectors_tag(std::string_view embedder_tag) {
  return base::hash64(embedder_tag) >> 1U | 1U;
}

std::string stamp_of(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) {
    all += std::to_string(text.size()) + ":";
    all += text;
  }
  return std::to_string(base::hash64(all));
}

}  // namespace ragd::retrieval
