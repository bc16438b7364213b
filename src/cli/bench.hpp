// `ragd bench`: flags in, a measured run out. The measuring itself is load's.
//
// For one thread at a time: while it runs, SIGINT and SIGTERM end the run early instead of the process, and what was
// measured until then is shown.
#pragma once

#include "cli/console.hpp"
#include "cli/verbs.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ragd::cli {

struct BenchOptions {
  Connection server;
  std::string path = "/query";
  bool get = false;
  std::string body_file;
  std::string questions;    ///< a file, or "zipf:N,s"
  std::string cache;        ///< use, refresh, bypass; empty: not said
  std::size_t clients = 0;  ///< so many X-Forwarded-For addresses in turn; 0: the header is not sent
  std::size_t connections = 64;
  unsigned threads = 1;
  double rate = 0;                                    ///< requests a second; 0: closed loop
  std::optional<std::chrono::milliseconds> duration;  ///< without: 10 s, or 2 s for each step of a ramp
  std::optional<std::uint64_t> requests;
  std::size_t once = 0;  ///< so many requests at once instead
  bool ramp = false;
  bool spin = false;  ///< polls instead of sleeping
  bool warm = false;
  std::chrono::milliseconds warmup{0};
  std::chrono::milliseconds timeout{10'000};
  std::uint64_t seed = 1;
  std::string json_file;  ///< "-": stdout instead of the table
  bool progress = false;  ///< the live line also where no terminal reads it
};

int bench(const BenchOptions& options, const Console& console);

}  // namespace ragd::cli
