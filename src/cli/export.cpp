#include "cli/api.hpp"
#include "cli/ndjson.hpp"
#include "cli/output_file.hpp"
#include "cli/patience.hpp"
#include "cli/progress.hpp"
#include "cli/verbs.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

namespace ragd::cli {

namespace {

constexpr const char* kPageTarget = "/documents?content=full&limit=1000";

class Export {
 public:
  Export(const ExportOptions& options, Transport& transport, const Console& console, const Clock& clock,
         const Sleeper& sleep)
      : options_(options),
        transport_(transport),
        console_(console),
        sleep_(sleep),
        progress_(console, clock, 0, "documents") {}

  int run() {
    const Result<void> done = write_all();
    progress_.finish();
    if (!done) {
      console_.err << "ragd export: " << printable_line(done.error().detail) << "\n";
      return kExitFailed;
    }
    std::array<char, 32> took{};
    std::snprintf(took.data(), took.size(), "%.1f s", progress_.elapsed_seconds());
    console_.err << "exported " << documents_ << " documents in " << took.data() << "\n";
    return kExitDone;
  }

 private:
  Result<void> write_all() {
    Result<std::unique_ptr<OutputFile>> output = OutputFile::open(options_.output, console_.out);
    if (!output) return output.error();
    std::string cursor;
    do {
      Result<std::string> next = write_page(cursor, **output);
      if (!next) return next.error();
      // Pages are in order of id, and so are their cursors: one that is not greater would go round for ever.
      if (!next->empty() && *next <= cursor) return not_ragd();
      cursor = *std::move(next);
    } while (!cursor.empty());
    return (*output)->keep();
  }

  /// The cursor of the page after it; empty behind the last.
  Result<std::string> write_page(const std::string& cursor, OutputFile& output) {
    const std::string target = kPageTarget + (cursor.empty() ? "" : "&cursor=" + escape_query(cursor));
    const auto response = send_patiently(transport_, {"GET", target, ""}, sleep_,
                                         [this](const std::string& line) { progress_.note(line); });
    if (!response) return response.error();
    if (response->status != 200) return fail(Errc::unavailable, explain(*response, options_.server.url));
    const auto page = parse_body(*response, options_.server.url);
    if (!page) return page.error();
    for (const auto document : array_field(page->root(), "documents")) {
      const std::string line = document_line(document);
      if (line.empty()) return not_ragd();
      if (Result<void> written = output.write(line); !written) return written.error();
      progress_.update(++documents_);
    }
    return text_field(page->root(), "next_cursor");
  }

  [[nodiscard]] Error not_ragd() const {
    return fail(Errc::bad_request,
                options_.server.url + " does not list whole documents: is it a ragd of this version?");
  }

  const ExportOptions& options_;
  Transport& transport_;
  const Console& console_;
  const Sleeper& sleep_;
  Progress progress_;
  std::size_t documents_ = 0;
};

}  // namespace

int export_corpus(const ExportOptions& options, Transport& transport, const Console& console, const Clock& clock,
                  const Sleeper& sleep) {
  return Export(options, transport, console, clock, sleep).run();
}

}  // namespace ragd::cli
