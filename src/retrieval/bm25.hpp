// BM25's term weight: Robertson/Sparck Jones, k1 1.2, b 0.75. Constant expressions, thread-safe.
#pragma once

namespace ragd::retrieval {

inline constexpr double kK1 = 1.2;
inline constexpr double kB = 0.75;

/// How much of its weight a term brings to a chunk, times kK1 + 1 at most. `length` is relative to the average chunk's.
[[nodiscard]] constexpr double term_score(double weight, double frequency, double length) {
  return weight * frequency * (kK1 + 1) / (frequency + kK1 * (1 - kB + kB * length));
}

}  // namespace ragd::retrieval
