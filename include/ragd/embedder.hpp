// Texts in, vectors out: what the meaning of a text is, for retrieval. Any server with an OpenAI-compatible endpoint
// implements it.
//
// Thread-safe: every core calls at once. All vectors of one embedder have the same number of dimensions and the length
// 1. It is all or nothing: one text that cannot be embedded fails the call.
#pragma once

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>
#include <ragd/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ragd {

using Vector = std::vector<float>;

/// What the text is for: some models are told so, and embed a question differently from what answers it.
enum class EmbeddingUse : std::uint8_t { query, passage };

struct Embedded {
  std::vector<Vector> vectors;  ///< one a text, in their order
  Usage usage;
};

class Embedder {
 public:
  virtual ~Embedder() = default;

  /// Errc::unprocessable: these texts are refused and will be again (too long, for one); any other code may pass.
  virtual Task<Result<Embedded>> embed(SteadyTime deadline, std::vector<std::string> texts, EmbeddingUse use) = 0;

  /// Of every vector; 0 while none has come and none was asked for.
  [[nodiscard]] virtual std::size_t dimension() const = 0;

  /// Whatever changes the vector of a text: the model, its dimensions, what it is told. Vectors under different tags
  /// cannot be compared.
  [[nodiscard]] virtual std::string tag() const = 0;

  /// Background health check; never costs tokens.
  virtual Task<Result<void>> ping() = 0;
};

}  // namespace ragd
