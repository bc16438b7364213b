#include "app/settings_toml.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

namespace ragd::app {

namespace {

TomlPosition position_of(const toml::source_region& region) {
  return {static_cast<std::uint32_t>(region.begin.line), static_cast<std::uint32_t>(region.begin.column)};
}

std::string to_text(double value) {
  std::array<char, 32> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

/// The type and value of a node; an array of anything but strings is `other`.
void fill(TomlEntry& entry, const toml::node& node) {
  if (const auto* text = node.as_string()) {
    entry.type = TomlType::string;
    entry.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    entry.type = TomlType::integer;
    entry.value = std::to_string(integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    entry.type = TomlType::floating;
    entry.value = to_text(number->get());
  } else if (const auto* boolean = node.as_boolean()) {
    entry.type = TomlType::boolean;
    entry.value = boolean->get() ? "true" : "false";
  } else if (const auto* array = node.as_array(); array != nullptr && array->is_homogeneous<std::string>()) {
    entry.type = TomlType::list;
    std::vector<std::string> items;
    for (const auto& item : *array) items.push_back(item.as_string()->get());
    entry.value = std::move(items);
  } else if (array != nullptr && array->empty()) {
    entry.type = TomlType::list;
    entry.value = std::vector<std::string>{};
  } else if (node.is_table()) {
    entry.type = TomlType::table;
  }
}

/// TOML nests as deep as its parser allows (256), so recursion is bounded.
void flatten(const toml::table& table, const std::string& prefix, std::vector<TomlEntry>& entries) {
  for (const auto& [key, node] : table) {
    TomlEntry entry;
    entry.key = prefix + std::string(key.str());
    entry.key_at = position_of(key.source());
    entry.value_at = position_of(node.source());
    fill(entry, node);
    entries.push_back(entry);
    if (const auto* inner = node.as_table()) flatten(*inner, entry.key + ".", entries);
  }
}

}  // namespace

std::string_view describe(TomlType type) {
  switch (type) {
    case TomlType::string:
      return "a string";
    case TomlType::integer:
      return "a whole number";
    case TomlType::floating:
      return "a number";
    case TomlType::boolean:
      return "true or false";
    case TomlType::list:
      return "a list of strings";
    case TomlType::table:
      return "a section";
    case TomlType::other:
      break;
  }
  return "a value of this type";
}

std::string at(const std::string& name, TomlPosition position) {
  return name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

Result<std::vector<TomlEntry>> read_toml(std::string_view text, const std::string& name) {
  std::vector<TomlEntry> entries;
  try {
    flatten(toml::parse(text, name), "", entries);
  } catch (const toml::parse_error& error) {
    std::string line = at(name, position_of(error.source())) + ": " + std::string(error.description());
    std::replace(line.begin(), line.end(), '\n', ' ');
    return fail(Errc::unprocessable, std::move(line));
  }
  // The parser's tables are sorted by key; people read files from the top.
  std::stable_sort(entries.begin(), entries.end(), [](const TomlEntry& a, const TomlEntry& b) {
    return std::tie(a.key_at.line, a.key_at.column) < std::tie(b.key_at.line, b.key_at.column);
  });
  return entries;
}

}  // namespace ragd::app
