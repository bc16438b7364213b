#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"
#include "cli/collect.hpp"
#include "cli/progress.hpp"
#include "cli/readers/reader.hpp"
#include "cli/upload.hpp"
#include "cli/verbs.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ragd::cli {

namespace {

constexpr std::size_t kMaxFileBytes = 64UL << 20U;
constexpr std::size_t kMaxTitleBytes = 300;

std::string title_of(const Reading& reading, const FoundFile& file) {
  const std::string line = base::collapse_whitespace(reading.title);
  return line.empty() ? file.path.filename().string() : std::string(base::utf8_prefix(line, kMaxTitleBytes));
}

std::string document_json(const FoundFile& file, const Reading& reading, const std::string& sha256, std::size_t bytes) {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object();
  json.key("id").string(file.id).key("title").string(title_of(reading, file)).key("source").string(file.id);
  json.key("metadata").begin_object();
  json.key("file_sha256").string(sha256).key("bytes").integer(bytes);
  json.end_object();
  json.key("text").string(reading.text);
  json.end_object();
  return out;
}

/// What `ragd ingest` does after the files are known, with its counts.
class Ingestion {
 public:
  Ingestion(const IngestOptions& options, Transport& transport, const Console& console, const Clock& clock,
            const Sleeper& sleep, Collection collection)
      : options_(options),
        transport_(transport),
        console_(console),
        sleep_(sleep),
        collection_(std::move(collection)),
        progress_(console, clock, collection_.files.size()),
        uploader_(transport, options.server.url, sleep,
                  {[this](const std::string& id, const std::string& reason) { report_failed(id, reason); },
                   [this](const std::string& line) { progress_.note(line); }}) {}

  int run() {
    for (const PassedOver& bad : std::exchange(collection_.failed, {})) report_failed(bad.path, bad.reason);
    auto done = send_all();
    if (done && options_.wait) done = wait_for_vectors();
    progress_.finish();
    report_skipped();
    if (!done) console_.err << "ragd ingest: " << printable_line(done.error().detail) << "\n";
    print_summary();
    return done && collection_.failed.empty() ? kExitDone : kExitFailed;
  }

 private:
  Result<void> send_all() {
    std::set<std::string> ids;
    for (const FoundFile& file : collection_.files) ids.insert(file.id);
    auto hashes = stored_hashes(transport_, options_.server.url, ids, sleep_);
    if (!hashes) return hashes.error();
    std::size_t done = 0;
    for (const FoundFile& file : collection_.files) {
      progress_.update(done++);
      if (auto sent = send_file(file, (*hashes)[file.id]); !sent) return sent;
    }
    return uploader_.flush();
  }

  Result<void> wait_for_vectors() {
    constexpr std::chrono::milliseconds kPause{1'000};
    for (std::uint64_t last = 0;;) {
      const auto waiting = waiting_for_vectors(transport_, options_.server.url, sleep_);
      if (!waiting) return waiting.error();
      if (*waiting == 0) return {};
      if (*waiting != last) progress_.note("waiting for the vectors of " + std::to_string(*waiting) + " passages");
      last = *waiting;
      sleep_(kPause);
    }
  }

  Result<void> send_file(const FoundFile& file, const std::string& stored_hash) {
    auto bytes = base::read_file(file.path.string(), kMaxFileBytes);
    if (!bytes) {
      report_failed(file.id, bytes.error().detail);
      return {};
    }
    const std::string hash = base::sha256_hex(*bytes);
    if (hash == stored_hash) {
      ++unchanged_;
      return {};
    }
    const std::size_t size = bytes->size();
    const auto reading = read_document(file.kind, file.path, std::move(*bytes));
    if (reading) return uploader_.add({file.id, document_json(file, *reading, hash, size)});
    if (file.certain && size > 0) {
      report_failed(file.id, reading.error().detail);
    } else {
      collection_.skipped.push_back({file.id, size == 0 ? "is empty" : reading.error().detail});
    }
    return {};
  }

  void report_failed(const std::string& path, const std::string& reason) {
    progress_.note("failed " + printable_line(path) + ": " + printable_line(reason));
    collection_.failed.push_back({path, reason});
  }

  /// One line a reason: a folder of packages holds thousands of .gz files.
  void report_skipped() {
    std::map<std::string, std::vector<std::string>> by_reason;
    for (const PassedOver& skipped : collection_.skipped) by_reason[skipped.reason].push_back(skipped.path);
    constexpr std::size_t kNamed = 3;
    for (const auto& [reason, paths] : by_reason) {
      std::string line = "skipped " + std::to_string(paths.size()) + ": " + reason + ":";
      for (std::size_t i = 0; i < paths.size() && i < kNamed; ++i) line += " " + paths[i];
      console_.err << printable_line(line) << (paths.size() > kNamed ? " ..." : "") << "\n";
    }
  }

  void print_summary() const {
    const UploadCounts& counts = uploader_.counts();
    const std::size_t unchanged = unchanged_ + counts.unchanged;
    const double seconds = progress_.elapsed_seconds();
    if (options_.json) {
      std::string out;
      base::JsonWriter json(out);
      json.begin_object().key("ingested").integer(counts.accepted).key("unchanged").integer(unchanged);
      json.key("skipped").integer(collection_.skipped.size()).key("failed").begin_array();
      for (const PassedOver& bad : collection_.failed) {
        json.begin_object().key("path").string(printable(bad.path)).key("reason").string(printable(bad.reason));
        json.end_object();
      }
      json.end_array().key("chunks").integer(counts.chunks).key("seconds").number(seconds).end_object();
      console_.out << out << "\n";
      return;
    }
    std::array<char, 32> took{};
    std::snprintf(took.data(), took.size(), "%.1f s", seconds);
    console_.out << "ingested " << counts.accepted << " (" << unchanged << " unchanged, ";
    if (!collection_.skipped.empty()) console_.out << collection_.skipped.size() << " skipped, ";
    console_.out << collection_.failed.size() << " failed), " << counts.chunks << " chunks, in " << took.data() << "\n";
  }

  const IngestOptions& options_;
  Transport& transport_;
  const Console& console_;
  const Sleeper& sleep_;
  Collection collection_;
  Progress progress_;
  Uploader uploader_;
  std::size_t unchanged_ = 0;
};

int list_only(const Collection& collection, const Console& console) {
  for (const FoundFile& file : collection.files) console.out << printable_line(file.id) << "\n";
  for (const PassedOver& skipped : collection.skipped) {
    console.err << "skipped " << printable_line(skipped.path) << ": " << printable_line(skipped.reason) << "\n";
  }
  for (const PassedOver& bad : collection.failed) {
    console.err << "failed " << printable_line(bad.path) << ": " << printable_line(bad.reason) << "\n";
  }
  console.out << "would read " << collection.files.size() << " files (" << collection.skipped.size() << " skipped, "
              << collection.failed.size() << " failed)\n";
  return collection.failed.empty() ? kExitDone : kExitFailed;
}

}  // namespace

int ingest(const IngestOptions& options, Transport& transport, const Console& console, const Clock& clock,
           const Sleeper& sleep) {
  Collection collection = collect_files(options.paths);
  if (options.dry_run) return list_only(collection, console);
  return Ingestion(options, transport, console, clock, sleep, std::move(collection)).run();
}

}  // namespace ragd::cli
