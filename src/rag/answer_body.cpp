#include "rag/answer_body.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ragd::rag {

namespace {

std::uint32_t position(const std::string& json) {
  return static_cast<std::uint32_t>(json.size());
}

}  // namespace

void write_passage(base::JsonWriter& json, const Passage& passage) {
  json.key("document_id").string(passage.document_id);
  json.key("chunk_id").string(passage.chunk_id);
  json.key("title").string(passage.title);
  json.key("source").string(passage.source);
  json.key("score").number(passage.score);
  json.key("text").string(passage.text);
  json.key("start").integer(passage.start);
  json.key("end").integer(passage.end);
}

Result<CachedAnswer> compose_answer(const Generated& generated, std::span<const Passage> passages,
                                    const Answerer& answerer) {
  CachedAnswer answer;
  answer.no_answer = generated.text.empty();
  base::JsonWriter json(answer.json);
  json.begin_object().key("answer");
  answer.answer_begin = position(answer.json);
  json.string(answer.no_answer ? kNoAnswerText : std::string_view(generated.text));
  answer.answer_end = position(answer.json);
  json.key("citations");
  answer.citations_begin = position(answer.json);
  json.begin_array();
  if (!answer.no_answer) {
    std::size_t id = 0;
    for (const std::size_t index : generated.cited) {
      if (index >= passages.size()) return fail(Errc::internal, "the answerer cites a passage it was not given");
      json.begin_object().key("id").integer(++id);
      write_passage(json, passages[index]);
      json.end_object();
      auto& documents = answer.documents;
      if (std::find(documents.begin(), documents.end(), passages[index].document_id) == documents.end()) {
        documents.push_back(passages[index].document_id);
      }
    }
  }
  json.end_array();
  answer.citations_end = position(answer.json);
  json.key("answer_source").string(answerer.source);
  json.key("degraded").boolean(answerer.degraded);
  json.key("model").string(answerer.model);
  json.key("usage").begin_object();
  json.key("prompt_tokens").integer(generated.usage.prompt_tokens);
  json.key("completion_tokens").integer(generated.usage.completion_tokens);
  json.end_object();
  return answer;
}

}  // namespace ragd::rag
