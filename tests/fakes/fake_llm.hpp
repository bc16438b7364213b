// An answerer whose answer is its evidence, word for word: a stale answer shows at once.
#pragma once

#include "fakes/gate.hpp"
#include "fakes/steps.hpp"

#include <ragd/llm.hpp>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace ragd::fakes {

class FakeLlm final : public Llm {
 public:
  explicit FakeLlm(Steps* steps = nullptr) : steps_(steps) {}

  /// "[1] first passage [2] second passage ..."
  [[nodiscard]] static std::string answer_to(const std::vector<Passage>& passages) {
    std::string text;
    std::size_t marker = 0;
    for (const Passage& passage : passages) {
      if (!text.empty()) text += ' ';
      text += "[" + std::to_string(++marker) + "] " + passage.text;
    }
    return text;
  }

  Task<Result<Generated>> generate(const RequestContext& /*context*/, const GenerateRequest& request) override {
    ++calls;
    co_await gate.pass();
    if (steps_ != nullptr) {
      co_await steps_->pass("generate");
    }
    if (throws) throw std::runtime_error("a bug in the answerer");
    if (failure) co_return *failure;
    Generated generated;
    if (!silent) generated.text = answer_to(request.passages);
    for (std::size_t i = 0; i < request.passages.size() && !silent; ++i) generated.cited.push_back(i);
    generated.complete = complete;
    generated.usage = {7, 3};
    if (steps_ != nullptr) {
      co_await steps_->pass("generated");
    }
    co_return generated;
  }

  [[nodiscard]] std::string model() const override { return name; }
  [[nodiscard]] std::string source() const override { return kind; }
  [[nodiscard]] std::string settings_tag() const override { return tag; }
  Task<Result<void>> ping() override { co_return Result<void>(); }

  Gate gate;
  std::atomic<int> calls{0};
  std::optional<Error> failure;
  bool throws = false;
  bool silent = false;  ///< finds no answer in the passages
  bool complete = true;
  std::string name = "fake-model";
  std::string kind = "llm";
  std::string tag = "fake-prompt";

 private:
  Steps* steps_;
};

}  // namespace ragd::fakes
