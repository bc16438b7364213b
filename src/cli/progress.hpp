// How far a long job is: one line redrawn on a terminal, a plain line now and then in a pipe.
//
// For one thread. Time is asked of the clock it is given; it draws at most ten times a second.
#pragma once

#include "cli/console.hpp"

#include <ragd/clock.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::cli {

class Progress {
 public:
  /// `total` of 0: nobody knows. `unit`: what is counted, in the plural; a literal.
  Progress(const Console& console, const Clock& clock, std::size_t total, std::string_view unit = "files");

  void update(std::size_t done);
  /// A line of its own that stays.
  void note(std::string_view line);
  /// Takes the bar away.
  void finish();

  [[nodiscard]] double elapsed_seconds() const;

 private:
  void draw(std::size_t done);
  [[nodiscard]] std::string bar(std::size_t done) const;

  const Console& console_;
  const Clock& clock_;
  std::size_t total_;
  std::string_view unit_;
  SteadyTime begin_;
  std::optional<SteadyTime> last_;
  bool drawn_ = false;
};

}  // namespace ragd::cli
