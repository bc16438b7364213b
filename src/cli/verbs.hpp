// The verbs that talk to a running server, and those that work on a data directory without one. Each prints and returns
// the process's exit code: 0 done, 1 failed (one line on `err` says what to do next), 3 nothing was found.
//
// For one thread; blocks.
#pragma once

#include "cli/console.hpp"
#include "cli/transport.hpp"

#include <ragd/clock.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <istream>
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

struct ExportOptions {
  Connection server;
  std::string output = "-";  ///< "-": standard output
};

struct ImportOptions {
  Connection server;
  std::string input;  ///< "-": standard input
};

struct SnapshotOptions {
  Connection server;
  std::string name;      ///< empty: one is made from the time
  std::string data_dir;  ///< empty: the server is asked; else nobody serves it
  bool json = false;
};

struct RestoreOptions {
  std::string snapshot;  ///< its directory
  std::string data_dir;
  bool replace = false;
};

int ask(const AskOptions& options, Transport& transport, const Console& console);
int search(const SearchOptions& options, Transport& transport, const Console& console);
int healthcheck(const HealthcheckOptions& options, Transport& transport, const Console& console);

using Sleeper = std::function<void(std::chrono::milliseconds)>;
int ingest(const IngestOptions& options, Transport& transport, const Console& console, const Clock& clock,
           const Sleeper& sleep);
int export_corpus(const ExportOptions& options, Transport& transport, const Console& console, const Clock& clock,
                  const Sleeper& sleep);
/// `standard_input` is read where the options say so.
int import_corpus(const ImportOptions& options, std::istream& standard_input, Transport& transport,
                  const Console& console, const Clock& clock, const Sleeper& sleep);
int snapshot(const SnapshotOptions& options, Transport& transport, const Console& console);
/// On a data directory that nobody serves.
int snapshot_offline(const SnapshotOptions& options, const Console& console, const Clock& clock);
int restore(const RestoreOptions& options, const Console& console);

/// Where a server that listens on `listen` is reached from its own machine: 0.0.0.0 is asked at 127.0.0.1.
[[nodiscard]] std::string local_url(std::string_view listen);

}  // namespace ragd::cli
