// Many who ask the same at once: one computation, and nobody's trouble becomes another's.
#include "fakes/cores.hpp"
#include "rag/harness.hpp"

#include <gtest/gtest.h>

namespace ragd::rag {
namespace {

using std::chrono::milliseconds;

struct SingleFlightTest : testing::Test, Harness {
  SingleFlightTest() { retriever.write("apple", "apples are red"); }

  /// `count` askings that all wait for one closed gate of the model.
  std::vector<Asking> start_behind_the_gate(std::size_t count) {
    llm.gate.close();
    std::vector<Asking> askings;
    for (std::size_t i = 0; i < count; ++i) askings.push_back(start(question("apples")));
    run_until([this] { return llm.gate.arrivals() == 1; });
    io.poll();
    return askings;
  }
};

TEST_F(SingleFlightTest, ComputesAHundredIdenticalQuestionsOnce) {
  const std::vector<Asking> askings = start_behind_the_gate(100);
  llm.gate.open();
  run();
  EXPECT_EQ(llm.calls, 1);
  EXPECT_EQ(retriever.calls, 1);
  std::size_t coalesced = 0;
  for (const Asking& asking : askings) {
    ASSERT_TRUE(asking->value());
    const Reply& reply = *asking->value();
    EXPECT_FALSE(reply.cached);
    EXPECT_EQ(text_of(*reply.answer), "[1] apples are red");
    if (reply.status == CacheStatus::coalesced) ++coalesced;
  }
  EXPECT_EQ(coalesced, 99U);
  EXPECT_EQ(metrics.coalesced_queries.value(), 99U);
  EXPECT_EQ(metrics.cache_misses.value(), 100U);
  EXPECT_EQ(cache.puts, 1);
}

TEST_F(SingleFlightTest, ComputesOnceForManyCoresAndThreads) {
  constexpr std::size_t kCores = 4;
  constexpr std::size_t kAskings = 100;
  fakes::Cores cores(kCores);
  auto shared = std::make_unique<Pipeline>(settings, retriever, llm, cache, permits, metrics, clock, cores.all());
  llm.gate.close();
  std::vector<Asking> askings;
  for (std::size_t i = 0; i < kAskings; ++i) {
    askings.push_back(cores.spawn(i, ask_task(*shared, context_at(clock), question("apples"))));
  }
  cores.start();
  llm.gate.await_arrivals(1);
  llm.gate.open();
  cores.join();
  EXPECT_EQ(llm.calls, 1);
  std::size_t misses = 0;
  for (const Asking& asking : askings) {
    ASSERT_TRUE(asking->value());
    EXPECT_EQ(text_of(*asking->value()), "[1] apples are red");
    if ((*asking->value()).status == CacheStatus::miss) ++misses;
  }
  EXPECT_EQ(misses, 1U);
  EXPECT_EQ(permits.in_use(), 0U);
  shared.reset();  // before its cores
}

TEST_F(SingleFlightTest, AsksForOnePermitHoweverManyWait) {
  permits.set_max(1);
  const std::vector<Asking> askings = start_behind_the_gate(10);
  EXPECT_EQ(permits.in_use(), 1U);
  const Asking other = start(question("pears"));
  run_until([&] { return other->has_value(); });
  EXPECT_EQ(other->value().error().code, Errc::overloaded);
  llm.gate.open();
  run();
  for (const Asking& asking : askings) EXPECT_TRUE(asking->value());
  EXPECT_EQ(permits.in_use(), 0U);
}

TEST_F(SingleFlightTest, LetsOneWhoseDeadlinePassesGoAlone) {
  const std::vector<Asking> others = start_behind_the_gate(3);
  const Asking hasty = start(question("apples"), context_at(clock, milliseconds(5)));
  run_until([&] { return hasty->has_value(); });
  EXPECT_EQ(hasty->value().error().code, Errc::deadline_exceeded);
  for (const Asking& other : others) EXPECT_FALSE(other->has_value());
  llm.gate.open();
  run();
  for (const Asking& other : others) EXPECT_TRUE(other->value());
  EXPECT_EQ(llm.calls, 1);
}

TEST_F(SingleFlightTest, FliesOnWhenTheOneWhoStartedItLeaves) {
  llm.gate.close();
  const Asking leader = start(question("apples"), context_at(clock, milliseconds(20)));
  run_until([this] { return llm.gate.arrivals() == 1; });
  const Asking follower = start(question("apples"));
  run_until([&] { return leader->has_value(); });
  EXPECT_EQ(leader->value().error().code, Errc::deadline_exceeded);
  llm.gate.open();
  run();
  EXPECT_TRUE(follower->value());
  EXPECT_EQ(llm.calls, 1);
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
}

TEST_F(SingleFlightTest, SharesAFailureOnceAndForgetsIt) {
  const std::vector<Asking> askings = start_behind_the_gate(20);
  llm.failure = fail(Errc::unavailable, "down");
  llm.gate.open();
  run();
  for (const Asking& asking : askings) EXPECT_EQ(asking->value().error().code, Errc::unavailable);
  EXPECT_EQ(llm.calls, 1);
  EXPECT_EQ(cache.puts, 0);
  llm.failure.reset();
  EXPECT_TRUE(ask("apples"));
  EXPECT_EQ(llm.calls, 2);
}

TEST_F(SingleFlightTest, StartsOneNewFlightForThoseWhoHaveTimeLeftAfterATimeout) {
  settings.request_timeout = milliseconds(200);
  make();
  llm.gate.close();
  std::vector<Asking> askings;
  for (int i = 0; i < 5; ++i) askings.push_back(start(question("apples")));
  steps.on_reach = [this](const std::string& step) {
    if (step == "retrieve" && retriever.calls == 2) llm.gate.open();
  };
  run();
  for (const Asking& asking : askings) {
    ASSERT_TRUE(asking->value());
    EXPECT_EQ(text_of(*asking->value()), "[1] apples are red");
  }
  EXPECT_EQ(llm.calls, 2) << "all of them share the second flight";
}

TEST_F(SingleFlightTest, DoesNotTakeALateComputationForTheYoungerFlightOfTheSameKey) {
  settings.request_timeout = milliseconds(200);
  make();
  llm.gate.close();
  const Asking asking = start(question("apples"));
  run_until([this] { return llm.gate.arrivals() == 1; });
  retriever.gate.close();
  run_until([this] { return retriever.gate.arrivals() == 2; });  // the second flight
  llm.gate.open();
  run_until([this] { return cache.puts == 1; });  // the first one's computation came home
  io.poll();
  retriever.gate.open();
  run_until([&] { return asking->has_value(); });
  EXPECT_EQ(text_of(asking->value()), "[1] apples are red");
}

TEST_F(SingleFlightTest, GivesUpAfterTheSecondTimeout) {
  settings.request_timeout = milliseconds(20);
  make();
  llm.gate.close();
  const Asking asking = start(question("apples"));
  run_until([&] { return asking->has_value(); });
  EXPECT_EQ(asking->value().error().code, Errc::deadline_exceeded);
  EXPECT_EQ(llm.calls, 2);
  EXPECT_EQ(permits.in_use(), 2U) << "the computations are still out there, and a drain sees them";
  llm.gate.open();
  run();
  EXPECT_EQ(permits.in_use(), 0U);
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit) << "what came too late for the waiters is good for the next";
}

TEST_F(SingleFlightTest, DoesNotStartAgainForAModelThatTimedOutByItself) {
  llm.failure = fail(Errc::deadline_exceeded, "llm.timeout");
  EXPECT_EQ(ask("apples").error().code, Errc::deadline_exceeded);
  EXPECT_EQ(llm.calls, 1);
}

TEST_F(SingleFlightTest, DoesNotStoreWhatAPurgeOutdatedAndDoesNotShareItWithLaterQuestions) {
  const std::vector<Asking> before = start_behind_the_gate(2);
  cache.purge_now({});
  const Asking after = start(question("apples"));
  run_until([this] { return llm.gate.arrivals() == 2; });
  llm.gate.open();
  run();
  EXPECT_EQ((*before[0]->value()).status, CacheStatus::miss);
  EXPECT_EQ((*after->value()).status, CacheStatus::miss) << "a flight of its own";
  EXPECT_EQ(llm.calls, 2);
  const auto stored = ask("apples");
  EXPECT_EQ(stored->status, CacheStatus::hit);
  EXPECT_EQ(stored->answer, (*after->value()).answer);
}

TEST_F(SingleFlightTest, DoesNotLetARefreshShareAFlightThatReadsTheCache) {
  ASSERT_TRUE(ask("apples"));
  retriever.write("pear", "pears are yellow");
  retriever.gate.close();
  const Asking reads = start(question("apples"));
  const Asking refreshes = start(question("apples", CacheMode::refresh));
  run_until([this] { return retriever.gate.arrivals() == 3; });
  retriever.gate.open();
  run();
  EXPECT_EQ((*reads->value()).status, CacheStatus::revalidated);
  EXPECT_EQ((*refreshes->value()).status, CacheStatus::miss);
  EXPECT_EQ(llm.calls, 2);
}

TEST_F(SingleFlightTest, CallsWaitersOfARevalidationCoalesced) {
  ASSERT_TRUE(ask("apples"));
  retriever.write("pear", "pears are yellow");
  retriever.gate.close();
  const Asking first = start(question("apples"));
  const Asking second = start(question("apples"));
  run_until([this] { return retriever.gate.arrivals() == 2; });
  io.poll();
  retriever.gate.open();
  run();
  EXPECT_EQ((*first->value()).status, CacheStatus::revalidated);
  EXPECT_EQ((*second->value()).status, CacheStatus::coalesced);
  EXPECT_FALSE((*second->value()).cached);
  EXPECT_EQ(llm.calls, 1);
}

TEST_F(SingleFlightTest, DoesNotLetASlowAnswerReplaceTheOneForThePresentCorpus) {
  llm.gate.close();
  const Asking slow = start(question("apples"));
  run_until([this] { return llm.gate.arrivals() == 1; });
  retriever.write("apple", "apples are green");
  llm.gate.let_newcomers_pass();
  const Asking quick = start(question("apples"));
  run_until([&] { return quick->has_value(); });
  EXPECT_EQ(text_of(*quick->value()), "[1] apples are green");
  llm.gate.open();
  run();
  EXPECT_EQ(text_of(*slow->value()), "[1] apples are red") << "asked before the write";
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
  EXPECT_EQ(text_of(ask("apples")), "[1] apples are green");
  EXPECT_EQ(llm.calls, 2);
}

TEST_F(SingleFlightTest, CanBeTornDownWithFlightsInTheAir) {
  const std::vector<Asking> askings = start_behind_the_gate(3);
  pipeline.reset();
  for (const Asking& asking : askings) EXPECT_FALSE(asking->has_value());
}

}  // namespace
}  // namespace ragd::rag
