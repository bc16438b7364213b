// How one setting's value is read from text and written back as a TOML literal: one small class per type of value.
//
// Values, thread-safe. parse never throws; its Error's detail reads on after the key: "'5x' is not a duration (...)".
// Printing and parsing again gives the same value.
#pragma once

#include <ragd/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ragd::app {

/// A value before it is understood: text (from a variable, a flag or a TOML scalar), or the items of a TOML array.
using RawValue = std::variant<std::string, std::vector<std::string>>;

enum class SettingKind : std::uint8_t { text, list, boolean, integer, number, duration, size, choice };

/// A quoted TOML string.
[[nodiscard]] std::string toml_string(std::string_view text);

/// Any text; `required` refuses the empty one.
struct Text {
  static constexpr SettingKind kKind = SettingKind::text;
  bool required = false;
  [[nodiscard]] Result<std::string> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(const std::string& value) const { return toml_string(value); }
  [[nodiscard]] std::string accepts() const { return "text"; }
};

/// host:port.
struct Address {
  static constexpr SettingKind kKind = SettingKind::text;
  [[nodiscard]] Result<std::string> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(const std::string& value) const { return toml_string(value); }
  [[nodiscard]] std::string accepts() const { return "host:port"; }
};

/// A TOML array of strings, or one string with commas. With `allowed`, nothing else may be in it.
struct List {
  static constexpr SettingKind kKind = SettingKind::list;
  std::vector<std::string> allowed;
  [[nodiscard]] Result<std::vector<std::string>> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(const std::vector<std::string>& value) const;
  [[nodiscard]] std::string accepts() const;
};

/// true, yes, on, 1 and their opposites, in any case.
struct Boolean {
  static constexpr SettingKind kKind = SettingKind::boolean;
  [[nodiscard]] Result<bool> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(bool value) const { return value ? "true" : "false"; }
  [[nodiscard]] std::string accepts() const { return "true, false"; }
};

/// A whole number from `min` to `max`.
struct Integer {
  static constexpr SettingKind kKind = SettingKind::integer;
  std::uint64_t min;
  std::uint64_t max;
  [[nodiscard]] Result<std::uint64_t> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(std::uint64_t value) const { return std::to_string(value); }
  [[nodiscard]] std::string accepts() const;
};

struct Number {
  static constexpr SettingKind kKind = SettingKind::number;
  double min;
  double max;
  [[nodiscard]] Result<double> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(double value) const;
  [[nodiscard]] std::string accepts() const;
};

struct Duration {
  static constexpr SettingKind kKind = SettingKind::duration;
  std::chrono::milliseconds min;
  std::chrono::milliseconds max;
  [[nodiscard]] Result<std::chrono::milliseconds> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(std::chrono::milliseconds value) const;
  [[nodiscard]] std::string accepts() const;
};

struct Size {
  static constexpr SettingKind kKind = SettingKind::size;
  std::uint64_t min;
  std::uint64_t max;
  [[nodiscard]] Result<std::uint64_t> parse(const RawValue& raw) const;
  [[nodiscard]] std::string print(std::uint64_t value) const;
  [[nodiscard]] std::string accepts() const;
};

/// The index of one name out of a closed set, in any case. Synonyms are read, never written.
struct Names {
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::size_t>> synonyms;
  [[nodiscard]] Result<std::size_t> parse(const RawValue& raw) const;
  [[nodiscard]] std::string accepts() const;
};

/// An enum whose enumerators count from 0 in the order of their names.
template <class E>
struct Choice {
  static constexpr SettingKind kKind = SettingKind::choice;
  Names names;
  [[nodiscard]] Result<E> parse(const RawValue& raw) const {
    const auto index = names.parse(raw);
    if (!index) return index.error();
    return static_cast<E>(*index);
  }
  [[nodiscard]] std::string print(E value) const { return toml_string(names.names[static_cast<std::size_t>(value)]); }
  [[nodiscard]] std::string accepts() const { return names.accepts(); }
};

}  // namespace ragd::app
