#include "api/problem.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ragd::api {
namespace {

TEST(Problem, CarriesTheRfcsMembersAndTheChallenges) {
  net::HttpResponse response;
  response.body = "half an answer";
  write_problem(response, fail(Errc::rate_limited, "internal detail", "slow \"down\""), "id-1", 17);
  EXPECT_EQ(response.status, 429U);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            R"({"type":"urn:ragd:problem:rate-limit","title":"Rate limit exceeded","status":429,)"
            R"("error":"Rate limit exceeded","detail":"slow \"down\"","retry_after":17,"request_id":"id-1"})");
  EXPECT_EQ(response.headers, "Retry-After: 17\r\n");
}

TEST(Problem, KeepsTheDetailToItself) {
  net::HttpResponse response;
  write_problem(response, fail(Errc::internal, "/var/lib/secret path"), "id");
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

TEST(Problem, EveryCodeHasAnErrorStatusAndATypeOfItsOwn) {
  std::set<std::string_view> types;
  for (int code = 0; code <= static_cast<int>(Errc::canceled); ++code) {
    const ProblemKind kind = problem_kind(static_cast<Errc>(code));
    EXPECT_GE(kind.status, 400U);
    EXPECT_LT(kind.status, 600U);
    EXPECT_TRUE(types.insert(kind.type).second) << kind.type;
  }
}

}  // namespace
}  // namespace ragd::api
