// The rows one statement gave, over libpq's memory of them.
//
// Immutable, movable. Columns are read by position, as the statement lists them; what does not parse as what it is
// asked for is a bug in the statement and throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct pg_result;

namespace ragd::retrieval::pgvector {

class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::string_view view(std::size_t row, std::size_t column) const;  ///< NULL is empty
  [[nodiscard]] std::string text(std::size_t row, std::size_t column) const { return std::string(view(row, column)); }
  [[nodiscard]] std::uint64_t integer(std::size_t row, std::size_t column) const;
  [[nodiscard]] double real(std::size_t row, std::size_t column) const;
  [[nodiscard]] bool truth(std::size_t row, std::size_t column) const { return view(row, column) == "t"; }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace ragd::retrieval::pgvector
