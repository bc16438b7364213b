#include "load/report.hpp"

#include "base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ragd::load {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// 98 hits of 1 ms, one miss of 200 ms, a 429, two timeouts.
Tally sample() {
  Tally tally;
  for (int i = 0; i < 98; ++i) tally.answered(200, CacheUse::hit, 1ms);
  tally.answered(200, CacheUse::miss, 200ms);
  tally.answered(429, CacheUse::unknown, 1ms);
  tally.unanswered(Outcome::timeout);
  tally.unanswered(Outcome::timeout);
  tally.window = 10s;
  tally.answers_per_second = 10;
  tally.cpu = 500ms;
  return tally;
}

Report report() {
  Report made{"http://h:1/query", "zipf:1000,1", {}, sample(), nullptr, false};
  made.plan.connections = 64;
  return made;
}

base::JsonDocument parsed(const Report& report) {
  auto document = base::JsonDocument::parse(json(report));
  EXPECT_TRUE(document);
  return std::move(*document);
}

double number(const base::JsonDocument& document, const char* pointer) {
  double value = -1;
  EXPECT_EQ(document.root().at_pointer(pointer).get(value), simdjson::SUCCESS) << pointer;
  return value;
}

TEST(Report, HasEveryFigureInItsJson) {
  const auto document = parsed(report());
  EXPECT_EQ(number(document, "/sent"), 102);
  EXPECT_EQ(number(document, "/answered"), 100);
  EXPECT_EQ(number(document, "/outcomes/success"), 99);
  EXPECT_EQ(number(document, "/outcomes/rate_limited"), 1);
  EXPECT_EQ(number(document, "/outcomes/timeout"), 2);
  EXPECT_EQ(number(document, "/statuses/429"), 1);
  EXPECT_EQ(number(document, "/cache/hit"), 98);
  EXPECT_NEAR(number(document, "/hit_rate"), 98.0 / 99, 1e-9);
  EXPECT_NEAR(number(document, "/latency_ms/p50"), 1, 0.01);
  EXPECT_EQ(number(document, "/latency_ms/max"), 200);
  EXPECT_EQ(number(document, "/histogram/0/1"), 98);
  EXPECT_EQ(number(document, "/duration_s"), 10);
  EXPECT_EQ(number(document, "/requests_per_second"), 10);
  EXPECT_EQ(number(document, "/cpu_s"), 0.5);
  EXPECT_THAT(json(report()), AllOf(HasSubstr(R"("mode":"closed","rate":null,"connections":64)"),
                                    Not(HasSubstr("late_ms")), Not(HasSubstr("ramp"))));
}

TEST(Report, SaysOfAnOpenLoopHowLateTheGeneratorWas) {
  Report open = report();
  open.plan.rate = 20'000;
  for (int i = 0; i < 20; ++i) open.tally.late.record(30us);
  EXPECT_NEAR(number(parsed(open), "/late_ms/max"), 0.03, 1e-9);
  EXPECT_EQ(number(parsed(open), "/rate"), 20'000);
  EXPECT_THAT(table(open), AllOf(HasSubstr("open loop, 20,000/s"), HasSubstr("itself late by p50 0.030")));
}

TEST(Report, SaysNothingOfACacheItDoesNotKnow) {
  Report silent = report();
  silent.tally = {};
  silent.tally.answered(200, CacheUse::unknown, 1ms);
  EXPECT_THAT(json(silent), HasSubstr(R"("hit_rate":null)"));
  EXPECT_THAT(table(silent), Not(HasSubstr("cache")));
}

TEST(Report, ShowsATableWithOnlyWhatHappened) {
  EXPECT_THAT(table(report()), AllOf(HasSubstr("rate_limited"), HasSubstr("timeout"), HasSubstr("97.06 %"),
                                     HasSubstr("98.99 % hits: hit 98, miss 1\n"), Not(HasSubstr("connection_error")),
                                     Not(HasSubstr("unsent"))));
  Report waiting = report();
  waiting.tally.unsent = 1234567;
  waiting.interrupted = true;
  EXPECT_THAT(table(waiting), AllOf(HasSubstr("1,234,567  due, but"), HasSubstr("(interrupted)")));
}

TEST(Report, ShowsNoQuantileOfTooFewLatencies) {
  Report few = report();
  few.tally = {};
  for (int i = 0; i < 150; ++i) few.tally.answered(200, CacheUse::hit, 1ms);
  EXPECT_THAT(json(few), HasSubstr(R"("p90":1,"p95":null,"p99":null,"p999":null,"max":1})"));
  EXPECT_THAT(table(few), HasSubstr("    1.000    1.000    1.000    1.000        -        -        -    1.000\n"));
  few.plan.rate = 100;
  few.tally.late.record(30us);
  EXPECT_THAT(json(few), HasSubstr(R"("late_ms":{"p50":null,"p99":null,"max":0.03})"));
  EXPECT_THAT(table(few), HasSubstr("itself late by p50 -, p99 -, max 0.030 ms"));
}

TEST(Report, SaysWhereLatenciesAreLowerBounds) {
  EXPECT_THAT(table(report()), HasSubstr("lower bounds: 2 requests that waited in vain are not among them"));
  EXPECT_THAT(json(report()), HasSubstr(R"("latency_is_lower_bound":true)"));
  Report whole = report();
  whole.tally = {};
  whole.tally.answered(200, CacheUse::hit, 1ms);
  whole.tally.answered(500, CacheUse::unknown, 1ms);
  EXPECT_THAT(table(whole), Not(HasSubstr("lower bounds")));
  EXPECT_THAT(json(whole), HasSubstr(R"("latency_is_lower_bound":false)"));
  Report backlog = whole;
  backlog.tally.unsent = 1;
  EXPECT_THAT(table(backlog), HasSubstr("lower bounds: 1 "));
}

TEST(Report, CountsWhatWasUnderWayWhenItWasInterrupted) {
  Report stopped = report();
  stopped.tally.unanswered(Outcome::unfinished);
  const auto document = parsed(stopped);
  EXPECT_EQ(number(document, "/outcomes/unfinished"), 1);
  EXPECT_EQ(number(document, "/sent"), 103);
  EXPECT_EQ(number(document, "/answered"), 100);
  EXPECT_EQ(stopped.tally.errors(), 2U) << "nobody knows how it would have ended";
}

TEST(WarmingFailure, TellsHowTheOthersEnded) {
  Tally tally;
  for (int i = 0; i < 60; ++i) tally.answered(200, CacheUse::miss, 1ms);
  for (int i = 0; i < 938; ++i) tally.answered(429, CacheUse::unknown, 1ms);
  tally.unanswered(Outcome::timeout);
  EXPECT_EQ(warming_failure(tally, 1000), "warmed 60 of 1,000: 938 rate_limited, 1 timeout, 1 not asked in time");
}

TEST(Report, ShowsEachStepOfARampAndWhatItFound) {
  RampSearch search(1000);
  [[maybe_unused]] const auto next = search.step({1000, 3, 1000, 0});
  Report ramp = report();
  ramp.ramp = &search;
  const auto document = parsed(ramp);
  EXPECT_EQ(number(document, "/ramp/0/p99_ms"), 3);
  EXPECT_EQ(number(document, "/ramp_result/5ms"), 1000);
  EXPECT_THAT(json(ramp), AllOf(HasSubstr(R"("ramp_result":{"1ms":null)"), HasSubstr(R"("held":true)")));
  EXPECT_THAT(table(ramp), AllOf(HasSubstr("p99 within  1 ms: at no rate"), HasSubstr("p99 within  5 ms: 1,000/s\n")));
}

TEST(Report, SaysOfARampWhatOtherThanTheServersSpeedEndedIt) {
  const auto after = [](const RampStep& step) {
    RampSearch search(1000);
    [[maybe_unused]] auto next = search.step({1000, 0.5, 1000, 0});
    next = search.step(step);
    Report ramp = report();
    ramp.ramp = &search;
    return std::pair(table(ramp), json(ramp));
  };
  const auto late = after({2000, 50, 1500, 0, 49.9});
  EXPECT_THAT(late.first, HasSubstr("1 ms: 1,000/s; above it the generator itself was too late"));
  EXPECT_THAT(late.second, HasSubstr(R"("ramp_stop":{"1ms":"generator","5ms":"generator","10ms":"generator"})"));
  EXPECT_THAT(late.second, HasSubstr(R"("held":false,"verdict":"generator")"));
  const auto limited = after({2000, 0.5, 2000, 0.5, 0, 0.5});
  EXPECT_THAT(limited.first, HasSubstr("1 ms: 1,000/s; above it the server's rate limit refused requests"));
  EXPECT_THAT(limited.second, HasSubstr(R"("limited_part":0.5)"));
  const auto failing = after({2000, std::nullopt, 2000, 0.5});
  EXPECT_THAT(failing.first, AllOf(HasSubstr("above it requests failed"), HasSubstr("           -")));
  EXPECT_THAT(failing.second, HasSubstr(R"("rate":2000,"p99_ms":null)"));
}

TEST(LiveLine, TellsOfTheLastSecondAlone) {
  const Tally before = sample();
  Tally now = sample();
  for (int i = 0; i < 500; ++i) now.answered(200, CacheUse::miss, 4ms);  // enough for a p95, not for a p99
  now.window += 1s;
  const std::string line = live_line(now.since(before), 3s);
  EXPECT_THAT(line, AllOf(HasSubstr("3 s"), HasSubstr("500/s"), HasSubstr("p99 - ms"), HasSubstr("hits 0.0 %"),
                          Not(HasSubstr("errors"))));
  EXPECT_THAT(live_line(now.since(now), 4s), HasSubstr("warming up"));
}

TEST(Tally, OfThreadsAddsTheirCountsAndRates) {
  Tally both = sample();
  both.merge(sample());
  EXPECT_EQ(both.sent(), 204U);
  EXPECT_EQ(both.latency.count(), 198U);
  EXPECT_EQ(both.answers_per_second, 20);
  EXPECT_EQ(both.window, Nanos(10s));
}

TEST(Outcome, FollowsTheStatus) {
  EXPECT_EQ(outcome_of(204), Outcome::success);
  EXPECT_EQ(outcome_of(304), Outcome::client_error) << "nobody asked conditionally";
  EXPECT_EQ(outcome_of(429), Outcome::rate_limited);
  EXPECT_EQ(outcome_of(499), Outcome::client_error);
  EXPECT_EQ(outcome_of(503), Outcome::overloaded);
  EXPECT_EQ(outcome_of(502), Outcome::server_error);
}

}  // namespace
}  // namespace ragd::load
