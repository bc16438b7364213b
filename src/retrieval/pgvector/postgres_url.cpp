#include "retrieval/pgvector/postgres_url.hpp"

#include <libpq-fe.h>
#include <memory>

namespace ragd::retrieval::pgvector {

namespace {

struct Free {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

}  // namespace

Result<PostgresUrl> PostgresUrl::parse(std::string_view url) {
  const std::string text(url);
  const bool is_url = text.starts_with("postgresql://") || text.starts_with("postgres://");
  // libpq's own message would repeat parts of the URL.
  const std::unique_ptr<PQconninfoOption, Free> parsed(is_url ? PQconninfoParse(text.c_str(), nullptr) : nullptr);
  if (!parsed) {
    return fail(Errc::unprocessable, "is not a URL as postgresql://user:password@host/database?sslmode=verify-full");
  }
  PostgresUrl result;
  std::string database;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string keyword = option->keyword;
    result.options.emplace_back(keyword, option->val);
    if (keyword == "host") result.host = option->val;
    if (keyword == "port") result.port = option->val;
    if (keyword == "dbname") database = option->val;
  }
  if (result.host.empty()) return fail(Errc::unprocessable, "names no host");
  if (result.host.find(',') != std::string::npos || result.port.find(',') != std::string::npos) {
    return fail(Errc::unprocessable, "names several hosts; give one, or a virtual address before them");
  }
  const std::string host = result.host.find(':') == std::string::npos ? result.host : "[" + result.host + "]";
  result.origin = "postgresql://" + (result.is_local() ? host : host + ":" + result.port) + "/" + database;
  return result;
}

}  // namespace ragd::retrieval::pgvector
