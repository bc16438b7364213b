// What a run found, as a table for people and as JSON for programs. Pure; thread-safe.
#pragma once

#include "load/ramp.hpp"
#include "load/run.hpp"
#include "load/tally.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace ragd::load {

struct Report {
  std::string url;    ///< with the path
  std::string asked;  ///< what was asked, in a few words: "zipf:1000,1"
  Plan plan;
  Tally tally;
  const RampSearch* ramp = nullptr;  ///< only of a ramp
  bool interrupted = false;
};

[[nodiscard]] std::string table(const Report& report);
/// One object, described in docs/benchmarks.md.
[[nodiscard]] std::string json(const Report& report);

/// What `--warm` could not do, of `wanted` requests: "warmed 60 of 1,000: 940 rate_limited".
[[nodiscard]] std::string warming_failure(const Tally& tally, std::uint64_t wanted);

/// What happened since the last look, in one line without its end.
[[nodiscard]] std::string live_line(const Tally& since_last, std::chrono::seconds elapsed);

}  // namespace ragd::load
