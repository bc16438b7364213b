#include "api/fields.hpp"

#include "base/ascii.hpp"
#include "base/unicode.hpp"

namespace ragd::api {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxConditions = 32;
constexpr std::size_t kMaxValues = 256;

Error wrong(std::string_view name, const std::string& expected) {
  return fail(Errc::unprocessable, {}, "'" + std::string(name) + "' must be " + expected);
}

/// The field's value unless it is absent or null.
std::optional<dom::element> present(const dom::object& object, std::string_view name) {
  dom::element value;
  if (object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::optional<MetadataValue> scalar(const dom::element& value) {
  switch (value.type()) {
    case dom::element_type::STRING:
      return std::string(value.get_string().value_unsafe());
    case dom::element_type::BOOL:
      return value.get_bool().value_unsafe();
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return value.get_double().value_unsafe();
    default:
      return std::nullopt;
  }
}

Result<Condition> range(std::string_view field, const dom::object& bounds) {
  Condition condition;
  condition.field = field;
  for (const auto bound : bounds) {
    auto value = scalar(bound.value);
    if (!value || std::holds_alternative<bool>(*value)) {
      return fail(Errc::unprocessable, {}, "filter bounds must be numbers or strings");
    }
    if (bound.key == "gte") {
      condition.gte = std::move(value);
    } else if (bound.key == "lte") {
      condition.lte = std::move(value);
    } else {
      return fail(Errc::unprocessable, {}, "a filter range knows only 'gte' and 'lte'");
    }
  }
  if (!condition.gte && !condition.lte) return fail(Errc::unprocessable, {}, "a filter range needs 'gte' or 'lte'");
  return condition;
}

Result<Condition> condition_of(std::string_view field, const dom::element& value) {
  if (value.is_object()) return range(field, dom::object(value));
  Condition condition;
  condition.field = field;
  if (value.is_array()) {
    for (const auto item : dom::array(value)) {
      auto one = scalar(item);
      if (!one || condition.any_of.size() == kMaxValues) {
        return fail(Errc::unprocessable, {}, "a filter's list holds at most 256 strings, numbers or booleans");
      }
      condition.any_of.push_back(std::move(*one));
    }
    if (condition.any_of.empty()) return fail(Errc::unprocessable, {}, "a filter's list must not be empty");
    return condition;
  }
  auto one = scalar(value);
  if (!one) return fail(Errc::unprocessable, {}, "a filter is a value, a list of values or {\"gte\", \"lte\"}");
  condition.any_of.push_back(std::move(*one));
  return condition;
}

}  // namespace

Result<void> check_json_content(const net::HttpRequest& request) {
  const auto encoding = request.header("Content-Encoding");
  if (encoding && !base::equal_ignoring_case(*encoding, "identity")) {
    return fail(Errc::unsupported_media_type, "content-encoding", "send the body without Content-Encoding");
  }
  const auto header = request.header("Content-Type");
  if (header && *header == "application/json") return {};  // as nearly all clients write it
  // A browser may send an untyped body across sites without asking first; a typed one it may not.
  if (!header) return fail(Errc::unsupported_media_type, "no content-type", "send the body as application/json");
  std::string type = base::to_lower(*header);
  std::string parameters;
  if (const auto semicolon = type.find(';'); semicolon != std::string::npos) {
    parameters = type.substr(semicolon + 1);
    type.resize(semicolon);
  }
  type = base::trim_blanks(type);
  const bool json = type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
  if (!json) return fail(Errc::unsupported_media_type, "content-type", "send the body as application/json");
  if (const auto charset = parameters.find("charset="); charset != std::string::npos) {
    std::string name = parameters.substr(charset + 8);
    std::erase(name, '"');
    if (!name.starts_with("utf-8") && !name.starts_with("utf8")) {
      return fail(Errc::unsupported_media_type, "charset", "send the body in UTF-8");
    }
  }
  return {};
}

Result<base::JsonDocument> parse_object(std::string_view body) {
  if (body.empty()) return fail(Errc::bad_request, "empty body", "the body is empty; a JSON object is expected");
  auto document = base::JsonDocument::parse(body);
  if (document && !document->root().is_object()) {
    return fail(Errc::unprocessable, "not an object", "the body must be a JSON object");
  }
  return document;
}

Result<std::optional<std::string_view>> string_field(const dom::object& object, std::string_view name,
                                                     std::size_t min_bytes, std::size_t max_bytes) {
  const auto value = present(object, name);
  if (!value) return std::optional<std::string_view>{};
  std::string_view text;
  if (value->get(text) != simdjson::SUCCESS || text.size() < min_bytes || text.size() > max_bytes) {
    return wrong(name, "a string of " + std::to_string(min_bytes) + " to " + std::to_string(max_bytes) + " bytes");
  }
  return std::optional<std::string_view>(text);
}

Result<std::optional<std::uint64_t>> integer_field(const dom::object& object, std::string_view name, std::uint64_t min,
                                                   std::uint64_t max) {
  const auto value = present(object, name);
  if (!value) return std::optional<std::uint64_t>{};
  std::uint64_t number = 0;
  if (value->get(number) != simdjson::SUCCESS || number < min || number > max) {
    return wrong(name, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return std::optional<std::uint64_t>(number);
}

Result<std::optional<bool>> bool_field(const dom::object& object, std::string_view name) {
  const auto value = present(object, name);
  if (!value) return std::optional<bool>{};
  bool flag = false;
  if (value->get(flag) != simdjson::SUCCESS) return wrong(name, "true or false");
  return std::optional<bool>(flag);
}

Result<Filter> filter_field(const dom::object& object, std::string_view name) {
  Filter filter;
  const auto value = present(object, name);
  if (!value) return filter;
  dom::object conditions;
  if (value->get(conditions) != simdjson::SUCCESS) return wrong(name, "an object");
  for (const auto field : conditions) {
    if (filter.size() == kMaxConditions) return wrong(name, "an object of at most 32 conditions");
    auto condition = condition_of(field.key, field.value);
    if (!condition) return condition.error();
    filter.push_back(std::move(*condition));
  }
  return filter;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = base::hex_value(text[i + 1]);
      const int low = base::hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (!base::is_valid_utf8(out)) return std::nullopt;
  return out;
}

Result<std::optional<std::string>> query_parameter(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals), true);
    if (!key || *key != name) continue;
    const std::string_view raw = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    auto value = percent_decode(raw, true);
    if (!value || found) {
      return fail(Errc::bad_request, "query parameter", "the parameter '" + std::string(name) + "' is not readable");
    }
    found = std::move(value);
  }
  return found;
}

}  // namespace ragd::api
