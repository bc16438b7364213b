// What a question asks for: its informative terms with their weights, and the kind of thing that would answer it.
//
// Immutable after construction, so thread-safe. Only the first 64 distinct terms count; the kind is read from English
// question words and is never more than a hint.
#pragma once

#include <ragd/llm.hpp>

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::llm {

enum class AnswerKind : std::uint8_t { any, person, time, place, quantity, reason };

[[nodiscard]] AnswerKind answer_kind_of(std::string_view question);

inline constexpr std::size_t kMaxQuestionTerms = 64;
using TermSet = std::bitset<kMaxQuestionTerms>;

class QuestionModel {
 public:
  explicit QuestionModel(const GenerateRequest& request);

  /// The index of a question term, or kMaxQuestionTerms when the stem is none.
  [[nodiscard]] std::size_t find(std::string_view stem) const;

  /// The part (0..1) of the question's informative weight that these terms carry.
  [[nodiscard]] double coverage(const TermSet& terms) const;

  [[nodiscard]] AnswerKind kind() const { return kind_; }
  /// Nothing but stop words and question words: no sentence can be told from another.
  [[nodiscard]] bool empty() const { return weights_.empty(); }
  /// How many distinct informative terms.
  [[nodiscard]] std::size_t size() const { return weights_.size(); }

 private:
  std::vector<std::string> stems_;
  std::array<std::uint64_t, 256> by_first_byte_{};  ///< which stems begin with it
  std::vector<double> weights_;                     ///< they sum to 1
  AnswerKind kind_;
};

}  // namespace ragd::llm
