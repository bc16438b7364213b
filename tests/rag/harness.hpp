// A pipeline among fakes on one core that the test runs by hand.
#pragma once

#include "fakes/fake_llm.hpp"
#include "fakes/fake_retriever.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/memory_cache.hpp"
#include "fakes/run_task.hpp"
#include "fakes/steps.hpp"
#include "rag/answer_body.hpp"
#include "rag/pipeline.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ragd::rag {

inline RequestContext context_at(const Clock& clock, std::chrono::nanoseconds budget = std::chrono::hours(1),
                                 const std::string& tenant = "default") {
  RequestContext context;
  context.request_id = "test";
  context.caller.tenant = tenant;
  context.now = clock.steady_now();
  context.wall_now = clock.wall_now();
  context.deadline = context.now + budget;
  return context;
}

inline Question question(const std::string& text, CacheMode mode = CacheMode::use) {
  Question question;
  question.text = text;
  question.cache = mode;
  return question;
}

/// The answer without its quotes; the fakes' texts need no escapes.
inline std::string text_of(const CachedAnswer& answer) {
  return answer.json.substr(answer.answer_begin + 1, answer.answer_end - answer.answer_begin - 2);
}

inline std::string text_of(const Result<Reply>& reply) {
  return reply ? text_of(*reply->answer) : "error: " + reply.error().detail;
}

/// What the fakes say about the present corpus.
inline std::string right_answer(const fakes::FakeRetriever& retriever, const std::string& text,
                                const std::string& tenant = "default") {
  const Retrieved found = retriever.look(tenant, {text, 5, {}});
  return found.passages.empty() ? std::string(kNoAnswerText) : fakes::FakeLlm::answer_to(found.passages);
}

/// A coroutine owns copies of what it asks with.
inline Task<Result<Reply>> ask_task(Pipeline& pipeline, RequestContext context, Question question) {
  Plan plan;
  pipeline.make_plan(context, question, plan);
  std::optional<Reply> held = pipeline.recall(context, question, plan, std::chrono::steady_clock::now());
  if (held) co_return std::move(*held);
  co_return co_await pipeline.ask(context, question, plan);
}

using Asking = std::shared_ptr<std::optional<Result<Reply>>>;

struct Harness {
  Harness() { make(); }

  void make() {
    pipeline = std::make_unique<Pipeline>(settings, retriever, llm, cache, permits, metrics, clock,
                                          std::vector<boost::asio::io_context*>{&io});
  }

  Asking start(const Question& asked, const RequestContext& context) {
    return fakes::spawn(io, ask_task(*pipeline, context, asked));
  }
  Asking start(const Question& asked) { return start(asked, context_at(clock)); }

  /// Runs everything that is ready or will be.
  void run() {
    io.restart();
    io.run();
  }

  void run_until(const std::function<bool()>& condition) {
    io.restart();
    while (!condition()) {
      if (io.run_one() == 0) throw std::logic_error("nothing left to run, and the condition does not hold");
    }
  }

  Result<Reply> ask(const Question& asked, const RequestContext& context) {
    const Asking asking = start(asked, context);
    run();
    return std::move(asking->value());
  }
  Result<Reply> ask(const Question& asked) { return ask(asked, context_at(clock)); }
  Result<Reply> ask(const std::string& text) { return ask(question(text)); }

  boost::asio::io_context io{1};  // goes last: timers die before their core
  fakes::Steps steps;
  fakes::ManualClock clock;
  fakes::FakeRetriever retriever{&steps};
  fakes::FakeLlm llm{&steps};
  fakes::MemoryCache cache{&steps};
  Permits permits{100};
  obs::Metrics metrics;
  PipelineSettings settings;
  std::unique_ptr<Pipeline> pipeline;
};

}  // namespace ragd::rag
