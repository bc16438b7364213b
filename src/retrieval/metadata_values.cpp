#include "retrieval/metadata_values.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

namespace ragd::retrieval {

namespace {

std::optional<MetadataValue> value_of(const simdjson::dom::element& element) {
  if (element.is_string()) return MetadataValue(std::string(std::string_view(element)));
  if (element.is_number()) return MetadataValue(double(element));
  if (element.is_bool()) return MetadataValue(bool(element));
  return std::nullopt;
}

void append_values(std::string_view field, const simdjson::dom::element& element, Metadata& metadata) {
  if (element.is_array()) {
    for (const auto item : simdjson::dom::array(element)) {
      if (auto value = value_of(item)) metadata.emplace_back(field, *std::move(value));
    }
  } else if (auto value = value_of(element)) {
    metadata.emplace_back(field, *std::move(value));
  }
}

/// No field is the beginning of another with its NUL: those within are written otherwise.
std::string field_prefix(std::string_view field) {
  std::string prefix;
  for (const char c : field) {
    if (c == '\0') {
      prefix += "\1\1";
    } else if (c == '\1') {
      prefix += "\1\2";
    } else {
      prefix += c;
    }
  }
  prefix += '\0';
  return prefix;
}

/// A byte for the type; the next one is no type's.
constexpr std::string_view kTypes = "snb";  // by index of MetadataValue

std::string bytes_of(const std::string& text) {
  return text;
}

/// Eight bytes that sort as numbers do: negative ones are turned around, and lie before the others.
std::string bytes_of(double number) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
  auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);  // -0 is 0
  bits = (bits & kSign) != 0 ? ~bits : bits | kSign;
  std::string bytes;
  for (unsigned shift = 64; shift > 0;) bytes += static_cast<char>(bits >> (shift -= 8) & 0xFFU);
  return bytes;
}

std::string bytes_of(bool truth) {
  return std::string(1, truth ? '\1' : '\0');
}

std::string type_prefix(std::string_view field, const MetadataValue& value) {
  return field_prefix(field) + kTypes[value.index()];
}

/// Neighbouring terms of a dictionary.
struct Run {
  std::size_t first = 0;
  std::size_t last = 0;
};

Run run_of(const Dictionary& values, const Condition& condition) {
  const auto& [field, any_of, gte, lte] = condition;
  if (!gte && !lte) return {};
  if (gte && lte && gte->index() != lte->index()) return {};
  const std::string prefix = type_prefix(field, gte ? *gte : *lte);
  std::string end = prefix;
  ++end.back();
  if (lte) end = metadata_term(field, *lte) + '\0';  // nothing lies between the two
  return {values.lower_bound(gte ? metadata_term(field, *gte) : prefix), values.lower_bound(end)};
}

/// Adds documents term by term.
class Collector {
 public:
  explicit Collector(const Segment& segment) : values_(segment.values()), documents_(segment.documents()) {}

  void add(std::size_t position) {
    const Postings postings = values_.postings(position);
    for (std::size_t block = 0; block < postings.block_count(); ++block) {
      postings.decode(block, decoded_);
      for (std::size_t i = 0; i < decoded_.size; ++i) documents_.set(decoded_.holders[i]);
    }
  }
  [[nodiscard]] const Bitmap& documents() const { return documents_; }

 private:
  const Dictionary& values_;
  Bitmap documents_;
  DecodedBlock decoded_;
};

Bitmap documents_matching(const Segment& segment, const Condition& condition) {
  const Dictionary& values = segment.values();
  Collector collector(segment);
  if (condition.any_of.empty()) {
    const Run run = run_of(values, condition);
    for (std::size_t position = run.first; position < run.last; ++position) collector.add(position);
  }
  for (const MetadataValue& value : condition.any_of) {
    if (const auto position = values.find(metadata_term(condition.field, value))) collector.add(*position);
  }
  return collector.documents();
}

}  // namespace

Result<Metadata> parse_metadata(std::string_view json) {
  Metadata metadata;
  if (json == "{}") return metadata;
  const Result<base::JsonDocument> parsed = base::JsonDocument::parse(json);
  if (!parsed) return parsed.error();
  if (!parsed->root().is_object()) return fail(Errc::unprocessable, "metadata is not a JSON object");
  for (const auto field : simdjson::dom::object(parsed->root())) append_values(field.key, field.value, metadata);
  std::stable_sort(metadata.begin(), metadata.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return metadata;
}

std::string metadata_term(std::string_view field, const MetadataValue& value) {
  return type_prefix(field, value) + std::visit([](const auto& v) { return bytes_of(v); }, value);
}

Bitmap chunks_matching(const Segment& segment, const Filter& filter) {
  Bitmap documents(segment.documents(), true);
  for (const Condition& condition : filter) documents &= documents_matching(segment, condition);
  Bitmap chunks(segment.chunks());
  for (std::size_t at = documents.next(0); at < documents.size(); at = documents.next(at + 1)) {
    chunks.set(segment.first_chunk(at), segment.first_chunk(at + 1));
  }
  return chunks;
}

}  // namespace ragd::retrieval
