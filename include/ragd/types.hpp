// The domain's nouns: documents, passages, questions, answers. Plain values; offsets are bytes into a document's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ragd {

/// A metadata value: a JSON string, number or boolean. A JSON array becomes several values of one field.
using MetadataValue = std::variant<std::string, double, bool>;

/// Field/value pairs, sorted by field; a field may repeat.
using Metadata = std::vector<std::pair<std::string, MetadataValue>>;

struct Document {
  std::string id;    ///< 1..256 bytes of printable UTF-8, unique within its tenant
  std::string text;  ///< UTF-8, not empty
  std::string title;
  std::string source;                ///< where it came from: a path or a URL, as the client gave it
  std::string metadata_json = "{}";  ///< a JSON object, compact
};

/// A piece of a document as the index holds it.
struct Passage {
  std::string document_id;
  std::string chunk_id;  ///< "<document id>#<ordinal>"
  std::string title;
  std::string source;
  std::string heading;  ///< the headings above it, outermost first, joined by " > "; empty without any
  std::string text;     ///< exactly document.text[start, end)
  std::string metadata_json = "{}";
  double score = 0;  ///< 0..1: the part of the query's attainable maximum
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};

/// One condition on metadata; all conditions of a Filter must hold.
struct Condition {
  std::string field;
  std::vector<MetadataValue> any_of;  ///< equality with one of these; empty where a range is meant
  std::optional<MetadataValue> gte;   ///< inclusive bounds, numbers or strings
  std::optional<MetadataValue> lte;
};
using Filter = std::vector<Condition>;

enum class CacheMode : std::uint8_t { use, refresh, bypass };

struct Question {
  std::string text;                       ///< 1..8192 bytes of UTF-8
  std::optional<std::string> session_id;  ///< echoed
  std::size_t top_k = 0;                  ///< 1..50; 0: the configured number
  Filter filter;
  CacheMode cache = CacheMode::use;
};

/// Tokens as a model's server counted them; the extractive answerer uses none.
struct Usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
};

}  // namespace ragd
