#include "rag/pipeline.hpp"

#include "rag/harness.hpp"

#include <gtest/gtest.h>

namespace ragd::rag {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct PipelineTest : testing::Test, Harness {
  PipelineTest() { retriever.write("apple", "apples are red"); }
};

TEST_F(PipelineTest, ComputesAnAnswerOnceAndServesItFromTheCacheAfterwards) {
  const auto first = ask("apples");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->status, CacheStatus::miss);
  EXPECT_FALSE(first->cached);
  EXPECT_EQ(first->ttl_ms, 3'600'000);
  EXPECT_EQ(text_of(first), "[1] apples are red");
  clock.advance(seconds(90));
  const auto second = ask("apples");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, CacheStatus::hit);
  EXPECT_TRUE(second->cached);
  EXPECT_EQ(second->age_ms, 90'000);
  EXPECT_EQ(second->ttl_ms, 3'510'000);
  EXPECT_EQ(*second->version, "store-1");
  EXPECT_EQ(second->answer, first->answer) << "the very same bytes";
  EXPECT_EQ(llm.calls, 1);
  EXPECT_EQ(retriever.calls, 1);
  EXPECT_EQ(metrics.cache_hits.value(), 1U);
  EXPECT_EQ(metrics.cache_misses.value(), 1U);
  EXPECT_EQ(metrics.cache_requests.value(CacheStatus::hit), 1U);
  EXPECT_EQ(metrics.cache_requests.value(CacheStatus::miss), 1U);
}

TEST_F(PipelineTest, FindsOnDiskWhatMemoryHasLetGoOf) {
  cache.cold = true;
  ASSERT_TRUE(ask("apples"));
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
  EXPECT_EQ(llm.calls, 1);
}

TEST_F(PipelineTest, AnswersAnewAfterAWriteThatTouchesTheAnswer) {
  ASSERT_TRUE(ask("apples"));
  retriever.write("apple", "apples are green");
  const auto reply = ask("apples");
  EXPECT_EQ(reply->status, CacheStatus::miss);
  EXPECT_EQ(text_of(reply), "[1] apples are green");
  EXPECT_EQ(llm.calls, 2);
}

TEST_F(PipelineTest, RevalidatesWithoutTheModelAfterAWriteThatDoesNotTouchTheAnswer) {
  const auto first = ask("apples");
  clock.advance(seconds(60));
  retriever.write("pear", "pears are yellow");
  const auto second = ask("apples");
  EXPECT_EQ(second->status, CacheStatus::revalidated);
  EXPECT_TRUE(second->cached);
  EXPECT_EQ(*second->version, "store-2");
  EXPECT_EQ(second->age_ms, 60'000);
  EXPECT_EQ(second->ttl_ms, 3'540'000);
  EXPECT_EQ(second->answer->json, first->answer->json);
  const auto third = ask("apples");
  EXPECT_EQ(third->status, CacheStatus::hit) << "the entry moved to the new version";
  EXPECT_EQ(third->age_ms, 60'000);
  EXPECT_EQ(third->ttl_ms, 3'540'000);
  EXPECT_EQ(llm.calls, 1);
  EXPECT_EQ(retriever.calls, 2);
  EXPECT_EQ(metrics.cache_hits.value(), 2U);
  EXPECT_EQ(metrics.cache_requests.value(CacheStatus::revalidated), 1U);
}

TEST_F(PipelineTest, StopsCitingADeletedDocument) {
  ASSERT_TRUE(ask("apples"));
  retriever.erase("apple");
  const auto reply = ask("apples");
  EXPECT_TRUE(reply->no_answer);
  EXPECT_EQ(text_of(reply), kNoAnswerText);
}

TEST_F(PipelineTest, StoresAnHonestNoAnswerLikeAnAnswer) {
  const auto first = ask("quinces");
  EXPECT_TRUE(first->no_answer);
  EXPECT_EQ(first->status, CacheStatus::miss);
  EXPECT_EQ(llm.calls, 0) << "nothing retrieved: nothing to ask the model";
  const auto second = ask("quinces");
  EXPECT_TRUE(second->no_answer);
  EXPECT_EQ(second->status, CacheStatus::hit);
  retriever.write("quince", "quinces are hard");
  EXPECT_EQ(text_of(ask("quinces")), "[1] quinces are hard");
}

TEST_F(PipelineTest, TakesAnAnswererThatFindsNothingForNoAnswer) {
  llm.silent = true;
  EXPECT_TRUE(ask("apples")->no_answer);
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
}

TEST_F(PipelineTest, DoesNotStoreATruncatedAnswer) {
  llm.complete = false;
  const auto reply = ask("apples");
  EXPECT_EQ(text_of(reply), "[1] apples are red");
  EXPECT_EQ(reply->ttl_ms, 0);
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
  EXPECT_EQ(cache.puts, 0);
}

TEST_F(PipelineTest, DoesNotStoreAFailureOfTheRetrieverOrTheModel) {
  retriever.failure = fail(Errc::unavailable, "down");
  EXPECT_EQ(ask("apples").error().code, Errc::unavailable);
  retriever.failure.reset();
  llm.failure = fail(Errc::unavailable, "down");
  EXPECT_EQ(ask("apples").error().code, Errc::unavailable);
  llm.failure.reset();
  EXPECT_EQ(cache.puts, 0);
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
  EXPECT_EQ(permits.in_use(), 0U);
}

TEST_F(PipelineTest, TurnsAnExceptionIntoAnInternalErrorAndGoesOn) {
  llm.throws = true;
  const auto reply = ask("apples");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::internal);
  EXPECT_EQ(reply.error().detail, "a bug in the answerer");
  llm.throws = false;
  EXPECT_TRUE(ask("apples"));
  EXPECT_EQ(permits.in_use(), 0U);
}

TEST_F(PipelineTest, RefreshReadsNothingAndWrites) {
  ASSERT_TRUE(ask("apples"));
  EXPECT_EQ(ask(question("apples", CacheMode::refresh))->status, CacheStatus::miss);
  EXPECT_EQ(llm.calls, 2);
  EXPECT_EQ(cache.puts, 2);
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
}

TEST_F(PipelineTest, BypassNeitherReadsNorWrites) {
  const auto reply = ask(question("apples", CacheMode::bypass));
  EXPECT_EQ(reply->status, CacheStatus::bypass);
  EXPECT_EQ(reply->ttl_ms, 0);
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
  EXPECT_EQ(ask(question("apples", CacheMode::bypass))->status, CacheStatus::bypass);
  EXPECT_EQ(llm.calls, 3);
  EXPECT_EQ(cache.puts, 1);
  EXPECT_EQ(metrics.cache_misses.value(), 1U) << "a bypass looks nothing up";
}

TEST_F(PipelineTest, ServesNoCachedAnswerWhileTheVersionCannotBeRead) {
  ASSERT_TRUE(ask("apples"));
  retriever.version_failure = fail(Errc::unavailable, "down");
  const auto reply = ask("apples");
  EXPECT_EQ(reply->status, CacheStatus::miss);
  EXPECT_EQ(llm.calls, 2);
}

TEST_F(PipelineTest, AsksForTheVersionOnceAQuestionWhereItIsNotKnown) {
  retriever.is_remote = true;
  ASSERT_TRUE(ask("apples"));
  EXPECT_EQ(retriever.version_reads, 1);
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
  EXPECT_EQ(retriever.version_reads, 2) << "nothing is a hit by a version read before the question";
  retriever.write("apple", "apples are green");
  EXPECT_EQ(text_of(ask("apples")), "[1] apples are green");
  retriever.version_failure = fail(Errc::unavailable, "down");
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
}

TEST_F(PipelineTest, MarksWhatADegradedSearchFoundAndDoesNotKeepIt) {
  retriever.degraded = true;
  const auto reply = ask("apples");
  EXPECT_NE(reply->answer->json.find(R"("degraded":true)"), std::string::npos);
  EXPECT_EQ(reply->ttl_ms, 0);
  EXPECT_EQ(cache.puts, 0);
  retriever.degraded = false;
  const auto whole = ask("apples");
  EXPECT_EQ(whole->status, CacheStatus::miss);
  EXPECT_NE(whole->answer->json.find(R"("degraded":false)"), std::string::npos);
}

TEST_F(PipelineTest, AdoptsNothingOnTheWordOfADegradedSearch) {
  ASSERT_TRUE(ask("apples"));
  retriever.write("pear", "pears are yellow");
  retriever.degraded = true;
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
  retriever.degraded = false;
  EXPECT_EQ(ask("apples")->status, CacheStatus::revalidated);
}

TEST_F(PipelineTest, ExpiresAnswersAfterTheirTtl) {
  ASSERT_TRUE(ask("apples"));
  clock.advance(minutes(59));
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
  clock.advance(minutes(1));
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
}

TEST_F(PipelineTest, DoesNotProlongAnAnswerByRevalidatingIt) {
  ASSERT_TRUE(ask("apples"));
  clock.advance(minutes(59));
  retriever.write("pear", "pears are yellow");
  EXPECT_EQ(ask("apples")->status, CacheStatus::revalidated);
  clock.advance(minutes(1));
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
}

TEST_F(PipelineTest, UsesANewTtlForAnswersFromThenOn) {
  pipeline->set_ttl(seconds(5));
  EXPECT_EQ(ask("apples")->ttl_ms, 5000);
  pipeline->set_ttl(seconds(0));
  EXPECT_EQ(ask("pears")->ttl_ms, 0);
  EXPECT_EQ(cache.puts, 1);
}

TEST_F(PipelineTest, FoldsCaseForTheExtractiveAnswererAlone) {
  ASSERT_TRUE(ask("Apples apples"));
  EXPECT_EQ(ask("apples APPLES")->status, CacheStatus::miss);
  llm.kind = "extractive";
  llm.tag = "another prompt";
  ASSERT_TRUE(ask("Apples apples"));
  EXPECT_EQ(ask("apples APPLES")->status, CacheStatus::hit);
  settings.fold_case = Toggle::off;
  make();
  EXPECT_EQ(ask("aPples apples")->status, CacheStatus::miss);
  settings.fold_case = Toggle::on;
  make();
  llm.kind = "llm";
  ASSERT_TRUE(ask("red"));
  EXPECT_EQ(ask("RED")->status, CacheStatus::hit);
}

TEST_F(PipelineTest, TakesQuestionsForTheSameThatDifferInSpacesAlone) {
  ASSERT_TRUE(ask("apples  are\tred"));
  EXPECT_EQ(ask(" apples are red ")->status, CacheStatus::hit);
}

TEST_F(PipelineTest, KeysByTheSettingsOfRetrievalPromptAndModel) {
  ASSERT_TRUE(ask("apples"));
  retriever.tag = "other";
  make();
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
  llm.tag = "other";
  make();
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
  llm.name = "other";
  make();
  EXPECT_EQ(ask("apples")->status, CacheStatus::miss);
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
}

TEST_F(PipelineTest, TreatsTheConfiguredTopKLikeTheSameNumberAskedFor) {
  ASSERT_TRUE(ask("apples"));
  Question explicit_k = question("apples");
  explicit_k.top_k = settings.top_k;
  EXPECT_EQ(ask(explicit_k)->status, CacheStatus::hit);
  explicit_k.top_k = 1;
  EXPECT_EQ(ask(explicit_k)->status, CacheStatus::miss);
}

TEST_F(PipelineTest, NeverSharesAnAnswerBetweenTenants) {
  retriever.write("apple", "apples are blue", "acme");
  EXPECT_EQ(text_of(ask("apples")), "[1] apples are red");
  const auto other = ask(question("apples"), context_at(clock, hours(1), "acme"));
  EXPECT_EQ(other->status, CacheStatus::miss);
  EXPECT_EQ(text_of(other), "[1] apples are blue");
  EXPECT_EQ(other->answer->tenant, "acme");
}

TEST_F(PipelineTest, ServesHitsWithoutAPermitAndNothingElse) {
  ASSERT_TRUE(ask("apples"));
  permits.set_max(0);
  EXPECT_EQ(ask("apples")->status, CacheStatus::hit);
  EXPECT_EQ(ask("pears").error().code, Errc::overloaded);
  EXPECT_EQ(ask(question("apples", CacheMode::bypass)).error().code, Errc::overloaded);
  EXPECT_EQ(ask(question("apples", CacheMode::refresh)).error().code, Errc::overloaded);
  const auto search = fakes::run_task(io, pipeline->search(context_at(clock), {"apples", 0, {}}));
  EXPECT_EQ(search.error().code, Errc::overloaded);
}

TEST_F(PipelineTest, SearchesWithTheConfiguredTopK) {
  for (int i = 0; i < 9; ++i) retriever.write("apple" + std::to_string(i), "apples galore");
  const RequestContext context = context_at(clock);
  const auto found = fakes::run_task(io, pipeline->search(context, {" apples ", 0, {}}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->passages.size(), 5U);
  EXPECT_EQ(found->version, "store-10");
  EXPECT_EQ(llm.calls, 0);
  EXPECT_EQ(permits.in_use(), 0U);
}

TEST_F(PipelineTest, ServesAnswersWithoutACacheThatFails) {
  cache.get_failure = fail(Errc::unavailable, "broken");
  cache.put_failure = fail(Errc::unavailable, "broken");
  EXPECT_EQ(text_of(ask("apples")), "[1] apples are red");
  EXPECT_EQ(text_of(ask("apples")), "[1] apples are red");
  EXPECT_EQ(llm.calls, 2);
}

TEST_F(PipelineTest, ServesARevalidatedAnswerThatTheCacheCouldNotMove) {
  ASSERT_TRUE(ask("apples"));
  retriever.write("pear", "pears are yellow");
  cache.put_failure = fail(Errc::unavailable, "broken");
  const auto reply = ask("apples");
  EXPECT_EQ(reply->status, CacheStatus::revalidated);
  EXPECT_EQ(*reply->version, "store-2");
  EXPECT_EQ(text_of(reply), "[1] apples are red");
}

TEST_F(PipelineTest, StartsNothingForAQuestionWhoseTimeIsOver) {
  const auto late = ask(question("apples"), context_at(clock, seconds(0)));
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  EXPECT_EQ(retriever.calls, 0);
}

TEST_F(PipelineTest, GivesAFlightItsOwnDeadline) {
  ASSERT_TRUE(ask(question("apples"), context_at(clock, hours(5))));
  EXPECT_EQ(retriever.last_deadline, clock.steady_now() + settings.request_timeout);
}

TEST_F(PipelineTest, TellsHowLongTheStagesTook) {
  const auto reply = ask("apples");
  const auto took = [&](obs::Stage stage) { return reply->times[static_cast<std::size_t>(stage)].count(); };
  EXPECT_GT(took(obs::Stage::cache_lookup), 0);
  EXPECT_GT(took(obs::Stage::retrieve), 0);
  EXPECT_GT(took(obs::Stage::generate), 0);
  EXPECT_GT(took(obs::Stage::cache_store), 0);
  EXPECT_EQ(metrics.stage_duration.at(obs::Stage::generate).snapshot().cumulative.back(), 1U);
  EXPECT_EQ(metrics.retrieved_documents.snapshot().sum, 1.0);
  EXPECT_EQ(metrics.citations_per_answer.snapshot().sum, 1.0);
}

}  // namespace
}  // namespace ragd::rag
