// A statement of SQL with its parameters, and the text forms of arrays and vectors as PostgreSQL reads them.
//
// Plain values. Whatever comes from outside is a parameter, never part of the SQL; parameters travel as text.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::retrieval::pgvector {

using Value = std::optional<std::string>;  ///< nothing: NULL

class Statement {
 public:
  Statement() = default;
  explicit Statement(std::string sql, std::vector<Value> values = {})
      : sql_(std::move(sql)), values_(std::move(values)) {}

  /// Appends SQL of our own.
  Statement& operator<<(std::string_view sql) {
    sql_ += sql;
    return *this;
  }
  /// Appends a parameter: "$1".
  Statement& bind(std::string value) {
    values_.emplace_back(std::move(value));
    sql_ += "$" + std::to_string(values_.size());
    return *this;
  }

  [[nodiscard]] const std::string& sql() const { return sql_; }
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }

 private:
  std::string sql_;
  std::vector<Value> values_;
};

/// '{"a","b"}', element by element.
class ArrayText {
 public:
  void add(std::string_view text);
  template <std::integral T>
  void add(T number) {
    separate();
    text_ += std::to_string(number);
  }

  [[nodiscard]] std::string str() const& { return text_ + "}"; }
  [[nodiscard]] std::string str() && {
    text_ += '}';
    return std::move(text_);
  }

 private:
  void separate() {
    if (text_.size() > 1) text_ += ',';
  }

  std::string text_ = "{";
};

template <class Items>
[[nodiscard]] std::string array_of(const Items& items) {
  ArrayText array;
  for (const auto& item : items) array.add(item);
  return std::move(array).str();
}

/// Shortest text that reads back the same.
[[nodiscard]] std::string number_text(double number);

/// pgvector's "[1,2.5]".
[[nodiscard]] std::string vector_text(const std::vector<float>& vector);

/// PostgreSQL's text type holds every character but this one.
[[nodiscard]] inline bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

}  // namespace ragd::retrieval::pgvector
