// The verbs that talk to a running server. Each prints and returns the process's exit code:
// 0 done, 1 failed (one line on `err` says what to do next), 3 nothing was found.
//
// For one thread; blocks.
#pragma once

#include "cli/console.hpp"
#include "cli/transport.hpp"

#include <ragd/clock.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNothingFound = 3;

/// The server to talk to, and how.
struct Connection {
  std::string url;
  std::string api_key;  ///< empty: none is sent
};

struct AskOptions {
  Connection server;
  std::string question;
  std::optional<std::uint32_t> top_k;
  bool json = false;  ///< print the body as it came
};

struct SearchOptions {
  Connection server;
  std::string query;
  std::optional<std::uint32_t> top_k;
  bool json = false;
};

struct HealthcheckOptions {
  Connection server;
  bool ready = false;  ///< readiness instead of liveness
  bool json = false;
};

struct IngestOptions {
  Connection server;
  std::vector<std::string> paths;
  bool dry_run = false;  ///< list what would be read, talk to nobody
  bool json = false;     ///< the summary as one JSON object
  bool wait = false;     ///< until every passage that will get a vector has one
};

int ask(const AskOptions& options, Transport& transport, const Console& console);
int search(const SearchOptions& options, Transport& transport, const Console& console);
int healthcheck(const HealthcheckOptions& options, Transport& transport, const Console& console);

using Sleeper = std::function<void(std::chrono::milliseconds)>;
int ingest(const IngestOptions& options, Transport& transport, const Console& console, const Clock& clock,
           const Sleeper& sleep);

/// Where a server that listens on `listen` is reached from its own machine: 0.0.0.0 is asked at 127.0.0.1.
[[nodiscard]] std::string local_url(std::string_view listen);

}  // namespace ragd::cli
