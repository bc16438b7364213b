// Contract 4.2: a question asked after a write was acknowledged never gets an answer that ignores the write. The write
// is made to land at every step of a question's way, then at random, then from other threads.
#include "cache/rocks_response_cache.hpp"
#include "fakes/cores.hpp"
#include "fakes/temporary_folder.hpp"
#include "rag/harness.hpp"

#include <gtest/gtest.h>

#include <boost/asio/thread_pool.hpp>

#include <array>
#include <map>
#include <random>
#include <thread>

namespace ragd::rag {
namespace {

using std::chrono::minutes;

/// What the cache knows before the question is asked.
enum class Before { nothing, fresh_answer, older_answer_that_holds, older_answer_that_does_not };

void prepare(Harness& harness, Before before) {
  harness.retriever.write("apple", before == Before::older_answer_that_does_not ? "apples are blue" : "apples are red");
  if (before == Before::nothing) return;
  ASSERT_TRUE(harness.ask("apples"));
  if (before == Before::older_answer_that_holds) harness.retriever.write("pear", "pears are yellow");
  if (before == Before::older_answer_that_does_not) harness.retriever.write("apple", "apples are red");
}

struct Race {
  Before before = Before::nothing;
  bool cold = false;  ///< nothing in memory: the cache is read through get
  CacheMode mode = CacheMode::use;
  bool remote = false;  ///< the version has to be asked for
  int rounds = 0;       ///< how far others get at each suspending step
  std::function<void(fakes::FakeRetriever&)> write;
};

/// Asks, lets the write land at step `at` and asks again at that instant. Returns how many steps the question took.
std::size_t run_race(const Race& race, std::size_t at) {
  Harness harness;
  harness.cache.cold = race.cold;
  harness.retriever.is_remote = race.remote;
  prepare(harness, race.before);
  harness.steps.rounds = race.rounds;
  std::size_t step = 0;
  Asking second;
  harness.steps.on_reach = [&](const std::string&) {
    if (step++ != at) return;
    race.write(harness.retriever);
    second = harness.start(question("apples"));
  };
  const auto first = harness.ask(question("apples", race.mode));
  harness.steps.on_reach = nullptr;
  EXPECT_TRUE(first);
  const std::string right = right_answer(harness.retriever, "apples");
  if (second) {
    EXPECT_EQ(text_of(second->value()), right) << "asked right after the write at step " << at;
  }
  EXPECT_EQ(text_of(harness.ask("apples")), right) << "asked after the write at step " << at;
  EXPECT_EQ(harness.ask("apples")->status, CacheStatus::hit);
  return step;
}

TEST(NeverStale, WhereverAWriteLandsOnAQuestionsWay) {
  const std::array<std::function<void(fakes::FakeRetriever&)>, 3> writes{
      [](fakes::FakeRetriever& corpus) { corpus.write("apple", "apples are green"); },
      [](fakes::FakeRetriever& corpus) { corpus.erase("apple"); },
      [](fakes::FakeRetriever& corpus) { corpus.write("other", "more about apples"); }};
  std::size_t races = 0;
  for (const Before before :
       {Before::nothing, Before::fresh_answer, Before::older_answer_that_holds, Before::older_answer_that_does_not}) {
    for (const bool cold : {false, true}) {
      for (const CacheMode mode : {CacheMode::use, CacheMode::refresh, CacheMode::bypass}) {
        for (const int rounds : {0, 1, 4, 40}) {
          for (const auto& write : writes) {
            // Where memory holds nothing, so does the way to a remote version: both at once say all there is.
            const Race race{before, cold, mode, cold, rounds, write};
            const std::size_t steps = run_race(race, 0);
            ASSERT_GT(steps, 2U);
            for (std::size_t at = 1; at < steps; ++at, ++races) run_race(race, at);
          }
        }
      }
    }
  }
  EXPECT_GT(races, 2000U);
}

/// The cache under the model test: a map, or the real one, which can also be restarted.
struct CacheUnderTest {
  virtual ~CacheUnderTest() = default;
  virtual ResponseCache& get() = 0;
  virtual bool restart() { return false; }
};

struct InMemory final : CacheUnderTest {
  fakes::MemoryCache cache;
  ResponseCache& get() override { return cache; }
};

struct OnDisk final : CacheUnderTest {
  OnDisk() { restart(); }
  ResponseCache& get() override { return *cache; }
  bool restart() override {
    cache.reset();
    CacheSettings settings;
    settings.hot_bytes = 32 * 1024;  // three entries a shard: much comes from disk
    auto opened = cache::RocksResponseCache::open(temp / "cache", settings, pool, metrics);
    if (!opened) throw std::runtime_error(opened.error().detail);
    cache = std::move(*opened);
    return true;
  }
  fakes::TemporaryFolder temp;
  obs::Metrics metrics;
  boost::asio::thread_pool pool{2};
  std::unique_ptr<ResponseCache> cache;
};

/// Knows the right answer and whether the model has to be called for it.
class Oracle {
 public:
  struct Expected {
    std::string text;
    CacheStatus status = CacheStatus::miss;
    bool calls_model = false;
  };

  explicit Oracle(const fakes::FakeRetriever& corpus) : corpus_(corpus) {}

  Expected ask(const std::string& tenant, const std::string& asked, CacheMode mode, std::int64_t now_ms) {
    const Retrieved found = corpus_.look(tenant, {asked, 5, {}});
    std::string evidence;
    for (const Passage& passage : found.passages) evidence += passage.document_id + "=" + passage.text + "\n";
    Expected expected{right_answer(corpus_, asked, tenant), CacheStatus::miss, !found.passages.empty()};
    if (mode == CacheMode::bypass) {
      expected.status = CacheStatus::bypass;
      return expected;
    }
    const auto known = entries_.find({tenant, asked});
    const bool holds = known != entries_.end() && known->second.expires_at_ms > now_ms &&
                       known->second.evidence == evidence && mode == CacheMode::use;
    if (!holds) {
      entries_[{tenant, asked}] = {evidence, found.version, now_ms + kTtlMs};
      return expected;
    }
    expected.calls_model = false;
    expected.status = known->second.version == found.version ? CacheStatus::hit : CacheStatus::revalidated;
    known->second.version = found.version;
    return expected;
  }

  void purge() { entries_.clear(); }

  static constexpr std::int64_t kTtlMs = 3'600'000;

 private:
  struct Entry {
    std::string evidence;
    std::string version;
    std::int64_t expires_at_ms = 0;
  };
  const fakes::FakeRetriever& corpus_;
  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

void run_model(CacheUnderTest& cache, std::uint64_t seed, int steps) {
  std::mt19937_64 random(seed);
  const auto pick = [&random](const std::vector<std::string>& from) { return from[random() % from.size()]; };
  const std::vector<std::string> tenants{"default", "acme"};
  const std::vector<std::string> ids{"a", "b", "c"};
  const std::vector<std::string> texts{"apples are red", "apples are green", "pears are red", "plums"};
  const std::vector<std::string> questions{"apples", "pears", "red", "plums quinces", "quinces"};

  boost::asio::io_context io{1};
  fakes::ManualClock clock;
  fakes::FakeRetriever retriever;
  fakes::FakeLlm llm;
  Permits permits(4);
  obs::Metrics metrics;
  Oracle oracle(retriever);
  std::unique_ptr<Pipeline> pipeline;
  const auto make = [&] {
    pipeline = std::make_unique<Pipeline>(PipelineSettings(), retriever, llm, cache.get(), permits, metrics, clock,
                                          std::vector<boost::asio::io_context*>{&io});
  };
  make();
  for (int step = 0; step < steps; ++step) {
    const std::string tenant = pick(tenants);
    switch (random() % 16) {
      case 0:
      case 1:
      case 2:
        retriever.write(pick(ids), pick(texts), tenant);
        break;
      case 3:
        retriever.erase(pick(ids), tenant);
        break;
      case 4:
        clock.advance(minutes(random() % 40));
        break;
      case 5:
        if (random() % 4 == 0) {
          ASSERT_TRUE(fakes::run_task(io, cache.get().purge({})));
          oracle.purge();
        }
        break;
      case 6:
        if (random() % 8 == 0 && cache.restart()) make();
        break;
      default: {
        const CacheMode mode = random() % 10 == 0   ? CacheMode::refresh
                               : random() % 10 == 0 ? CacheMode::bypass
                                                    : CacheMode::use;
        const std::string asked = pick(questions);
        const RequestContext context = context_at(clock, minutes(1), tenant);
        const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(context.wall_now.time_since_epoch());
        const int calls = llm.calls;
        const Oracle::Expected expected = oracle.ask(tenant, asked, mode, now_ms.count());
        const auto reply = fakes::run_task(io, ask_task(*pipeline, context, question(asked, mode)));
        ASSERT_EQ(text_of(reply), expected.text) << "step " << step << " of seed " << seed;
        ASSERT_EQ(reply->status, expected.status) << "step " << step << " of seed " << seed;
        ASSERT_EQ(llm.calls - calls, expected.calls_model ? 1 : 0) << "step " << step << " of seed " << seed;
      }
    }
  }
  EXPECT_EQ(permits.in_use(), 0U);
}

TEST(NeverStale, AgreesWithTheOracleOverRandomWritesAsksPurgesAndTimes) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    InMemory cache;
    run_model(cache, seed, 1000);
    if (HasFatalFailure()) return;
  }
}

TEST(NeverStale, AgreesWithTheOracleOnTheRealCacheAcrossRestarts) {
  for (std::uint64_t seed = 100; seed < 103; ++seed) {
    OnDisk cache;
    run_model(cache, seed, 1000);
    if (HasFatalFailure()) return;
  }
}

/// Asks one question again and again; each answer names the write it knows of.
Task<int> ask_repeatedly(Pipeline& pipeline, const Clock& clock, const std::atomic<int>& written, int times) {
  int wrong = 0;
  for (int i = 0; i < times; ++i) {
    const int before = written.load();
    const RequestContext context = context_at(clock);
    const Question asked = question("apples");
    const Result<Reply> reply = co_await ask_task(pipeline, context, asked);
    const std::string text = text_of(reply);
    const std::string prefix = "[1] apples ";
    const bool is_right = text.starts_with(prefix) && std::stoi(text.substr(prefix.size())) >= before;
    if (!is_right) ++wrong;
  }
  co_return wrong;
}

TEST(NeverStale, WhileOtherThreadsWriteAndPurge) {
  constexpr std::size_t kCores = 3;
  constexpr std::size_t kAskers = 12;
  fakes::Cores cores(kCores);
  OnDisk disk;
  fakes::ManualClock clock;
  fakes::FakeRetriever retriever;
  fakes::FakeLlm llm;
  Permits permits(1000);
  obs::Metrics metrics;
  std::atomic<int> written{0};
  retriever.write("a", "apples 0");
  auto pipeline =
      std::make_unique<Pipeline>(PipelineSettings(), retriever, llm, disk.get(), permits, metrics, clock, cores.all());
  std::vector<std::shared_ptr<std::optional<int>>> wrong;
  for (std::size_t i = 0; i < kAskers; ++i) {
    wrong.push_back(cores.spawn(i, ask_repeatedly(*pipeline, clock, written, 150)));
  }
  cores.start();
  boost::asio::io_context own;
  for (int i = 1; !cores.is_done(); ++i) {
    retriever.write("a", "apples " + std::to_string(i));
    written = i;  // the write is acknowledged: from here on no answer may be older
    retriever.write("b", "pears " + std::to_string(i));
    if (i % 50 == 0) {
      EXPECT_TRUE(fakes::run_task(own, disk.get().purge({})));
    }
    std::this_thread::yield();
  }
  cores.join();
  for (const auto& count : wrong) EXPECT_EQ(count->value(), 0);
  EXPECT_EQ(permits.in_use(), 0U);
  pipeline.reset();  // before its cores
}

TEST(NeverStale, HitsSurviveARestartOfTheProcess) {
  OnDisk disk;
  for (const bool restarted : {false, true}) {
    Harness harness;
    harness.retriever.write("apple", "apples are red");
    harness.pipeline =
        std::make_unique<Pipeline>(harness.settings, harness.retriever, harness.llm, disk.get(), harness.permits,
                                   harness.metrics, harness.clock, std::vector<boost::asio::io_context*>{&harness.io});
    EXPECT_EQ(harness.ask("apples")->status, restarted ? CacheStatus::hit : CacheStatus::miss);
    EXPECT_EQ(harness.llm.calls, restarted ? 0 : 1);
    harness.pipeline.reset();
    disk.restart();
  }
}

}  // namespace
}  // namespace ragd::rag
