#include "embed/openai_embedder.hpp"

#include "fakes/fake_embeddings.hpp"
#include "fakes/run_task.hpp"
#include "obs/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace ragd::embed {
namespace {

using fakes::FakeEmbeddings;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

SteadyTime soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(20);
}

class OpenAiEmbedderTest : public testing::Test {
 protected:
  ~OpenAiEmbedderTest() override {
    embedder_.reset();
    pool_.join();
  }

  OpenAiEmbedder& make(EmbeddingsSettings settings = {}) {
    embedder_.reset();
    settings.url = server_.url();
    if (settings.model.empty()) settings.model = "test-model";
    embedder_ = OpenAiEmbedder::make(settings, {&io_}, pool_, metrics_.upstreams).value();
    return *embedder_;
  }

  Result<Embedded> embed(std::vector<std::string> texts, EmbeddingUse use = EmbeddingUse::passage,
                         SteadyTime deadline = soon()) {
    return fakes::run_until_done(io_, embedder_->embed(deadline, std::move(texts), use));
  }
  Error failure(std::vector<std::string> texts = {"a"}) {
    const auto embedded = embed(std::move(texts));
    EXPECT_TRUE(embedded.has_error());
    return embedded.has_error() ? embedded.error() : Error{};
  }
  Result<void> ping() { return fakes::run_until_done(io_, embedder_->ping()); }

  obs::Metrics metrics_;
  FakeEmbeddings server_{16};
  boost::asio::io_context io_{1};
  boost::asio::thread_pool pool_{1};
  std::unique_ptr<OpenAiEmbedder> embedder_;
};

void expect_vectors(const Result<Embedded>& embedded, const std::vector<std::string>& texts, std::size_t dimension) {
  ASSERT_TRUE(embedded.has_value()) << embedded.error().detail;
  ASSERT_EQ(embedded->vectors.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Vector expected = FakeEmbeddings::vector_of(texts[i], dimension);
    EXPECT_THAT(embedded->vectors[i], testing::Pointwise(testing::FloatNear(1e-5F), expected)) << texts[i];
  }
}

TEST_F(OpenAiEmbedderTest, EmbedsTextsInTheirOrder) {
  make();
  const std::vector<std::string> texts{"red apples", "green apples", "a bicycle"};
  const auto embedded = embed(texts);
  expect_vectors(embedded, texts, 16);
  EXPECT_EQ(embedded->usage.prompt_tokens, 31U);
  EXPECT_EQ(embedder_->dimension(), 16U);
}

TEST_F(OpenAiEmbedderTest, TakesNumbersAndAnyOrder) {
  make();
  server_.floats = true;
  server_.reversed = true;
  const std::vector<std::string> texts{"one", "two", "three"};
  expect_vectors(embed(texts), texts, 16);
}

TEST_F(OpenAiEmbedderTest, ReadsLargeAnswersOnThePool) {
  make();
  server_.answered_dimension = 1536;
  server_.floats = true;
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) texts.push_back("text " + std::to_string(i));
  expect_vectors(embed(texts), texts, 1536);
}

TEST_F(OpenAiEmbedderTest, EmbedsNothingWithoutARequest) {
  make();
  EXPECT_THAT(embed({})->vectors, SizeIs(0));
  EXPECT_THAT(server_.requests(), SizeIs(0));
}

TEST_F(OpenAiEmbedderTest, SendsBatchesWithinTheLimits) {
  EmbeddingsSettings settings;
  settings.batch_size = 3;
  settings.batch_bytes = 10;
  make(settings);
  const std::vector<std::string> texts{"a", "b", "c", "d", "1234567890 is long", "e", "12345", "67890", "another", "f"};
  const auto embedded = embed(texts);
  expect_vectors(embedded, texts, 16);
  std::vector<std::string> inputs;
  for (const std::string& request : server_.requests()) {
    const std::size_t begin = request.find("\"input\":") + 8;
    inputs.push_back(request.substr(begin, request.find(",\"encoding_format\"") - begin));
  }
  EXPECT_THAT(inputs, testing::ElementsAre(R"(["a","b","c"])", R"(["d"])", R"(["1234567890 is long"])",
                                           R"(["e","12345"])", R"(["67890"])", R"(["another","f"])"));
  EXPECT_EQ(embedded->usage.prompt_tokens, 41U);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(OpenAiEmbedderTest, TellsTheModelWhatATextIsFor) {
  EmbeddingsSettings settings;
  settings.query_prefix = "query: ";
  settings.passage_prefix = "passage: ";
  make(settings);
  expect_vectors(embed({"x"}, EmbeddingUse::query), {"query: x"}, 16);
  expect_vectors(embed({"x"}, EmbeddingUse::passage), {"passage: x"}, 16);
}

TEST_F(OpenAiEmbedderTest, AsksForTheDimensionsThatAreSet) {
  EmbeddingsSettings settings;
  settings.dimensions = 8;
  make(settings);
  EXPECT_EQ(embedder_->dimension(), 8U);
  expect_vectors(embed({"x"}), {"x"}, 8);
  server_.answered_dimension = 16;
  EXPECT_THAT(failure().detail, HasSubstr("vectors of 16 dimensions came where 8 were expected"));
}

TEST_F(OpenAiEmbedderTest, RefusesVectorsOfAnotherDimensionThanBefore) {
  make();
  expect_vectors(embed({"x"}), {"x"}, 16);
  server_.answered_dimension = 24;
  const Error refused = failure();
  EXPECT_EQ(refused.code, Errc::unavailable);
  EXPECT_THAT(refused.detail, HasSubstr("vectors of 24 dimensions came where 16 were expected"));
}

TEST_F(OpenAiEmbedderTest, ShowsItsKeyToTheServerAndToNobodyElse) {
  EmbeddingsSettings settings;
  settings.api_key = "sk-very-secret";
  make(settings);
  server_.answer_next_with(FakeEmbeddings::answer(401, R"({"error":{"message":"bad key sk-very-secret"}})"));
  const Error refused = failure();
  EXPECT_EQ(refused.code, Errc::unavailable);
  EXPECT_THAT(refused.detail, HasSubstr("refuses embeddings.api_key (status 401)"));
  EXPECT_THAT(refused.detail + refused.hint + embedder_->tag(), Not(HasSubstr("sk-very-secret")));
  EXPECT_THAT(server_.requests(), Each(HasSubstr("Authorization: Bearer sk-very-secret\r\n")));
}

TEST_F(OpenAiEmbedderTest, SendsNoKeyWhenThereIsNone) {
  make();
  expect_vectors(embed({"x"}), {"x"}, 16);
  EXPECT_THAT(server_.requests(), Each(Not(HasSubstr("Authorization"))));
}

TEST_F(OpenAiEmbedderTest, TellsTextsThatAreRefusedFromAServerInTrouble) {
  make();
  for (const unsigned status : {400U, 413U, 422U}) {
    server_.answer_next_with(FakeEmbeddings::answer(status, "{}"));
    EXPECT_EQ(failure().code, Errc::unprocessable) << status;
  }
  for (const unsigned status : {307U, 403U, 404U, 501U}) {
    server_.answer_next_with(FakeEmbeddings::answer(status, "{}"));
    EXPECT_EQ(failure().code, Errc::unavailable) << status;
  }
  EXPECT_THAT(server_.requests(), SizeIs(7)) << "none of them was sent again";
}

TEST_F(OpenAiEmbedderTest, TriesAgainWhenTheServerIsBusy) {
  make();
  server_.answer_next_with(FakeEmbeddings::answer(503, "{}"));
  server_.answer_next_with(FakeEmbeddings::answer(429, "{}", "Retry-After: 0\r\n"));
  expect_vectors(embed({"x"}), {"x"}, 16);
  EXPECT_THAT(server_.requests(), SizeIs(3));
  EXPECT_EQ(embedder_->stats().retries, 2U);
}

TEST_F(OpenAiEmbedderTest, IsCountedAsEmbeddings) {
  make();
  server_.answer_next_with(FakeEmbeddings::answer(400, "{}"));
  EXPECT_EQ(failure().code, Errc::unprocessable);
  expect_vectors(embed({"x"}), {"x"}, 16);
  EXPECT_TRUE(ping().has_value()) << "a check of its own, which counts with the checks";
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("rag_upstream_requests_total{upstream=\"embeddings\",outcome=\"success\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rag_upstream_requests_total{upstream=\"embeddings\",outcome=\"error\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("rag_upstream_requests_total{upstream=\"llm\",outcome=\"success\"} 0\n"));
}

TEST_F(OpenAiEmbedderTest, SaysInWhatWayAnAnswerIsGarbage) {
  make();
  server_.answer_next_with(FakeEmbeddings::answer(200, "<html>"));
  const Error garbage = failure();
  EXPECT_EQ(garbage.code, Errc::unavailable);
  EXPECT_THAT(garbage.detail, HasSubstr(": the answer is not JSON"));
  server_.answer_next_with(FakeEmbeddings::answer(200, R"({"data":[{"embedding":[1)"));
  EXPECT_THAT(failure().detail, HasSubstr("is not JSON"));
}

TEST_F(OpenAiEmbedderTest, FailsAsAWholeWhenOneBatchFails) {
  EmbeddingsSettings settings;
  settings.batch_size = 1;
  make(settings);
  expect_vectors(embed({"x"}), {"x"}, 16);
  server_.answer_next_with(FakeEmbeddings::answer(400, "{}"));
  EXPECT_EQ(failure({"a", "b"}).code, Errc::unprocessable);
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(OpenAiEmbedderTest, KeepsTheCallersDeadline) {
  make();
  const auto late = embed({"x"}, EmbeddingUse::query, std::chrono::steady_clock::now());
  ASSERT_TRUE(late.has_error());
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
}

TEST_F(OpenAiEmbedderTest, TagsVectorsByAllThatChangesThem) {
  EmbeddingsSettings settings;
  settings.model = "a";
  std::vector<std::string> tags{make(settings).tag()};
  EXPECT_EQ(make(settings).tag(), tags[0]);
  settings.dimensions = 8;
  tags.push_back(make(settings).tag());
  settings.query_prefix = "p";
  tags.push_back(make(settings).tag());
  std::swap(settings.query_prefix, settings.passage_prefix);
  tags.push_back(make(settings).tag());
  settings.model = "b";
  tags.push_back(make(settings).tag());
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(std::adjacent_find(tags.begin(), tags.end()), tags.end());
}

TEST_F(OpenAiEmbedderTest, IsWellWhenTheServerAnswersAtAll) {
  make();
  EXPECT_TRUE(ping().has_value());
  EXPECT_THAT(server_.requests().back(), testing::StartsWith("GET /v1/models "));
  server_.answer_next_with(FakeEmbeddings::answer(404, "{}"));
  EXPECT_TRUE(ping().has_value()) << "not every server lists its models";
  server_.answer_next_with(FakeEmbeddings::answer(401, "{}"));
  EXPECT_THAT(ping().error().detail, HasSubstr("embeddings.api_key"));
  server_.answer_next_with(FakeEmbeddings::answer(503, "{}"));
  EXPECT_TRUE(ping().has_error());
}

TEST_F(OpenAiEmbedderTest, SaysWhichSettingIsWrong) {
  const auto refusal = [this](const EmbeddingsSettings& settings) {
    const auto made = OpenAiEmbedder::make(settings, {&io_}, pool_, metrics_.upstreams);
    return made.has_error() ? made.error().detail : "it was accepted";
  };
  EmbeddingsSettings settings;
  settings.url = "localhost:11434";
  EXPECT_THAT(refusal(settings), testing::StartsWith("embeddings.url: does not begin with"));
  settings.url = "https://localhost/v1";
  settings.api_key = "secret\n";
  EXPECT_THAT(refusal(settings), testing::StartsWith("embeddings.api_key: "));
  EXPECT_THAT(refusal(settings), Not(HasSubstr("secret")));
  settings.api_key.clear();
  settings.ca_file = "/nonexistent/ca.pem";
  EXPECT_THAT(refusal(settings), testing::StartsWith("embeddings.ca_file: "));
}

}  // namespace
}  // namespace ragd::embed
