#include "retrieval/metadata_filter.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <optional>
#include <string>
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

bool at_least(const MetadataValue& value, const MetadataValue& bound) {
  return value.index() == bound.index() && value >= bound;
}

bool holds(const Condition& condition, const MetadataValue& value) {
  if (!condition.any_of.empty()) {
    return std::find(condition.any_of.begin(), condition.any_of.end(), value) != condition.any_of.end();
  }
  if (!condition.gte && !condition.lte) return false;
  return (!condition.gte || at_least(value, *condition.gte)) && (!condition.lte || at_least(*condition.lte, value));
}

struct ByField {
  bool operator()(const Metadata::value_type& a, std::string_view b) const { return a.first < b; }
  bool operator()(std::string_view a, const Metadata::value_type& b) const { return a < b.first; }
};

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

bool matches(const Filter& filter, const Metadata& metadata) {
  return std::all_of(filter.begin(), filter.end(), [&metadata](const Condition& condition) {
    const auto [first, last] =
        std::equal_range(metadata.begin(), metadata.end(), std::string_view(condition.field), ByField());
    return std::any_of(first, last, [&condition](const auto& field) { return holds(condition, field.second); });
  });
}

}  // namespace ragd::retrieval
