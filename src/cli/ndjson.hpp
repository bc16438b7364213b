// Documents one a line, as `ragd export` writes them and `ragd import` reads them:
//
//     {"id":"...","title":"...","source":"...","metadata":{...},"text":"..."}
//
// For one thread. A line is bounded, whatever the file holds.
#pragma once

#include "base/json.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <istream>
#include <string>
#include <string_view>

namespace ragd::cli {

class LineReader {
 public:
  static constexpr std::size_t kMaxLineBytes = 256UL << 20U;

  explicit LineReader(std::istream& in, std::size_t max_line_bytes = kMaxLineBytes)
      : in_(in), max_line_bytes_(max_line_bytes) {}

  /// Moves to the next line that is not blank; false at the end, and when it cannot be read on.
  bool next();

  [[nodiscard]] std::size_t number() const { return number_; }  ///< counted from 1, blank lines too
  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] bool too_long() const { return too_long_; }  ///< the line is not all of it
  [[nodiscard]] bool broken() const { return in_.bad(); }

 private:
  bool read_line();
  bool fill();

  std::istream& in_;
  const std::size_t max_line_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::string line_;
  std::size_t number_ = 0;
  bool too_long_ = false;
};

/// Is it a document? The error's detail reads on after its place: "is not valid JSON". What the fields may hold is for
/// the server to say.
[[nodiscard]] Result<void> check_document_line(std::string_view line);

/// A document of the server's, with the line end; nothing when it is none.
[[nodiscard]] std::string document_line(const simdjson::dom::element& document);

}  // namespace ragd::cli
