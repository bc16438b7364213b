#include "load/run.hpp"

#include "fakes/temporary_folder.hpp"
#include "load/canned_server.hpp"

#include <gtest/gtest.h>

#include <sys/syscall.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>

namespace ragd::load {
namespace {

using namespace std::chrono_literals;

std::string answer(int status, const std::string& headers = "", const std::string& body = "{}") {
  return "HTTP/1.1 " + std::to_string(status) + " x\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

RequestSet questions(const std::string& spec = "zipf:50,1") {
  RequestSpec made;
  made.authority = "test";
  made.questions = spec;
  return *RequestSet::make(made);
}

/// Ends by its count, long before its time.
Plan counted(std::uint64_t requests, std::size_t connections) {
  Plan plan;
  plan.requests = requests;
  plan.connections = connections;
  plan.duration = 60s;
  return plan;
}

Tally measure(const Plan& plan, const Target& target, const RequestSet& requests) {
  const std::atomic<bool> stop{false};
  return *run(plan, target, requests, stop, {});
}

std::uint64_t count(const Tally& tally, Outcome outcome) {
  return tally.count(outcome);
}

TEST(Run, AsksAsOftenAsItIsToldOverAllThreads) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200, "Cache-Status: a; hit\r\n"); });
  Plan plan = counted(501, 7);
  plan.threads = 3;
  const Tally tally = measure(plan, server.target(), questions());
  EXPECT_EQ(server.requests(), 501U);
  EXPECT_EQ(server.connections(), 7U);
  EXPECT_EQ(count(tally, Outcome::success), 501U);
  EXPECT_EQ(tally.sent(), 501U);
  EXPECT_EQ(tally.latency.count(), 501U);
  EXPECT_EQ(tally.hit_rate(), 1.0);
  EXPECT_EQ(tally.late.count(), 0U);
  EXPECT_GT(tally.answers_per_second, 0);
  EXPECT_GT(tally.cpu, 0ns);
}

TEST(Run, KeepsARate) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200); });
  Plan plan = counted(200, 4);
  plan.rate = 2000;
  plan.threads = 2;
  const Tally tally = measure(plan, server.target(), questions());
  EXPECT_EQ(count(tally, Outcome::success), 200U);
  EXPECT_EQ(tally.late.count(), 200U);
  EXPECT_GE(tally.window, 99ms) << "the last one is due 99.5 ms after the first";
  EXPECT_EQ(tally.hit_rate(), std::nullopt);
}

TEST(Run, AsksABurstOnConnectionsOfTheirOwn) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200); });
  Plan plan;
  plan.burst = true;
  plan.connections = 50;
  plan.threads = 2;
  const Tally tally = measure(plan, server.target(), questions());
  EXPECT_EQ(count(tally, Outcome::success), 50U);
  EXPECT_EQ(server.connections(), 50U);
  EXPECT_EQ(server.requests(), 50U);
}

TEST(Run, TellsOutcomesApart) {
  CannedServer server([](std::size_t n, std::string_view) {
    constexpr std::array<int, 5> kStatuses{200, 429, 503, 404, 500};
    return answer(kStatuses[n % kStatuses.size()]);
  });
  const Tally tally = measure(counted(100, 4), server.target(), questions());
  for (const auto outcome :
       {Outcome::success, Outcome::rate_limited, Outcome::overloaded, Outcome::client_error, Outcome::server_error}) {
    EXPECT_EQ(count(tally, outcome), 20U) << name_of(outcome);
  }
  EXPECT_EQ(tally.statuses[429], 20U);
  EXPECT_EQ(tally.latency.count(), 20U) << "latencies are of successes";
  EXPECT_EQ(tally.errors(), 60U) << "a 429 is no error";
}

TEST(Run, ConnectsAgainWhereTheServerClosesAfterEachAnswer) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200, "Connection: close\r\n"); });
  const Tally tally = measure(counted(60, 3), server.target(), questions());
  EXPECT_EQ(count(tally, Outcome::success), 60U);
  EXPECT_GE(server.connections(), 60U);
}

TEST(Run, CountsAnswersThatBreakOffAndGoesOn) {
  CannedServer server([](std::size_t n, std::string_view) -> std::optional<std::string> {
    if (n % 10 == 3) return std::nullopt;
    return n % 10 == 7 ? "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n" : answer(200);
  });
  const Tally tally = measure(counted(50, 1), server.target(), questions());
  EXPECT_EQ(count(tally, Outcome::connection_error), 10U);
  EXPECT_EQ(count(tally, Outcome::success), 40U);
}

TEST(Run, ReadsAnswersAndWritesRequestsThatComeInPieces) {
  const std::string body(3UL << 20U, 'x');
  CannedServer server([&body](std::size_t, std::string_view) { return answer(200, "", body); });
  const fakes::TemporaryFolder folder;
  RequestSpec spec;
  spec.authority = "test";
  spec.body_file = folder.write("body", body);
  const Tally tally = measure(counted(6, 2), server.target(), *RequestSet::make(spec));
  EXPECT_EQ(count(tally, Outcome::success), 6U);
}

TEST(Run, AsksEachDistinctQuestionOnceWhereItIsToGoInTurn) {
  std::mutex mutex;
  std::set<std::string> seen;
  CannedServer server([&](std::size_t, std::string_view request) {
    const std::lock_guard lock(mutex);
    seen.emplace(request);
    return answer(200);
  });
  Plan plan = counted(50, 3);
  plan.in_turn = true;
  measure(plan, server.target(), questions("zipf:50,2"));
  EXPECT_EQ(server.requests(), 50U);
  EXPECT_EQ(seen.size(), 50U);
}

TEST(Run, GivesUpOnAnswersThatDoNotCome) {
  CannedServer server([](std::size_t n, std::string_view) { return n == 0 ? answer(200) : ""; });
  Plan plan = counted(5, 2);
  plan.timeout = 20ms;
  const Tally tally = measure(plan, server.target(), questions());
  EXPECT_EQ(count(tally, Outcome::success), 1U);
  EXPECT_EQ(count(tally, Outcome::timeout), 4U);
}

TEST(Run, SurvivesTheServersDeathAndEndsInTime) {
  CannedServer* self = nullptr;
  CannedServer server([&self](std::size_t n, std::string_view) {
    if (n == 99) self->die();
    return answer(200);
  });
  self = &server;
  Plan plan = counted(1'000'000, 4);
  plan.duration = 300ms;
  const Tally tally = measure(plan, server.target(), questions());
  EXPECT_GE(count(tally, Outcome::success), 96U);
  EXPECT_GE(count(tally, Outcome::connection_error), 4U);
  EXPECT_LE(count(tally, Outcome::connection_error), 20U) << "connecting again must not spin";
}

TEST(Run, FailsWhatComesDueWhileThereIsNoServer) {
  Target nobody;
  {
    CannedServer server([](std::size_t, std::string_view) { return answer(200); });
    nobody = server.target();
  }
  Plan plan;
  plan.rate = 1000;
  plan.connections = 4;
  plan.duration = 100ms;
  plan.timeout = 20ms;
  const Tally tally = measure(plan, nobody, questions());
  EXPECT_EQ(count(tally, Outcome::connection_error), 100U);
  EXPECT_EQ(tally.unsent, 0U);
}

TEST(Run, EndsWhenItIsTold) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200); });
  const std::atomic<bool> stop{true};
  const auto tally = run(counted(1'000'000, 4), server.target(), questions(), stop, {});
  EXPECT_EQ(tally->sent(), 0U);
}

TEST(Run, ShowsTheBacklogOfAnOverloadThatIsInterrupted) {
  CannedServer server([](std::size_t n, std::string_view) { return n < 10 ? answer(200) : ""; });
  Plan plan;
  plan.rate = 1000;
  plan.connections = 4;
  plan.threads = 2;
  plan.duration = 600s;
  plan.timeout = 600s;
  std::atomic<bool> stop{false};
  const auto tally = run(plan, server.target(), questions(), stop, [&](const Tally&, auto) { stop = true; });
  EXPECT_EQ(count(*tally, Outcome::success), 10U);
  EXPECT_EQ(count(*tally, Outcome::unfinished), 4U);
  EXPECT_EQ(tally->sent(), 14U);
  EXPECT_EQ(tally->answered(), 10U);
  // All that was due until the stop, which the two threads saw at two moments.
  const double due = 1000 * std::chrono::duration<double>(tally->window).count();
  EXPECT_GT(tally->unsent, 0U);
  EXPECT_LE(static_cast<double>(tally->sent() + tally->unsent), due + 2);
  EXPECT_GE(static_cast<double>(tally->sent() + tally->unsent), due / 2);
}

TEST(Run, HasNoUnfinishedRequestsWhereItEndsByItself) {
  CannedServer server([](std::size_t n, std::string_view) { return n < 2 ? answer(200) : ""; });
  Plan plan;
  plan.rate = 100;
  plan.connections = 1;
  plan.duration = 100ms;
  plan.timeout = 50ms;
  const Tally tally = measure(plan, server.target(), questions());
  EXPECT_EQ(count(tally, Outcome::unfinished), 0U);
  EXPECT_GT(count(tally, Outcome::timeout), 0U);
  EXPECT_EQ(tally.sent() + tally.unsent, 10U);
  EXPECT_EQ(tally.waited_in_vain(), 8U);
}

TEST(Run, AsksTheSameWhereItPollsInsteadOfSleeping) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200); });
  Plan plan = counted(20, 2);
  plan.rate = 100;
  const Tally sleeping = measure(plan, server.target(), questions());
  plan.spin = true;
  const Tally polling = measure(plan, server.target(), questions());
  EXPECT_EQ(count(polling, Outcome::success), 20U);
  EXPECT_GT(polling.cpu, 2 * sleeping.cpu);
}

/// Puts another file in the place of some worker's epoll; unseen by TSan, which would rightly take it for a race.
void break_an_epoll() {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != "anon_inode:[eventpoll]") continue;
    const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::syscall(SYS_dup3, null, std::stoi(entry.path().filename()), O_CLOEXEC);
    ::close(null);
    return;
  }
}

TEST(Run, EndsWithAnErrorWhenOneOfItsThreadsBreaks) {
  CannedServer server([](std::size_t n, std::string_view) {
    if (n == 99) break_an_epoll();
    return answer(200);
  });
  Plan plan = counted(UINT64_MAX, 4);
  plan.threads = 2;
  plan.duration = 24h;  // the other thread must not go on
  const std::atomic<bool> stop{false};
  const auto tally = run(plan, server.target(), questions(), stop, {});
  ASSERT_FALSE(tally);
  EXPECT_EQ(tally.error().detail, "a thread of the load generator broke: epoll_pwait2: Invalid argument");
}

TEST(Run, EndsItsThreadsWhenTheCallerThrows) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200); });
  Plan plan = counted(UINT64_MAX, 2);
  plan.duration = 24h;
  const std::atomic<bool> stop{false};
  const auto throwing = [](const Tally&, std::chrono::seconds) { throw std::runtime_error("enough"); };
  EXPECT_THROW(static_cast<void>(run(plan, server.target(), questions(), stop, throwing)), std::runtime_error);
}

TEST(Run, ReckonsWithTheFilesOfEachThread) {
  const auto needed = [](unsigned threads) {
    Plan plan;
    plan.connections = 1UL << 40U;  // nobody may open so many
    plan.threads = threads;
    const std::atomic<bool> stop{false};
    const std::string refusal = run(plan, {}, questions(), stop, {}).error().detail;
    constexpr std::string_view kNeed = " need ";
    return std::stoull(refusal.substr(refusal.find(kNeed) + kNeed.size()));
  };
  EXPECT_EQ(needed(64) - needed(1), 63U);
}

TEST(Run, LetsTheCallerLookOnceASecond) {
  CannedServer server([](std::size_t, std::string_view) { return answer(200); });
  std::atomic<bool> stop{false};
  std::uint64_t seen = 0;
  const auto tally =
      run(counted(100'000'000, 2), server.target(), questions(), stop, [&](const Tally& so_far, std::chrono::seconds) {
        seen = so_far.answered();
        stop = true;
      });
  EXPECT_GT(seen, 0U);
  EXPECT_GE(tally->answered(), seen);
}

}  // namespace
}  // namespace ragd::load
