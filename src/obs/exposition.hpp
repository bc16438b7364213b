// Writes the Prometheus text format 0.0.4: each family once, with its HELP and TYPE, its samples together however
// they came in.
//
// For one thread, one scrape. Label values are escaped here; names and help texts are literals of ours and are not.
#pragma once

#include "obs/counters.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace ragd::obs {

struct Label {
  std::string_view name;
  std::string_view value;
};

class Exposition {
 public:
  using Labels = std::initializer_list<Label>;

  template <class Number>
  requires std::is_arithmetic_v<Number>
  void gauge(std::string_view name, std::string_view help, Number value, Labels labels = {}) {
    real(name, help, "gauge", static_cast<double>(value), labels);
  }
  /// `name` ends in _total.
  void counter(std::string_view name, std::string_view help, std::uint64_t value, Labels labels = {});
  /// For counts that are not whole: seconds, dollars.
  void real_counter(std::string_view name, std::string_view help, double value, Labels labels = {}) {
    real(name, help, "counter", value, labels);
  }
  void histogram(std::string_view name, std::string_view help, const Histogram& histogram, Labels labels = {});

  /// A whole family: `values` names the enumerators in order.
  template <class Enum, std::size_t N>
  void counters(std::string_view name, std::string_view help, std::string_view label,
                const std::array<std::string_view, N>& values, const CounterFamily<Enum, N>& family) {
    for (std::size_t i = 0; i < N; ++i) {
      counter(name, help, family.value(static_cast<Enum>(i)), {{label, values[i]}});
    }
  }
  /// The same, with a label in front that all its series share.
  template <class Enum, std::size_t N>
  void counters(std::string_view name, std::string_view help, const Label& shared, std::string_view label,
                const std::array<std::string_view, N>& values, const CounterFamily<Enum, N>& family) {
    for (std::size_t i = 0; i < N; ++i) {
      counter(name, help, family.value(static_cast<Enum>(i)), {shared, {label, values[i]}});
    }
  }
  template <class Enum, std::size_t N>
  void histograms(std::string_view name, std::string_view help, std::string_view label,
                  const std::array<std::string_view, N>& values, const HistogramFamily<Enum, N>& family) {
    for (std::size_t i = 0; i < N; ++i) {
      histogram(name, help, family.at(static_cast<Enum>(i)), {{label, values[i]}});
    }
  }

  /// All families, in the order of their first sample.
  [[nodiscard]] std::string text() const;

 private:
  void real(std::string_view name, std::string_view help, std::string_view type, double value, Labels labels);
  std::string& family(std::string_view name, std::string_view help, std::string_view type);

  std::vector<std::string> families_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace ragd::obs
