// What only the pgvector backend promises: its schema, its pool, its shared reads, its index.
#include "conformance/suite.hpp"
#include "retrieval/pgvector/version_reads.hpp"

#include <thread>

namespace ragd::conformance {
namespace {

using retrieval::pgvector::Connection;
using retrieval::pgvector::Database;
using retrieval::pgvector::DatabaseSettings;
using retrieval::pgvector::Effort;
using retrieval::pgvector::PostgresUrl;
using retrieval::pgvector::Statement;
using retrieval::pgvector::VersionReads;
using std::chrono::milliseconds;
using testing::HasSubstr;

class Pgvector : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = postgres_missing(); !missing.empty()) GTEST_SKIP() << missing;
    store_.emplace();
    open({});
  }
  void open(const DatabaseSettings& settings) {
    database_.emplace(std::vector{&io_}, PostgresUrl::parse(store_->url()).value(), settings,
                      obs::UpstreamRecorder(metrics_.upstreams, obs::Upstream::vector_db));
  }
  Task<Result<std::string>> ask(std::string sql, milliseconds time) {
    const auto work = [&sql](Connection& connection, SteadyTime deadline) {
      return connection.run({Statement(sql)}, deadline);
    };
    const Effort effort{std::chrono::steady_clock::now() + time, false, false};
    const auto rows = co_await database_->run(effort, work);
    if (!rows) co_return rows.error();
    co_return rows->at(0).text(0, 0);
  }
  Result<std::string> run(const std::string& sql, milliseconds time = std::chrono::seconds(30)) {
    return fakes::run_task(io_, ask(sql, time));
  }

  boost::asio::io_context io_{1};
  obs::Metrics metrics_;
  std::optional<TestDatabase> store_;
  std::optional<Database> database_;
};

TEST_F(Pgvector, MakesItsSchemaOnceHoweverManyStart) {
  std::vector<std::thread> replicas;
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([this] {
      boost::asio::io_context io{1};
      obs::Metrics metrics;
      Database its({&io}, PostgresUrl::parse(store_->url()).value(), {},
                   obs::UpstreamRecorder(metrics.upstreams, obs::Upstream::vector_db));
      const auto prepared = its.prepare();
      EXPECT_TRUE(prepared) << prepared.error().detail;
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(store_->run("SELECT count(*) FROM ragd.meta"), "1");
  EXPECT_EQ(store_->run("SELECT schema_version FROM ragd.meta"), "1");
}

TEST_F(Pgvector, RefusesASchemaThatIsNewerThanIt) {
  ASSERT_TRUE(database_->prepare());
  store_->run("UPDATE ragd.meta SET schema_version = 99");
  open({});
  const auto prepared = database_->prepare();
  ASSERT_TRUE(prepared.has_error());
  EXPECT_EQ(prepared.error().code, Errc::internal) << "it is no use to wait";
  EXPECT_THAT(prepared.error().detail, HasSubstr("schema is version 99, newer than this ragd knows (1)"));
}

TEST_F(Pgvector, KeepsItsConnectionsAndOpensNoMoreThanItMay) {
  DatabaseSettings settings;
  settings.connections = 8;  // two of them to write
  open(settings);
  std::vector<std::shared_ptr<std::optional<Result<std::string>>>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(fakes::spawn(
        io_,
        ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ragd'",
            std::chrono::seconds(30))));
  }
  io_.run();
  for (const auto& answer : answers) {
    ASSERT_TRUE((*answer)->has_value());
    EXPECT_LE((*answer)->value(), "2");
  }
  const std::string first = *run("SELECT pg_backend_pid()");
  EXPECT_EQ(*run("SELECT pg_backend_pid()"), first);
}

TEST_F(Pgvector, DropsAConnectionTheServerClosed) {
  const std::string first = *run("SELECT pg_backend_pid()");
  store_->run("SELECT pg_terminate_backend(" + first + ", 10000)");
  const auto second = run("SELECT pg_backend_pid()");
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_NE(*second, first);
}

TEST_F(Pgvector, GivesUpAtTheDeadlineAndTheServerWithIt) {
  ASSERT_TRUE(run("SELECT 1"));
  EXPECT_EQ(run("SELECT pg_sleep(600)", milliseconds(50)).error().code, Errc::deadline_exceeded);
  ASSERT_TRUE(run("SELECT 1")) << "on another connection";
  // The server looks for its client once a second.
  std::string sleeping;
  do {
    sleeping = store_->run(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%(600)' "
        "AND pid <> pg_backend_pid()");
  } while (sleeping != "0");
}

TEST_F(Pgvector, LeavesNothingOfAFailedStatementBehind) {
  const auto failed = run("SELECT 1/0");
  ASSERT_TRUE(failed.has_error());
  EXPECT_EQ(failed.error().code, Errc::internal);
  EXPECT_THAT(failed.error().detail, HasSubstr("division by zero (22012)"));
  EXPECT_EQ(*run("SELECT 42"), "42");
}

TEST_F(Pgvector, SharesReadsOfTheVersionAmongThoseWhoWait) {
  VersionReads versions(io_.get_executor(), *database_);
  std::vector<std::shared_ptr<std::optional<Result<VersionPtr>>>> answers;
  const SteadyTime deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (int i = 0; i < 100; ++i)
    answers.push_back(fakes::spawn(io_, versions.read(i % 2 == 0 ? "one" : "two", deadline)));
  io_.run();
  for (const auto& answer : answers) {
    ASSERT_TRUE(**answer) << (*answer)->error().detail;
    EXPECT_THAT(****answer, testing::EndsWith("-0"));
  }
  EXPECT_EQ(versions.reads(), 2U) << "the first comer's, and one for all who came while it was under way";
}

TEST_F(Pgvector, LeavesAVersionReadAtTheDeadlineOfEachWhoWaits) {
  ASSERT_TRUE(database_->prepare());
  store_->run("SELECT 1");
  VersionReads versions(io_.get_executor(), *database_);
  const SteadyTime now = std::chrono::steady_clock::now();
  const auto hasty = fakes::spawn(io_, versions.read("one", now));
  const auto patient = fakes::spawn(io_, versions.read("one", now + std::chrono::seconds(30)));
  io_.run();
  EXPECT_EQ((*hasty)->error().code, Errc::deadline_exceeded);
  EXPECT_TRUE(**patient);
}

TEST_F(Pgvector, IndexesTheVectorsOfAModelAndSearchesByTheIndex) {
  fakes::FakeEmbedder embedder(8, "small");
  const auto replica = std::make_unique<PgvectorReplica>(store_->url(), Opening{with_duplicates(), &embedder});
  std::vector<Document> batch;
  for (int i = 0; i < 300; ++i) batch.push_back(document("d" + std::to_string(i), "word" + std::to_string(i)));
  ASSERT_TRUE(replica->put(batch));
  for (;;) {
    const auto taken = replica->run(replica->queue()->take(64));
    ASSERT_TRUE(taken) << taken.error().detail;
    if (taken->empty()) break;
    std::vector<retrieval::DocumentVectors> vectors;
    for (const auto& waiting : *taken) {
      vectors.push_back({waiting.tenant, waiting.id, waiting.stamp, {embedder.vector_of(waiting.texts.at(0))}});
    }
    ASSERT_TRUE(replica->run(replica->queue()->land(std::move(vectors))));
  }
  EXPECT_EQ(store_->run("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ragd.embeddings_1_8'::regclass"), "t");
  EXPECT_THAT(store_->run("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; "
                          "EXPLAIN (FORMAT JSON) SELECT document_id FROM ragd.embeddings e WHERE e.tenant = 'default' "
                          "AND e.model = 1 ORDER BY e.embedding::vector(8) <=> '[1,2,3,4,5,6,7,8]'::vector(8) LIMIT 5"),
              HasSubstr("embeddings_1_8"));
  EXPECT_EQ(store_->run("SELECT chunks FROM ragd.coverage"), "300");
}

TEST_F(Pgvector, CountsWordsAndCoverageExactlyThroughEveryChange) {
  fakes::FakeEmbedder embedder;
  const auto replica = std::make_unique<PgvectorReplica>(store_->url(), Opening{with_duplicates(), &embedder});
  ASSERT_TRUE(replica->put({document("a", "zebra lion"), document("b", "zebra tiger"), document("c", "okapi")}));
  const auto taken = replica->run(replica->queue()->take(10));
  std::vector<retrieval::DocumentVectors> vectors;
  for (const auto& waiting : *taken) {
    vectors.push_back({waiting.tenant, waiting.id, waiting.stamp, {embedder.vector_of(waiting.texts.at(0))}});
  }
  ASSERT_TRUE(replica->run(replica->queue()->land(std::move(vectors))));
  ASSERT_TRUE(replica->put({document("a", "quagga")}));
  ASSERT_TRUE(replica->erase("c"));
  EXPECT_EQ(store_->run("SELECT documents || '/' || chunks || '/' || length FROM ragd.corpus"),
            store_->run("SELECT (SELECT count(*) FROM ragd.documents) || '/' || count(*) || '/' || sum(length) "
                        "FROM ragd.chunks"));
  EXPECT_EQ(store_->run("SELECT count(*) FROM (SELECT word, chunks FROM ragd.words EXCEPT SELECT w, count(*) FROM "
                        "ragd.chunks, unnest(tsvector_to_array(words)) w GROUP BY w) x"),
            "0");
  EXPECT_EQ(store_->run("SELECT count(*) FROM ragd.words WHERE word IN ('lion', 'okapi')"), "0") << "none holds them";
  EXPECT_EQ(store_->run("SELECT sum(chunks) FROM ragd.coverage"), store_->run("SELECT count(*) FROM ragd.embeddings"));
}

TEST_F(Pgvector, RefusesWhatItsTextCannotHold) {
  const auto replica = std::make_unique<PgvectorReplica>(store_->url(), Opening{});
  const auto put = replica->put({document("a", std::string("ze\0bra", 6))});
  ASSERT_TRUE(put.has_error());
  EXPECT_EQ(put.error().code, Errc::unprocessable);
  EXPECT_THAT(put.error().hint, HasSubstr("NUL"));
  ASSERT_TRUE(replica->put({document("a", "zebra", R"({"k":"x\u0000y"})")})) << "metadata may: they are escaped";
  EXPECT_EQ(replica->found("zebra", {{"k", {MetadataValue(std::string("x\0y", 3))}, {}, {}}}), Ids{"a"});
  EXPECT_EQ(replica->erase(std::string("a\0b", 3)).error().code, Errc::not_found) << "not a";
  EXPECT_EQ(replica->get(std::string("a\0b", 3)).error().code, Errc::not_found);
}

}  // namespace
}  // namespace ragd::conformance
