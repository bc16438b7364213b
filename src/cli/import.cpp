#include "base/units.hpp"
#include "cli/ndjson.hpp"
#include "cli/progress.hpp"
#include "cli/upload.hpp"
#include "cli/verbs.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <system_error>

namespace ragd::cli {

namespace {

class Import {
 public:
  Import(const ImportOptions& options, std::istream& in, Transport& transport, const Console& console,
         const Clock& clock, const Sleeper& sleep)
      : name_(options.input == "-" ? "standard input" : options.input),
        console_(console),
        progress_(console, clock, 0, "documents"),
        uploader_(transport, options.server.url, sleep,
                  {[this](const std::string& place, const std::string& reason) { report(place, reason); },
                   [this](const std::string& line) { progress_.note(line); }}),
        lines_(in) {}

  int run() {
    const Result<void> done = send_all();
    progress_.finish();
    if (!done) console_.err << "ragd import: " << printable_line(done.error().detail) << "\n";
    const UploadCounts& counts = uploader_.counts();
    std::array<char, 32> took{};
    std::snprintf(took.data(), took.size(), "%.1f s", progress_.elapsed_seconds());
    console_.out << "imported " << counts.accepted << " (" << counts.unchanged << " unchanged, " << failed_
                 << " failed), " << counts.chunks << " chunks, in " << took.data() << "\n";
    return done && failed_ == 0 ? kExitDone : kExitFailed;
  }

 private:
  Result<void> send_all() {
    std::size_t read = 0;
    while (lines_.next()) {
      if (Result<void> sent = send_line(); !sent) return sent;
      progress_.update(++read);
    }
    Result<void> flushed = uploader_.flush();
    if (flushed && lines_.broken()) return fail(Errc::unavailable, name_ + " cannot be read");
    return flushed;
  }

  Result<void> send_line() {
    const std::string place = name_ + ":" + std::to_string(lines_.number());
    if (lines_.too_long()) {
      report(place, "is longer than " + base::format_size(LineReader::kMaxLineBytes));
      return {};
    }
    if (const Result<void> good = check_document_line(lines_.line()); !good) {
      report(place, good.error().detail);
      return {};
    }
    return uploader_.add({place, std::string(lines_.line())});
  }

  void report(const std::string& place, const std::string& reason) {
    progress_.note(printable_line(place) + ": " + printable_line(reason));
    ++failed_;
  }

  const std::string name_;
  const Console& console_;
  Progress progress_;
  Uploader uploader_;
  LineReader lines_;
  std::size_t failed_ = 0;
};

}  // namespace

int import_corpus(const ImportOptions& options, std::istream& standard_input, Transport& transport,
                  const Console& console, const Clock& clock, const Sleeper& sleep) {
  if (options.input == "-") return Import(options, standard_input, transport, console, clock, sleep).run();
  std::ifstream file(options.input, std::ios::binary);
  if (!file) {
    console.err << "ragd import: " << printable_line(options.input)
                << " cannot be read: " << std::generic_category().message(errno) << "\n";
    return kExitFailed;
  }
  return Import(options, file, transport, console, clock, sleep).run();
}

}  // namespace ragd::cli
