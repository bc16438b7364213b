// JSON both ways: a writer that appends to one string, and a strict reader over simdjson's DOM.
//
// The reader refuses what two parsers could read differently: duplicate keys, trailing bytes, lone surrogates,
// invalid UTF-8, nesting deeper than 64. Readers and the views they give live on the caller's stack. A thread keeps the
// memory of the last small document it read, so that reading requests allocates nothing once it has read one.
#pragma once

#include "base/text_out.hpp"

#include <ragd/error.hpp>

#include <simdjson.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ragd::base {

/// Appends `text` as a JSON string with its quotes; `text` must be valid UTF-8.
void append_json_string(std::string& out, std::string_view text);
void write_json_string(TextOut& out, std::string_view text);

/// Writes one JSON value after another into a string, with the commas. Misuse is a bug, not checked.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// A name that needs no escapes: ours always are such.
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonWriter& integer(T value) {
    separate();
    TextOut(out_, kMostDigits) << value;
    return *this;
  }
  /// Shortest form that reads back the same; not finite becomes null.
  JsonWriter& number(double value);
  /// The same to the nearest thousandth: milliseconds, for people.
  JsonWriter& thousandths(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// A value that already is JSON.
  JsonWriter& raw(std::string_view json);

 private:
  static constexpr std::size_t kMostDigits = 20;

  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();
  std::string& out_;
};

/// One parsed document. Elements point into it: keep it alive while they are used.
class JsonDocument {
 public:
  /// Errc::bad_request with a hint that names the fault.
  [[nodiscard]] static Result<JsonDocument> parse(std::string_view text);
  [[nodiscard]] simdjson::dom::element root() const { return root_; }

 private:
  struct Memory;
  struct GiveBack {
    void operator()(Memory* memory) const;
  };
  JsonDocument();
  /// This thread's, for its next document.
  [[nodiscard]] static std::unique_ptr<Memory>& spare();

  // On the heap: elements point at the parser's tape, which must not move with this object.
  std::unique_ptr<Memory, GiveBack> memory_;
  simdjson::dom::element root_;
};

/// The compact text of an element.
[[nodiscard]] std::string to_json(const simdjson::dom::element& element);

}  // namespace ragd::base
