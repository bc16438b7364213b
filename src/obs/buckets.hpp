// Which bucket of a histogram a value falls into, for usual values without a search: the bits of positive doubles, read
// as integers, are in the order of the numbers. The leading ones number stretches of the line, eight an octave, of
// which none holds two bounds; one comparison decides the rest.
//
// Immutable, thread-safe. Refuses (std::invalid_argument) bounds that are negative, not ascending, closer together than
// an eighth of an octave, or positive and not usual().
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ragd::obs {

class Buckets {
 public:
  static constexpr std::size_t kMaxBounds = 31;

  /// Upper bounds, inclusive, without +Inf.
  explicit Buckets(std::span<const double> bounds);

  /// From 2^-34 (a fraction of a nanosecond) up to 2^14: durations, scores and small counts are.
  [[nodiscard]] static bool usual(double value) { return stretch_of(value) < kStretches; }

  /// The first bound that is not below a usual value; bounds().size() beyond the last.
  [[nodiscard]] std::size_t of(double value) const {
    const std::size_t bucket = starts_[stretch_of(value)];
    return bucket + (bits_of_bounds_[bucket] < std::bit_cast<std::uint64_t>(value) ? 1U : 0U);
  }
  /// The same for any value but NaN.
  [[nodiscard]] std::size_t of_any(double value) const;

  [[nodiscard]] std::span<const double> bounds() const { return std::span(bounds_).first(count_); }

 private:
  static constexpr unsigned kBitsBelow = 49;  // of the mantissa's 52: the three above make eight stretches an octave
  static constexpr std::uint64_t kFirst = std::bit_cast<std::uint64_t>(0x1p-34) >> kBitsBelow;
  static constexpr std::uint64_t kStretches = (std::bit_cast<std::uint64_t>(0x1p14) >> kBitsBelow) - kFirst;

  /// Beyond kStretches for negative numbers, NaN and all that is too small or too large.
  static std::uint64_t stretch_of(double value) { return (std::bit_cast<std::uint64_t>(value) >> kBitsBelow) - kFirst; }

  std::array<std::uint64_t, kMaxBounds + 1> bits_of_bounds_{};  // +Inf from count_ on
  std::array<std::uint8_t, kStretches> starts_{};               // by stretch: the first bound not below all of it
  std::array<double, kMaxBounds> bounds_{};
  std::size_t count_;
};

}  // namespace ragd::obs
