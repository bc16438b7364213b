#include "rag/cache_key.hpp"

#include "base/ascii.hpp"
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
constexpr std::string_view kKeyFormat = "q2";

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
void append_set(std::string& out, std::vector<std::string> members) {
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  append_number(out, members.size());
  for (const std::string& member : members) append_field(out, member);
}

std::string bytes_of(const Condition& condition) {
  std::vector<std::string> alternatives;
  alternatives.reserve(condition.any_of.size());
  for (const MetadataValue& value : condition.any_of) alternatives.push_back(bytes_of(value));
  std::string out;
  append_field(out, condition.field);
  append_set(out, std::move(alternatives));
  append_field(out, bytes_of(condition.gte));
  append_field(out, bytes_of(condition.lte));
  return out;
}

void append_filter(std::string& out, const Filter& filter) {
  std::vector<std::string> conditions;
  conditions.reserve(filter.size());
  for (const Condition& condition : filter) conditions.push_back(bytes_of(condition));
  append_set(out, std::move(conditions));
}

void append_question(std::string& out, const KeyParts& parts) {
  if (!parts.fold_case || base::is_ascii(parts.question)) {
    append_field(out, parts.question);
    if (!parts.fold_case) return;
    const auto begin = out.end() - static_cast<std::ptrdiff_t>(parts.question.size());
    std::transform(begin, out.end(), begin, [](char c) { return base::to_lower(c); });
  } else {
    append_field(out, base::nfkc_casefold(parts.question));
  }
}

}  // namespace

void normalise(std::string_view text, std::string& normal) {
  if (base::is_ascii(text)) {
    base::collapse_whitespace(text, normal);
  } else {
    base::collapse_whitespace(base::nfc(text), normal);
  }
}

std::string key_of_answerers(std::string_view retrieval_settings, std::string_view llm_settings,
                             std::string_view model) {
  std::string settings;
  append_field(settings, retrieval_settings);
  append_field(settings, llm_settings);
  std::string bytes;
  for (const std::uint64_t half : base::hash128(settings)) append_number(bytes, half);
  append_field(bytes, model);
  return bytes;
}

void make_cache_key(const KeyParts& parts, CacheKey& key) {
  constexpr std::uint64_t kAccessGroups = 0;  // how many names follow: callers belong to none yet
  key.bytes.clear();
  append_field(key.bytes, parts.tenant);
  append_number(key.bytes, kAccessGroups);
  append_field(key.bytes, kKeyFormat);
  append_question(key.bytes, parts);
  append_number(key.bytes, parts.fold_case ? 1 : 0);
  append_number(key.bytes, parts.top_k);
  append_filter(key.bytes, parts.filter);
  key.bytes += parts.answerers;
  key.hash = base::hash64(key.bytes);
}

}  // namespace ragd::rag
