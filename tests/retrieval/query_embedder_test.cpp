#include "retrieval/query_embedder.hpp"

#include "fakes/fake_embedder.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/run_task.hpp"

#include <gtest/gtest.h>

namespace ragd::retrieval {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct QueryEmbedderTest : testing::Test {
  Result<SharedVector> embed(const std::string& text, std::chrono::nanoseconds budget = seconds(30)) {
    RequestContext context;
    context.deadline = clock.steady_now() + budget;
    return fakes::run_task(io, queries.embed(context, text));
  }

  boost::asio::io_context io;
  fakes::FakeEmbedder embedder{4};
  fakes::ManualClock clock;
  obs::Metrics metrics;
  QueryEmbedder queries{embedder, metrics, clock, {milliseconds(500), 1000}};
};

TEST_F(QueryEmbedderTest, AsksTheEmbedderOnceForTheSameText) {
  const auto first = embed("apples");
  ASSERT_TRUE(first);
  EXPECT_EQ(**first, embedder.vector_of("apples"));
  EXPECT_EQ(embed("apples")->get(), first->get());
  EXPECT_EQ(embedder.queries, 1);
  EXPECT_EQ(metrics.embedding_cache_requests.value(obs::CacheResult::hit), 1U);
  EXPECT_EQ(metrics.embedding_cache_requests.value(obs::CacheResult::miss), 1U);
}

TEST_F(QueryEmbedderTest, LetsTheLongestUnusedGoWhenItIsFull) {
  for (const char* text : {"one", "two", "three", "four", "five"}) ASSERT_TRUE(embed(text));
  ASSERT_TRUE(embed("one"));
  ASSERT_TRUE(embed("six"));
  EXPECT_EQ(queries.stats().entries, 5U);
  EXPECT_LE(queries.stats().bytes, 1000U);
  ASSERT_TRUE(embed("one"));
  EXPECT_EQ(embedder.queries, 6) << "what was used last is still there";
  ASSERT_TRUE(embed("two"));
  EXPECT_EQ(embedder.queries, 7) << "what was used first is not";
}

TEST_F(QueryEmbedderTest, KeepsNoFailure) {
  embedder.failure = fail(Errc::unavailable, "down");
  EXPECT_EQ(embed("apples").error().code, Errc::unavailable);
  embedder.failure.reset();
  EXPECT_TRUE(embed("apples"));
}

TEST_F(QueryEmbedderTest, WaitsNoLongerThanItsOwnTimeoutAndTheRequests) {
  ASSERT_TRUE(embed("apples"));
  EXPECT_EQ(embedder.last_deadline, clock.steady_now() + milliseconds(500));
  ASSERT_TRUE(embed("pears", milliseconds(100)));
  EXPECT_EQ(embedder.last_deadline, clock.steady_now() + milliseconds(100));
}

}  // namespace
}  // namespace ragd::retrieval
