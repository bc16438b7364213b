// Passages and a question in, an answer out. The extractive answerer and every real model implement this.
//
// Thread-safe. An answerer never invents: without support in the passages it returns an empty `text`.
#pragma once

#include <ragd/context.hpp>
#include <ragd/error.hpp>
#include <ragd/retriever.hpp>
#include <ragd/task.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace ragd {

struct GenerateRequest {
  std::string question;
  std::vector<Passage> passages;  ///< best first
  std::vector<QueryTerm> terms;
};

struct Generated {
  std::string text;                ///< with [1] markers into `cited`; empty: nothing in the passages answers
  std::vector<std::size_t> cited;  ///< cited[n - 1] is the index of the passage that marker [n] names
  bool complete = true;            ///< finished by itself (finish_reason stop); only complete answers are cached
  Usage usage;
};

class Llm {
 public:
  virtual ~Llm() = default;
  virtual Task<Result<Generated>> generate(const RequestContext& context, const GenerateRequest& request) = 0;
  /// The name answers carry as "model"; part of the cache key.
  [[nodiscard]] virtual std::string model() const = 0;
  /// "llm" or "extractive", as answers carry it.
  [[nodiscard]] virtual std::string source() const = 0;
  /// Whatever changes the text besides question and passages (prompt, sentence count); part of the cache key.
  [[nodiscard]] virtual std::string settings_tag() const = 0;
  /// Background health check; never costs tokens.
  virtual Task<Result<void>> ping() = 0;
};

}  // namespace ragd
