// Runs another program on our input and takes what it prints, without a shell and within limits.
//
// Blocks; thread-safe. The child gets no environment but its locale and no open files but its output, and is killed
// when it exceeds a limit.
#pragma once

#include <ragd/error.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace ragd::cli {

struct ProcessLimits {
  std::chrono::milliseconds time{60'000};  ///< on the clock; processor time likewise
  std::size_t memory = 1UL << 30U;         ///< address space
  std::size_t output = 64UL << 20U;
};

struct ProcessResult {
  int exit_code = 0;  ///< 128 + the signal's number when one ended it
  std::string output;
};

/// `command[0]` is looked for in PATH. Errc::not_found when there is no such program, Errc::deadline_exceeded,
/// Errc::payload_too_large for the limits.
[[nodiscard]] Result<ProcessResult> run_program(const std::vector<std::string>& command, const ProcessLimits& limits);

}  // namespace ragd::cli
