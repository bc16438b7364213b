#include "app/gate_policy.hpp"

#include <gtest/gtest.h>

namespace ragd::app {
namespace {

TEST(GatePolicy, AReloadForgivesNobody) {
  Settings settings;
  const auto first = make_gate_policy(settings, nullptr);
  ASSERT_TRUE(first.has_value());
  settings.cors.origins = {"https://app.example"};
  settings.rate_limit.shadow = true;
  const auto second = make_gate_policy(settings, *first);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ((*first)->table, (*second)->table);
  EXPECT_EQ((*first)->client_salt, (*second)->client_salt) << "the table's clients would be strangers";
  EXPECT_TRUE((*second)->limit.shadow);
}

TEST(GatePolicy, AnotherLimitIsAnotherTable) {
  Settings settings;
  const auto first = make_gate_policy(settings, nullptr);
  settings.rate_limit.requests = 61;
  const auto second = make_gate_policy(settings, *first);
  EXPECT_NE((*first)->table, (*second)->table);
  settings.rate_limit.requests = 0;
  EXPECT_EQ((*make_gate_policy(settings, *second))->table, nullptr) << "0 is off";
}

TEST(GatePolicy, RefusesWhatCannotHold) {
  Settings settings;
  settings.cors.origins = {"*"};
  settings.cors.credentials = true;
  EXPECT_EQ(make_gate_policy(settings, nullptr).error().code, Errc::bad_request);
  settings.cors = {};
  settings.http.trusted_proxies = {"10.0.0.0/33"};
  const auto refused = make_gate_policy(settings, nullptr);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().detail.starts_with("http.trusted_proxies: ")) << refused.error().detail;
  settings.http.trusted_proxies = {};
  settings.auth.keys_file = "/nonexistent/keys";
  EXPECT_EQ(make_gate_policy(settings, nullptr).error().code, Errc::bad_request);
}

}  // namespace
}  // namespace ragd::app
