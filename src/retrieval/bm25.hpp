// BM25's term weight (Robertson/Sparck Jones) for one query: the parameters and the average length are fixed.
//
// Plain value, thread-safe.
#pragma once

namespace ragd::retrieval {

/// How soon more of the same word stops counting, and how much length matters.
struct Bm25 {
  double k1 = 1.2;
  double b = 0.75;
};

class TermScore {
 public:
  TermScore(Bm25 parameters, double average_length)
      : base_(parameters.k1 * (1 - parameters.b)),
        slope_(average_length > 0 ? parameters.k1 * parameters.b / average_length : 0) {}

  /// The part of 1 a term brings to a chunk: grows with its frequency there, shrinks with the chunk's length.
  [[nodiscard]] double operator()(double frequency, double length) const {
    return frequency / (frequency + base_ + slope_ * length);
  }

 private:
  double base_;
  double slope_;
};

}  // namespace ragd::retrieval
