// The API keys a server accepts, read from `auth.keys_file`: one key a line,
//
//     <name> <sha-256 of the key, 64 hex digits> <scope[,scope...]> [<tenant>]
//
// with scopes query, ingest, admin, and '#' comments. Immutable after loading, so thread-safe. Keys themselves are
// never stored: a presented key is hashed and the digest looked up.
#pragma once

#include <ragd/context.hpp>
#include <ragd/error.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace ragd::api {

inline constexpr std::size_t kMaxKeyName = 64;  ///< bytes, of a key's and of a tenant's name

class ApiKeys {
 public:
  /// No keys at all: every caller is anonymous.
  ApiKeys() = default;

  /// An error names the line: "keys:3: scope 'qeury' is none of query, ingest, admin".
  [[nodiscard]] static Result<ApiKeys> parse(std::string_view text, std::string_view name);
  [[nodiscard]] static Result<ApiKeys> load(const std::string& path);

  [[nodiscard]] bool empty() const { return keys_.empty(); }
  /// The caller a key stands for, or null.
  [[nodiscard]] const Caller* find(std::string_view key) const;

 private:
  std::map<std::array<unsigned char, 32>, Caller> keys_;
};

}  // namespace ragd::api
