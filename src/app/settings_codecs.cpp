#include "app/settings_codecs.hpp"

#include "base/ascii.hpp"
#include "base/host_port.hpp"
#include "base/json.hpp"
#include "base/text_distance.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace ragd::app {

namespace {

/// Every kind but a list is given text: the TOML reader has checked the type.
const std::string& text_of(const RawValue& raw) {
  return std::get<std::string>(raw);
}

std::string quoted(std::string_view text) {
  return std::string("'").append(text).append("'");
}

Error refuse(std::string_view text, std::string_view why) {
  return fail(Errc::unprocessable, quoted(text).append(" ").append(why));
}

Error out_of_range(std::string_view text, const std::string& range) {
  return refuse(text, "is out of range (" + range + ")");
}

std::string join(const std::vector<std::string>& items) {
  std::string joined;
  for (const std::string& item : items) joined.append(joined.empty() ? "" : ", ").append(item);
  return joined;
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = base::trim(text.substr(0, comma));
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string out;
  base::append_json_string(out, text);  // TOML's basic strings know all of JSON's escapes
  return out;
}

Result<std::string> Text::parse(const RawValue& raw) const {
  if (required && text_of(raw).empty()) return fail(Errc::unprocessable, "must not be empty");
  return text_of(raw);
}

Result<std::string> Address::parse(const RawValue& raw) const {
  const auto address = base::parse_host_port(text_of(raw));
  if (!address) return refuse(text_of(raw), address.error().detail);
  return text_of(raw);
}

Result<std::vector<std::string>> List::parse(const RawValue& raw) const {
  const auto* array = std::get_if<std::vector<std::string>>(&raw);
  std::vector<std::string> items = array != nullptr ? *array : split_commas(text_of(raw));
  for (const std::string& item : items) {
    if (item.empty()) return fail(Errc::unprocessable, "has an empty item");
    if (allowed.empty() || std::find(allowed.begin(), allowed.end(), item) != allowed.end()) continue;
    return refuse(item, "is not one of " + join(allowed) + base::did_you_mean(item, allowed, "'"));
  }
  return items;
}

std::string List::print(const std::vector<std::string>& value) const {
  std::vector<std::string> items;
  items.reserve(value.size());
  for (const std::string& item : value) items.push_back(toml_string(item));
  return "[" + join(items) + "]";
}

std::string List::accepts() const {
  return allowed.empty() ? "list" : "list of " + join(allowed);
}

Result<bool> Boolean::parse(const RawValue& raw) const {
  const std::string text = base::to_lower(text_of(raw));
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  return refuse(text_of(raw), "is neither true nor false");
}

Result<std::uint64_t> Integer::parse(const RawValue& raw) const {
  const std::string& text = text_of(raw);
  const auto value = parse_whole<std::uint64_t>(text);
  if (value && *value >= min && *value <= max) return *value;
  const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  if (!digits.empty() && std::all_of(digits.begin(), digits.end(), base::is_digit))
    return out_of_range(text, accepts());
  return refuse(text, "is not a whole number");
}

std::string Integer::accepts() const {
  return std::to_string(min) + " to " + std::to_string(max);
}

Result<double> Number::parse(const RawValue& raw) const {
  const std::string& text = text_of(raw);
  const auto value = parse_whole<double>(text);
  if (!value || !std::isfinite(*value)) return refuse(text, "is not a number");
  if (*value < min || *value > max) return out_of_range(text, accepts());
  return *value;
}

std::string Number::print(double value) const {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  // TOML tells a float from an integer by its point.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string Number::accepts() const {
  return print(min) + " to " + print(max);
}

Result<std::chrono::milliseconds> Duration::parse(const RawValue& raw) const {
  const auto value = base::parse_duration(text_of(raw));
  if (!value) return refuse(text_of(raw), value.error().detail);
  if (*value < min || *value > max) return out_of_range(text_of(raw), accepts());
  return *value;
}

std::string Duration::print(std::chrono::milliseconds value) const {
  return toml_string(base::format_duration(value));
}

std::string Duration::accepts() const {
  return base::format_duration(min) + " to " + base::format_duration(max);
}

Result<std::uint64_t> Size::parse(const RawValue& raw) const {
  const auto value = base::parse_size(text_of(raw));
  if (!value) return refuse(text_of(raw), value.error().detail);
  if (*value < min || *value > max) return out_of_range(text_of(raw), accepts());
  return *value;
}

std::string Size::print(std::uint64_t value) const {
  return toml_string(base::format_size(value));
}

std::string Size::accepts() const {
  return base::format_size(min) + " to " + base::format_size(max);
}

Result<std::size_t> Names::parse(const RawValue& raw) const {
  const std::string text = base::to_lower(text_of(raw));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return i;
  }
  for (const auto& [synonym, index] : synonyms) {
    if (synonym == text) return index;
  }
  return refuse(text_of(raw), "is not one of " + join(names) + base::did_you_mean(text, names, "'"));
}

std::string Names::accepts() const {
  return join(names);
}

}  // namespace ragd::app
