// What the pgvector backend does without a PostgreSQL. Against a real one: tests/conformance.
#include "fakes/run_task.hpp"
#include "fakes/scripted_server.hpp"
#include "obs/metrics.hpp"
#include "retrieval/pgvector/database.hpp"
#include "retrieval/pgvector/filter_sql.hpp"
#include "retrieval/pgvector/lexemes.hpp"
#include "retrieval/pgvector/searching.hpp"
#include "retrieval/pgvector/sql_errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace ragd::retrieval::pgvector {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(PostgresUrl, IsReadAsLibpqReadsIt) {
  const auto url = PostgresUrl::parse("postgresql://me:se%3Acret@db.example:6432/corpus?sslmode=verify-full");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "db.example");
  EXPECT_EQ(url->port, "6432");
  EXPECT_EQ(url->origin, "postgresql://db.example:6432/corpus");
  EXPECT_THAT(url->options, testing::Contains(testing::Pair("password", "se:cret")));
  EXPECT_THAT(url->options, testing::Contains(testing::Pair("sslmode", "verify-full")));
  EXPECT_EQ(PostgresUrl::parse("postgres://[::1]/x")->origin, "postgresql://[::1]:5432/x");
  EXPECT_TRUE(PostgresUrl::parse("postgresql:///x?host=/run/postgresql")->is_local());
}

TEST(PostgresUrl, IsRefusedWithoutRepeatingIt) {
  for (const char* const bad : {"", "db.example", "https://me:secret@db/x", "postgresql://me:sec%zzret@db/x",
                                "postgresql://me:secret@db/x?secret=1", "postgresql://me:secret@/x",
                                "postgresql://me:secret@one,two/x", "host=db password=secret"}) {
    const auto url = PostgresUrl::parse(bad);
    ASSERT_FALSE(url) << bad;
    EXPECT_THAT(url.error().detail, Not(HasSubstr("sec"))) << bad;
  }
}

TEST(Statement, KeepsValuesOutOfTheSql) {
  Statement statement("SELECT ");
  statement.bind("'; DROP TABLE x; --") << ", ";
  statement.bind("b");
  EXPECT_EQ(statement.sql(), "SELECT $1, $2");
  EXPECT_EQ(statement.values().at(0), "'; DROP TABLE x; --");
}

TEST(Statement, SpellsArraysAndVectors) {
  EXPECT_EQ(array_of(std::vector<std::string>{}), "{}");
  EXPECT_EQ(array_of(std::vector<std::string>{R"(a"b\c)", "", "NULL", "d,{e}"}), R"({"a\"b\\c","","NULL","d,{e}"})");
  EXPECT_EQ(array_of(std::vector<int>{1, -2}), "{1,-2}");
  EXPECT_EQ(vector_text({1.0F, -0.5F, 0.1F}), "[1,-0.5,0.1]");
}

TEST(Lexemes, CountTitlesTwiceAndQuoteWhatPostgresWouldRead) {
  const ChunkWords words = words_of_chunk("Zebra", "zebras", "A zebra and lions");
  EXPECT_EQ(words.vector, "'lion':1 'zebra':1,2,3,4 ");
  EXPECT_EQ(words.length, 5U);
  EXPECT_EQ(quoted(R"(it's \ x)"), R"('it''s \\ x')");
}

TEST(Lexemes, AreNeverTooLongForPostgres) {
  const std::string huge(600, 'x');
  EXPECT_EQ(lexeme_of(huge).size(), 65U);
  EXPECT_NE(lexeme_of(huge), lexeme_of(huge + "x"));
  EXPECT_EQ(lexeme_of("zebra"), "zebra");
}

TEST(Lexemes, OfAQueryAreDistinctAndCounted) {
  const auto words = words_of_query("What zebras, zebra or lion?", true);
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[0].times, 2);
  EXPECT_EQ(any_of(words), "'zebra' | 'lion'");
}

TEST(FilterSql, HoldsEveryFieldAndValueAsAParameter) {
  Statement statement("SELECT");
  const MetadataValue evil{std::string("'); DROP")};
  append_filter(statement, {{"f' OR 1=1", {evil, MetadataValue(true)}, {}, {}}, {"n", {}, MetadataValue(1.5), evil}},
                "k");
  EXPECT_THAT(statement.sql(), Not(HasSubstr("DROP")));
  EXPECT_THAT(statement.sql(), Not(HasSubstr("1=1")));
  EXPECT_EQ(statement.values().size(), 5U);
  EXPECT_EQ(statement.values().at(0), R"({"f' OR 1=1":["'); DROP"]})");
}

TEST(FilterSql, WritesFieldsAsLists) {
  EXPECT_EQ(fields_json({}), "{}");
  EXPECT_EQ(fields_json({{"a", 1.0}, {"a", std::string("x\"")}, {"b", false}, {"z", -0.0}}),
            R"({"a":[1,"x\""],"b":[false],"z":[0]})");
  EXPECT_THAT(fields_json({{"a", std::string("x\0y", 3)}}), Not(HasSubstr("u0000"))) << "jsonb refuses it";
}

TEST(SqlErrors, TellWhatPassesFromWhatDoesNot) {
  EXPECT_EQ(errc_of("57P01"), Errc::unavailable);
  EXPECT_EQ(errc_of("57P03"), Errc::unavailable);
  EXPECT_EQ(errc_of("40P01"), Errc::unavailable);
  EXPECT_EQ(errc_of("53300"), Errc::unavailable);
  EXPECT_EQ(errc_of("25006"), Errc::unavailable);
  EXPECT_EQ(errc_of("53100"), Errc::storage_full);
  EXPECT_EQ(errc_of("57014"), Errc::deadline_exceeded);
  EXPECT_EQ(errc_of("42P01"), Errc::internal);
}

TEST(Vectors, AreIndexedAsHalvesWhereTheyAreLong) {
  EXPECT_EQ(as_indexed("e", 2000), "e::vector(2000)");
  EXPECT_EQ(as_indexed("e", 3072), "e::halfvec(3072)");
  EXPECT_EQ(as_indexed("e", 4096), "e::vector(4096)");
  EXPECT_FALSE(has_index(4096));
}

/// A database on one core, at a server that is none.
class Unreachable : public testing::Test {
 protected:
  void connect_to(const std::string& http_url, const DatabaseSettings& settings) {
    const std::string url = "postgresql://me:secret@" + http_url.substr(http_url.find("//") + 2) + "/x";
    database_.emplace(std::vector{&io_}, PostgresUrl::parse(url).value(), settings,
                      obs::UpstreamRecorder(metrics_.upstreams, obs::Upstream::vector_db));
  }
  Task<Result<AllRows>> ask(milliseconds time) {
    const auto work = [](Connection& connection, SteadyTime deadline) {
      return connection.run({Statement("SELECT 1")}, deadline);
    };
    const Effort effort{std::chrono::steady_clock::now() + time, true, true};
    co_return co_await database_->run(effort, work);
  }
  [[nodiscard]] bool counted(const std::string& line) const { return metrics_.text().find(line) != std::string::npos; }

  boost::asio::io_context io_{1};
  obs::Metrics metrics_;
  std::optional<Database> database_;
};

TEST_F(Unreachable, ServersThatNeverAnswerCostTheDeadline) {
  const fakes::ScriptedServer hanging([](fakes::Peer& peer, std::size_t /*n*/) { peer.wait_for_close(); });
  connect_to(hanging.url(), {});
  const auto answer = fakes::run_task(io_, ask(milliseconds(50)));
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().code, Errc::deadline_exceeded);
  EXPECT_THAT(answer.error().detail, StartsWith("cannot reach postgresql://127.0.0.1:"));
  EXPECT_TRUE(counted(R"(rag_upstream_requests_total{upstream="vector_db",outcome="timeout"} 1)"));
}

TEST_F(Unreachable, ServersHoldNobodyUpWhenRagdEnds) {
  const fakes::ScriptedServer hanging([](fakes::Peer& peer, std::size_t /*n*/) { peer.wait_for_close(); });
  DatabaseSettings settings;
  settings.connections = 2;  // one of them to read
  connect_to(hanging.url(), settings);
  const milliseconds long_time(600'000);
  const auto connecting = fakes::spawn(io_, ask(long_time));
  const auto waiting = fakes::spawn(io_, ask(long_time));
  io_.poll();
  database_->close();
  io_.run();
  EXPECT_EQ((*connecting)->error().code, Errc::canceled);
  EXPECT_EQ((*waiting)->error().code, Errc::canceled);
  EXPECT_EQ(fakes::run_task(io_, ask(long_time)).error().code, Errc::canceled) << "nor who comes later";
}

TEST_F(Unreachable, ServersAreUnavailableWhenTheAttemptsOwnTimeIsUp) {
  const fakes::ScriptedServer hanging([](fakes::Peer& peer, std::size_t /*n*/) { peer.wait_for_close(); });
  DatabaseSettings settings;
  settings.timeout = milliseconds(20);
  settings.retry.max_attempts = 1;
  connect_to(hanging.url(), settings);
  EXPECT_EQ(fakes::run_task(io_, ask(milliseconds(60'000))).error().code, Errc::unavailable);
  EXPECT_EQ(database_->prepare().error().code, Errc::deadline_exceeded);
}

TEST_F(Unreachable, ServersThatSpeakGarbageAreAnErrorWithoutThePassword) {
  const fakes::ScriptedServer garbage(
      [](fakes::Peer& peer, std::size_t /*n*/) { peer.send("HTTP/1.1 400 No\r\n\r\n"); });
  connect_to(garbage.url(), {});
  const auto answer = fakes::run_task(io_, ask(milliseconds(10'000)));
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_THAT(answer.error().detail, Not(HasSubstr("secret")));
  EXPECT_THAT(answer.error().detail, Not(HasSubstr("\n")));
}

TEST_F(Unreachable, ServersAreLeftAloneOnceTheyFailedOften) {
  std::string url;
  {
    const fakes::ScriptedServer gone([](fakes::Peer& /*peer*/, std::size_t /*n*/) {});
    url = gone.url();
  }
  DatabaseSettings settings;
  settings.breaker.min_requests = 3;
  settings.retry.max_attempts = 1;
  connect_to(url, settings);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(fakes::run_task(io_, ask(milliseconds(10'000))).error().detail, StartsWith("cannot reach"));
  }
  EXPECT_THAT(fakes::run_task(io_, ask(milliseconds(10'000))).error().detail, HasSubstr("left alone"));
  EXPECT_TRUE(counted(R"(rag_upstream_requests_total{upstream="vector_db",outcome="error"} 3)"));
  EXPECT_TRUE(counted(R"(rag_circuit_breaker_open{upstream="vector_db"} 1)"));
  database_.reset();
  EXPECT_TRUE(counted(R"(rag_circuit_breaker_open{upstream="vector_db"} 0)"));
}

TEST_F(Unreachable, ServersAreTriedAgainWhereThatDoesNoHarm) {
  std::string url;
  {
    const fakes::ScriptedServer gone([](fakes::Peer& /*peer*/, std::size_t /*n*/) {});
    url = gone.url();
  }
  connect_to(url, {});
  EXPECT_TRUE(fakes::run_task(io_, ask(milliseconds(10'000))).has_error());
  EXPECT_TRUE(counted(R"(rag_upstream_retries_total{upstream="vector_db"} 2)"));
}

}  // namespace
}  // namespace ragd::retrieval::pgvector
