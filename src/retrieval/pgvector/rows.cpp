#include "retrieval/pgvector/rows.hpp"

#include <charconv>
#include <libpq-fe.h>
#include <stdexcept>
#include <system_error>

namespace ragd::retrieval::pgvector {

namespace {

template <class Number>
Number parsed(std::string_view text) {
  Number number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{}) throw std::logic_error("the database's answer is not a number");
  return number;
}

}  // namespace

void Rows::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

std::size_t Rows::size() const {
  return static_cast<std::size_t>(PQntuples(result_.get()));
}

std::string_view Rows::view(std::size_t row, std::size_t column) const {
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  return {PQgetvalue(result_.get(), r, c), static_cast<std::size_t>(PQgetlength(result_.get(), r, c))};
}

std::uint64_t Rows::integer(std::size_t row, std::size_t column) const {
  return parsed<std::uint64_t>(view(row, column));
}

double Rows::real(std::size_t row, std::size_t column) const {
  return parsed<double>(view(row, column));
}

}  // namespace ragd::retrieval::pgvector
