#include "api/api_keys.hpp"

#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ragd::api {
namespace {

std::string line(const std::string& name, const std::string& key, const std::string& rest) {
  return name + " " + base::sha256_hex(key) + " " + rest + "\n";
}

TEST(ApiKeys, FindsTheCallerOfAKey) {
  const auto keys = ApiKeys::parse("# team\n\n" + line("web", "secret", "query,ingest blue  # the site"), "keys");
  ASSERT_TRUE(keys.has_value());
  const Caller* caller = keys->find("secret");
  ASSERT_NE(caller, nullptr);
  EXPECT_EQ(caller->key_name, "web");
  EXPECT_EQ(caller->tenant, "blue");
  EXPECT_TRUE(has(caller->scopes, Scope::query));
  EXPECT_TRUE(has(caller->scopes, Scope::ingest));
  EXPECT_FALSE(has(caller->scopes, Scope::admin));
  EXPECT_EQ(keys->find("Secret"), nullptr);
  EXPECT_EQ(keys->find(""), nullptr);
  EXPECT_EQ(keys->find(base::sha256_hex("secret")), nullptr) << "the digest is not a key";
}

TEST(ApiKeys, ATenantIsDefaultUnlessNamed) {
  const auto keys = ApiKeys::parse(line("web", "k", "admin"), "keys");
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(keys->find("k")->tenant, "default");
}

TEST(ApiKeys, NamesTheLineThatIsWrong) {
  const std::string good = line("good", "k", "query");
  for (const std::string& bad :
       {std::string("name\n"), std::string("name nothex query\n"), line("a b c", "x", "query"),
        line("name", "x", "qeury"), line("name", "x", ","), line("name", "x", "query ten/ant"),
        line("name", "x", "query blue more"), line("good", "other", "query"), line("again", "k", "query")}) {
    const auto keys = ApiKeys::parse(good + bad, "keys");
    ASSERT_FALSE(keys.has_value()) << bad;
    EXPECT_TRUE(keys.error().detail.starts_with("keys:2: ")) << keys.error().detail;
  }
}

TEST(ApiKeys, RefusesAFileWithoutKeys) {
  EXPECT_FALSE(ApiKeys::parse("# nothing\n", "keys").has_value());
  EXPECT_FALSE(ApiKeys::load("/nonexistent/keys").has_value());
}

}  // namespace
}  // namespace ragd::api
