#include "api/api_keys.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"

#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <vector>

namespace ragd::api {

namespace {

using Digest = std::array<unsigned char, 32>;

std::optional<Digest> parse_digest(std::string_view hex) {
  Digest digest{};
  if (hex.size() != digest.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = base::hex_value(hex[2 * i]);
    const int low = base::hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return digest;
}

/// Names and tenants end up in keys, logs and metrics.

Result<Scopes> parse_scopes(const std::string& list) {
  Scopes scopes = 0;
  std::istringstream stream(list);
  for (std::string scope; std::getline(stream, scope, ',');) {
    if (scope == "query") {
      scopes |= static_cast<Scopes>(Scope::query);
    } else if (scope == "ingest") {
      scopes |= static_cast<Scopes>(Scope::ingest);
    } else if (scope == "admin") {
      scopes |= static_cast<Scopes>(Scope::admin);
    } else {
      return fail(Errc::bad_request, "scope '" + scope + "' is none of query, ingest, admin");
    }
  }
  if (scopes == 0) return fail(Errc::bad_request, "a key needs at least one scope: query, ingest, admin");
  return scopes;
}

struct KeyLine {
  Digest digest{};
  Caller caller;
};

Result<KeyLine> parse_line(const std::vector<std::string>& words) {
  if (words.size() < 3 || words.size() > 4) {
    return fail(Errc::bad_request, "expected '<name> <sha-256> <scopes> [<tenant>]'");
  }
  KeyLine line;
  if (!base::is_plain_name(words[0], kMaxKeyName))
    return fail(Errc::bad_request, "a name is 1..64 of A-Z a-z 0-9 . _ -");
  line.caller.key_name = words[0];
  const auto digest = parse_digest(words[1]);
  if (!digest) return fail(Errc::bad_request, "the second word must be a SHA-256 in 64 hex digits");
  line.digest = *digest;
  const auto scopes = parse_scopes(words[2]);
  if (!scopes) return scopes.error();
  line.caller.scopes = *scopes;
  if (words.size() == 4) {
    if (!base::is_plain_name(words[3], kMaxKeyName))
      return fail(Errc::bad_request, "a tenant is 1..64 of A-Z a-z 0-9 . _ -");
    line.caller.tenant = words[3];
  }
  return line;
}

}  // namespace

Result<ApiKeys> ApiKeys::parse(std::string_view text, std::string_view name) {
  ApiKeys keys;
  std::set<std::string> names;
  std::istringstream stream{std::string(text)};
  std::size_t number = 0;
  for (std::string raw; std::getline(stream, raw);) {
    ++number;
    std::istringstream line(raw.substr(0, raw.find('#')));
    std::vector<std::string> words;
    for (std::string word; line >> word;) words.push_back(std::move(word));
    if (words.empty()) continue;
    const std::string place = std::string(name) + ":" + std::to_string(number) + ": ";
    auto key = parse_line(words);
    if (!key) return fail(Errc::bad_request, place + key.error().detail);
    if (!names.insert(key->caller.key_name).second) {
      return fail(Errc::bad_request, place + "the name '" + key->caller.key_name + "' stands twice");
    }
    if (!keys.keys_.emplace(key->digest, std::move(key->caller)).second) {
      return fail(Errc::bad_request, place + "this key stands twice");
    }
  }
  if (keys.empty()) return fail(Errc::bad_request, std::string(name) + ": holds no key");
  return keys;
}

Result<ApiKeys> ApiKeys::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return fail(Errc::bad_request, path + ": cannot be read or is empty");
  }
  return parse(text.str(), path);
}

const Caller* ApiKeys::find(std::string_view key) const {
  const auto found = keys_.find(base::sha256(key));
  return found == keys_.end() ? nullptr : &found->second;
}

}  // namespace ragd::api
