#include "llm/question.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ragd::llm {
namespace {

GenerateRequest asked(std::string question, std::vector<QueryTerm> terms = {}) {
  GenerateRequest request;
  request.question = std::move(question);
  request.terms = std::move(terms);
  return request;
}

TEST(AnswerKind, FollowsTheQuestionWord) {
  EXPECT_EQ(answer_kind_of("Who wrote it?"), AnswerKind::person);
  EXPECT_EQ(answer_kind_of("By whom was it written?"), AnswerKind::person);
  EXPECT_EQ(answer_kind_of("When did it end?"), AnswerKind::time);
  EXPECT_EQ(answer_kind_of("where is it"), AnswerKind::place);
  EXPECT_EQ(answer_kind_of("WHY not?"), AnswerKind::reason);
}

TEST(AnswerKind, FollowsTheNounAfterWhatAndWhich) {
  EXPECT_EQ(answer_kind_of("In what year did it end?"), AnswerKind::time);
  EXPECT_EQ(answer_kind_of("Which small German city is it?"), AnswerKind::place);
  EXPECT_EQ(answer_kind_of("What is the population of Fresno?"), AnswerKind::quantity);
  EXPECT_EQ(answer_kind_of("What did he eat in that year?"), AnswerKind::any);
}

TEST(AnswerKind, TellsHowManyFromHow) {
  EXPECT_EQ(answer_kind_of("How many were there?"), AnswerKind::quantity);
  EXPECT_EQ(answer_kind_of("How does it work?"), AnswerKind::any);
  EXPECT_EQ(answer_kind_of("how"), AnswerKind::any);
}

TEST(AnswerKind, IsAnyWithoutAQuestionWord) {
  EXPECT_EQ(answer_kind_of("tell me about bridges"), AnswerKind::any);
  EXPECT_EQ(answer_kind_of(""), AnswerKind::any);
}

TEST(QuestionModel, CoversWholeWithAllItsTerms) {
  const QuestionModel question(asked("red bridge", {{"red", 1.0}, {"bridg", 3.0}}));
  TermSet terms;
  EXPECT_DOUBLE_EQ(question.coverage(terms), 0.0);
  terms.set(question.find("bridg"));
  const double bridge = question.coverage(terms);
  EXPECT_GT(bridge, 0.5);
  EXPECT_LT(bridge, 1.0);
  terms.set(question.find("red"));
  EXPECT_DOUBLE_EQ(question.coverage(terms), 1.0);
}

TEST(QuestionModel, CountsARepeatedWordOnce) {
  const QuestionModel question(asked("red red red bridge", {{"red", 2.0}, {"bridg", 2.0}}));
  TermSet red;
  red.set(question.find("red"));
  EXPECT_DOUBLE_EQ(question.coverage(red), 0.5);
}

TEST(QuestionModel, DoesNotKnowOtherWords) {
  const QuestionModel question(asked("red bridge"));
  EXPECT_EQ(question.find("blue"), kMaxQuestionTerms);
}

TEST(QuestionModel, IsEmptyForStopWords) {
  EXPECT_TRUE(QuestionModel(asked("what is the")).empty());
  EXPECT_FALSE(QuestionModel(asked("bridge")).empty());
}

TEST(QuestionModel, WeighsTheWordForTheKindOfAnswerLess) {
  const QuestionModel question(asked("What year did Rome fall?", {{"year", 3.0}, {"rome", 3.0}, {"fall", 3.0}}));
  TermSet year;
  year.set(question.find("year"));
  TermSet rome;
  rome.set(question.find("rome"));
  EXPECT_LT(question.coverage(year), question.coverage(rome));
}

}  // namespace
}  // namespace ragd::llm
