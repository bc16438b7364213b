#include "obs/log.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <limits>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace ragd::obs {
namespace {

/// Standard output is a pipe as long as this lives.
class PipedStdout {
 public:
  PipedStdout() : saved_(dup(STDOUT_FILENO)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    read_end_ = ends[0];
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
  }
  ~PipedStdout() {
    restore();
    close_reader();
  }
  PipedStdout(const PipedStdout&) = delete;
  PipedStdout& operator=(const PipedStdout&) = delete;

  void make_small() const { fcntl(STDOUT_FILENO, F_SETPIPE_SZ, 4096); }
  void close_reader() {
    if (read_end_ >= 0) close(read_end_);
    read_end_ = -1;
  }

  /// Waits for one line.
  [[nodiscard]] std::string read_line() const {
    std::string line;
    for (char c = 0; read(read_end_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }
  /// Everything up to the end: the write end is closed by this.
  std::vector<std::string> lines() {
    restore();
    std::vector<std::string> lines;
    for (std::string line = read_line(); !line.empty(); line = read_line()) lines.push_back(line);
    return lines;
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
    saved_ = -1;
  }

  int saved_;
  int read_end_ = -1;
};

struct Parsed {
  base::JsonDocument document;
  [[nodiscard]] std::string string(std::string_view name) const {
    return std::string(document.root()[name].get_string().value());
  }
};

Parsed parse(const std::string& line) {
  auto document = base::JsonDocument::parse(line);
  EXPECT_TRUE(document.has_value()) << line;
  return {std::move(document).value()};
}

/// The one line that `fields` and `message` become.
std::string logged(std::string_view message, std::initializer_list<Field> fields = {}) {
  PipedStdout out;
  start_log(LogLevel::info);
  log(LogLevel::info, message, fields);
  stop_log();
  const std::vector<std::string> lines = out.lines();
  EXPECT_EQ(lines.size(), 1U);
  return lines.empty() ? "" : lines[0];
}

TEST(Log, WritesOneJsonObjectALine) {
  const std::string line =
      logged("request", {{"route", "/query"}, {"status", std::int64_t{200}}, {"duration_ms", 1.5}, {"cached", true}});
  const std::regex expected(R"(\{"ts":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info","msg":"request",)"
                            R"("route":"/query","status":200,"duration_ms":1.5,"cached":true\})");
  EXPECT_TRUE(std::regex_match(line, expected)) << line;
}

TEST(Log, CannotBeMadeToForgeALineOrAField) {
  const std::string attack = "x\"}\n{\"level\":\"error\",\"msg\":\"forged\r\x1b[2J\x7f";
  const Parsed parsed = parse(logged(attack, {{"route", attack}}));
  EXPECT_EQ(parsed.string("msg"), attack);
  EXPECT_EQ(parsed.string("route"), attack);
  EXPECT_EQ(parsed.string("level"), "info");
}

TEST(Log, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(parse(logged("a\xFF\xC3(b\xED\xA0\x80 \xC3\xA9")).string("msg"),
            "a\xEF\xBF\xBD\xEF\xBF\xBD(b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xC3\xA9");
}

TEST(Log, ReplacesLineSeparatorsAndTerminalControlsBeyondAscii) {
  EXPECT_EQ(parse(logged("a\xE2\x80\xA8"
                         "b\xC2\x9B"
                         "2J"))
                .string("msg"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD"
            "2J");
}

TEST(Log, WritesNumbersJsonCannotHoldAsNull) {
  EXPECT_TRUE(logged("x", {{"ratio", std::numeric_limits<double>::infinity()}}).ends_with("\"ratio\":null}"));
}

TEST(Log, CutsValuesThatAreTooLong) {
  const std::string line = logged(std::string(100'000, 'a'));
  EXPECT_EQ(parse(line).string("msg"), std::string(8192, 'a'));
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  PipedStdout out;
  start_log(LogLevel::warning);
  EXPECT_FALSE(log_enabled(LogLevel::info));
  log(LogLevel::info, "not this");
  log(LogLevel::error, "this");
  set_log_level(LogLevel::debug);
  log(LogLevel::debug, "and this");
  stop_log();
  const std::vector<std::string> lines = out.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(parse(lines[0]).string("level"), "error");
  EXPECT_EQ(parse(lines[1]).string("level"), "debug");
}

TEST(Log, ShowsALineAtOnceToWhoeverWatches) {
  const PipedStdout out;
  start_log(LogLevel::info);
  for (const char* message : {"first", "second"}) {
    log(LogLevel::info, message);
    EXPECT_EQ(parse(out.read_line()).string("msg"), message);  // would wait forever for a line kept back
  }
  stop_log();
}

TEST(Log, KeepsLinesOfManyThreadsWhole) {
  PipedStdout out;
  start_log(LogLevel::info);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 20; ++i) log(LogLevel::info, "a line of several words", {{"i", std::int64_t{i}}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop_log();
  const std::vector<std::string> lines = out.lines();
  EXPECT_EQ(lines.size(), 160U);
  for (const std::string& line : lines) EXPECT_EQ(parse(line).string("msg"), "a line of several words");
}

TEST(Log, DropsAndCountsWhatAStalledReaderDoesNotTake) {
  constexpr std::uint64_t kLines = 10'000;
  const std::uint64_t before = log_dropped();
  PipedStdout out;
  out.make_small();
  start_log(LogLevel::info, 16);
  for (std::uint64_t i = 0; i < kLines; ++i) log(LogLevel::info, "nobody reads this");
  EXPECT_GT(log_dropped(), before);
  stop_log();
  const std::vector<std::string> lines = out.lines();
  EXPECT_GT(lines.size(), 0U);
  EXPECT_LT(lines.size(), kLines);
  // A line cut where the pipe was full counts as dropped, yet its beginning arrived.
  const std::uint64_t cut = lines.back().ends_with('}') ? 0 : 1;
  EXPECT_EQ(lines.size() - cut + (log_dropped() - before), kLines);
}

TEST(Log, OutlivesAReaderThatGoesAway) {
  const std::uint64_t before = log_dropped();
  PipedStdout out;
  out.close_reader();
  start_log(LogLevel::info);
  for (int i = 0; i < 100; ++i) log(LogLevel::info, "to nobody");
  stop_log();
  EXPECT_EQ(log_dropped(), before + 100);
}

TEST(Log, OutlivesAFullDisk) {
  const std::uint64_t before = log_dropped();
  const PipedStdout out;
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  dup2(full, STDOUT_FILENO);
  close(full);
  start_log(LogLevel::info);
  log(LogLevel::info, "no room");
  stop_log();
  EXPECT_EQ(log_dropped(), before + 1);
}

TEST(Log, GoesToStandardErrorBeforeTheWriterRuns) {
  testing::internal::CaptureStderr();
  log(LogLevel::error, "early");
  EXPECT_EQ(parse(testing::internal::GetCapturedStderr()).string("msg"), "early");
}

}  // namespace
}  // namespace ragd::obs
