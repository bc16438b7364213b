// Texts become vectors by their words: each word has a place among the dimensions, so texts that share words are near.
#pragma once

#include "fakes/gate.hpp"

#include <ragd/embedder.hpp>

#include <atomic>
#include <cmath>
#include <functional>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace ragd::fakes {

class FakeEmbedder final : public Embedder {
 public:
  explicit FakeEmbedder(std::size_t dimension = 64, std::string tag = "fake-embedder")
      : dimension_(dimension), tag_(std::move(tag)) {}

  [[nodiscard]] Vector vector_of(const std::string& text) const {
    Vector vector(dimension_, 0.01F);
    std::istringstream in(text);
    for (std::string word; in >> word;) vector[std::hash<std::string>()(meaning(word)) % dimension_] += 1;
    float length = 0;
    for (const float number : vector) length += number * number;
    for (float& number : vector) number /= std::sqrt(length);
    return vector;
  }

  Task<Result<Embedded>> embed(SteadyTime deadline, std::vector<std::string> texts, EmbeddingUse use) override {
    ++calls;
    (use == EmbeddingUse::query ? queries : passages) += static_cast<int>(texts.size());
    last_deadline = deadline;
    co_await gate.pass();
    if (failure) co_return *failure;
    Embedded embedded;
    for (const std::string& text : texts) {
      if (!refused.empty() && text.find(refused) != std::string::npos) co_return fail(refusal, "refused");
      embedded.vectors.push_back(vector_of(text));
    }
    co_return embedded;
  }

  [[nodiscard]] std::size_t dimension() const override { return dimension_; }
  [[nodiscard]] std::string tag() const override { return tag_; }
  Task<Result<void>> ping() override { co_return Result<void>(); }

  Gate gate;
  std::atomic<int> calls{0};
  std::atomic<int> queries{0};   ///< texts
  std::atomic<int> passages{0};  ///< likewise
  std::optional<Error> failure;
  std::string refused;  ///< a text with this in it is refused
  Errc refusal = Errc::unprocessable;
  SteadyTime last_deadline;

 private:
  /// What different words have in common: "car" and "automobile" mean the same here.
  static std::string meaning(const std::string& word) { return word == "automobile" ? "car" : word; }

  std::size_t dimension_;
  std::string tag_;
};

}  // namespace ragd::fakes
