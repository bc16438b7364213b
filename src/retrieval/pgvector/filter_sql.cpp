#include "retrieval/pgvector/filter_sql.hpp"

#include "base/json.hpp"

#include <string_view>
#include <variant>

namespace ragd::retrieval::pgvector {

namespace {

/// jsonb holds every character but NUL: NUL and \1 are written as two, in an order that keeps theirs.
std::string without_nul(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\0') {
      out += "\1\1";
    } else if (c == '\1') {
      out += "\1\2";
    } else {
      out += c;
    }
  }
  return out;
}

void write_value(base::JsonWriter& json, const MetadataValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    json.string(without_nul(*text));
  } else if (const auto* number = std::get_if<double>(&value)) {
    json.number(*number == 0 ? 0.0 : *number);  // -0 is 0
  } else {
    json.boolean(std::get<bool>(value));
  }
}

std::string one_value(const std::string& field, const MetadataValue& value) {
  return fields_json({{field, value}});
}

/// A bound as a parameter, of the type that values are compared as.
void append_bound(Statement& statement, const char* comparison, const MetadataValue& bound) {
  if (const auto* number = std::get_if<double>(&bound)) {
    statement << "(CASE jsonb_typeof(v) WHEN 'number' THEN (v #>> '{}')::float8 END) " << comparison << " ";
    statement.bind(number_text(*number)) << "::float8";
  } else if (const auto* text = std::get_if<std::string>(&bound)) {
    statement << "(CASE jsonb_typeof(v) WHEN 'string' THEN v #>> '{}' END) COLLATE \"C\" " << comparison << " ";
    statement.bind(without_nul(*text)) << "::text";
  } else {
    statement << "(CASE jsonb_typeof(v) WHEN 'boolean' THEN v::boolean END) " << comparison << " ";
    statement.bind(std::get<bool>(bound) ? "true" : "false") << "::boolean";
  }
}

void append_condition(Statement& statement, const Condition& condition) {
  const char* separator = "";
  for (const MetadataValue& value : condition.any_of) {
    statement << separator << "d.fields @> ";
    statement.bind(one_value(condition.field, value)) << "::jsonb";
    separator = " OR ";
  }
  if (condition.gte || condition.lte) {
    statement << separator << "EXISTS (SELECT FROM jsonb_array_elements(d.fields -> ";
    statement.bind(without_nul(condition.field)) << "::text) AS v WHERE ";
    if (condition.gte) append_bound(statement, ">=", *condition.gte);
    if (condition.gte && condition.lte) statement << " AND ";
    if (condition.lte) append_bound(statement, "<=", *condition.lte);
    statement << ")";
    separator = " OR ";
  }
  if (*separator == '\0') statement << "false";
}

}  // namespace

std::string fields_json(const Metadata& metadata) {
  std::string out = "{";
  for (std::size_t i = 0; i < metadata.size();) {
    const std::string& field = metadata[i].first;
    if (i > 0) out += ',';
    base::append_json_string(out, without_nul(field));
    out += ':';
    base::JsonWriter json(out);
    json.begin_array();
    for (; i < metadata.size() && metadata[i].first == field; ++i) write_value(json, metadata[i].second);
    json.end_array();
  }
  return out + "}";
}

void append_filter(Statement& statement, const Filter& filter, const std::string& alias) {
  if (filter.empty()) return;
  statement << " AND EXISTS (SELECT FROM ragd.documents d WHERE d.tenant = " << alias << ".tenant AND d.id = " << alias
            << ".document_id";
  for (const Condition& condition : filter) {
    statement << " AND (";
    append_condition(statement, condition);
    statement << ")";
  }
  statement << ")";
}

}  // namespace ragd::retrieval::pgvector
