#include "rag/cache_key.hpp"

#include "base/hash.hpp"
#include "base/unicode.hpp"
#include "rag/fields.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace ragd::rag {

namespace {

/// Changes whenever the bytes below mean something else.
constexpr std::string_view kKeyFormat = "q1";

std::string bytes_of(const MetadataValue& value) {
  std::string out;
  if (const auto* text = std::get_if<std::string>(&value)) {
    out += 's';
    out += *text;
  } else if (const auto* number = std::get_if<double>(&value)) {
    out += 'n';
    const double without_negative_zero = *number + 0.0;
    append_number(out, std::bit_cast<std::uint64_t>(without_negative_zero));
  } else {
    out += std::get<bool>(value) ? 't' : 'f';
  }
  return out;
}

std::string bytes_of(const std::optional<MetadataValue>& bound) {
  return bound ? bytes_of(*bound) : std::string();
}

/// Sorted and without repetitions, as a set is.
std::string set_of(std::vector<std::string> members) {
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  std::string out;
  append_number(out, members.size());
  for (const std::string& member : members) append_field(out, member);
  return out;
}

std::string bytes_of(const Condition& condition) {
  std::vector<std::string> alternatives;
  alternatives.reserve(condition.any_of.size());
  for (const MetadataValue& value : condition.any_of) alternatives.push_back(bytes_of(value));
  std::string out;
  append_field(out, condition.field);
  append_field(out, set_of(std::move(alternatives)));
  append_field(out, bytes_of(condition.gte));
  append_field(out, bytes_of(condition.lte));
  return out;
}

std::string bytes_of(const Filter& filter) {
  std::vector<std::string> conditions;
  conditions.reserve(filter.size());
  for (const Condition& condition : filter) conditions.push_back(bytes_of(condition));
  return set_of(std::move(conditions));
}

}  // namespace

std::string normalise(std::string_view text) {
  return base::collapse_whitespace(base::nfc(text));
}

CacheKey make_cache_key(const KeyParts& parts) {
  constexpr std::uint64_t kAccessGroups = 0;  // how many names follow: callers belong to none yet
  CacheKey key;
  append_field(key.bytes, parts.tenant);
  append_number(key.bytes, kAccessGroups);
  append_field(key.bytes, kKeyFormat);
  append_field(key.bytes, parts.fold_case ? base::nfkc_casefold(parts.question) : std::string(parts.question));
  append_number(key.bytes, parts.fold_case ? 1 : 0);
  append_number(key.bytes, parts.top_k);
  append_field(key.bytes, bytes_of(parts.filter));
  append_field(key.bytes, parts.retrieval_settings);
  append_field(key.bytes, parts.llm_settings);
  append_field(key.bytes, parts.model);
  key.hash = base::hash64(key.bytes);
  return key;
}

}  // namespace ragd::rag
