// Where the database is and how to log in, as libpq's URLs say it: postgresql://user:password@host/database?sslmode=...
//
// A value; parse is a pure function. It refuses several hosts (put a virtual address before them) and URLs without one.
// It never repeats a URL in an error: there may be a password in it.
#pragma once

#include <ragd/error.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::retrieval::pgvector {

struct PostgresUrl {
  std::vector<std::pair<std::string, std::string>> options;  ///< libpq's names and values, as given
  std::string host;                                          ///< a name, an address, or the folder of a Unix socket
  std::string port = "5432";
  std::string origin;  ///< "postgresql://host:port/database", for messages

  [[nodiscard]] bool is_local() const { return host.starts_with('/'); }

  /// The detail reads on after the setting's name.
  [[nodiscard]] static Result<PostgresUrl> parse(std::string_view url);
};

}  // namespace ragd::retrieval::pgvector
