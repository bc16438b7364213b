#include "obs/log.hpp"

#include "base/json.hpp"
#include "base/unicode.hpp"
#include "obs/log_output.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <utf8proc.h>

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

namespace ragd::obs {

namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warning", "error"};
constexpr std::size_t kMaxValueBytes = 8192;  // the longest question; the queue's bound in bytes rests on it
constexpr std::chrono::milliseconds kStopGrace{500};

/// The running writer. Ending it drains the queue: the pool's destructor joins its thread.
struct Writer {
  std::shared_ptr<spdlog::details::thread_pool> pool;  // owners: this and the logger's weak reference while it posts
  std::shared_ptr<LogOutput> output;                   // owners: this and the logger
  std::shared_ptr<spdlog::async_logger> logger;        // owners: this and each queued line
};

struct State {
  std::atomic<LogLevel> level{LogLevel::info};
  std::atomic<std::uint64_t> dropped_by_ended_writers{0};
  std::shared_mutex mutex;  // shared: post a line; exclusive: start or end the writer
  Writer writer;
};

State& state() {
  static State state;
  return state;
}

/// Some readers split lines at them, some terminals obey them.
bool is_control(utf8proc_int32_t code) {
  return (code >= 0x80 && code <= 0x9F) || code == 0x2028 || code == 0x2029;
}

/// Valid UTF-8 without line or terminal controls beyond ASCII; what is neither becomes U+FFFD.
std::string repaired(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t code = 0;
    const auto left = static_cast<utf8proc_ssize_t>(text.size() - at);
    const auto length =
        static_cast<std::size_t>(std::max<utf8proc_ssize_t>(utf8proc_iterate(bytes + at, left, &code), 1));
    if (code < 0 || is_control(code)) {
      out += kReplacement;
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  return out;
}

void append_value(base::JsonWriter& json, std::string_view text) {
  text = text.substr(0, kMaxValueBytes);
  if (base::is_ascii(text)) {
    json.string(text);
  } else {
    json.string(repaired(text));
  }
}

/// "2026-01-02T03:04:05.678Z"
std::string timestamp() {
  using namespace std::chrono;
  const auto now = floor<milliseconds>(system_clock::now());
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  std::array<char, 40> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()),
                    unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                    int(time.minutes().count()), int(time.seconds().count()), int(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string line_of(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  std::string line;
  base::JsonWriter json(line);
  json.begin_object();
  json.key("ts").string(timestamp());
  json.key("level").string(kLevelNames[static_cast<std::size_t>(level)]);
  json.key("msg");
  append_value(json, message);
  for (const Field& field : fields) {
    json.key(field.name);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) append_value(json, *text);
    if (const auto* integer = std::get_if<std::int64_t>(&field.value)) json.integer(*integer);
    if (const auto* number = std::get_if<double>(&field.value)) json.thousandths(*number);
    if (const auto* flag = std::get_if<bool>(&field.value)) json.boolean(*flag);
  }
  json.end_object();
  return line;
}

/// Signals are for the threads that handle them; a closed pipe must come back as EPIPE.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

Writer make_writer(std::size_t capacity) {
  Writer writer;
  // The pool and the output need each other; only the pool's own thread, which the pool outlives, follows the pointer.
  const auto pool_cell = std::make_shared<std::atomic<spdlog::details::thread_pool*>>(nullptr);
  writer.output = std::make_shared<LogOutput>(STDOUT_FILENO, [pool_cell] {
    auto* const pool = pool_cell->load(std::memory_order_acquire);
    return pool != nullptr && pool->queue_size() > 0;
  });
  const auto write_rest = [output = writer.output] { output->flush(); };
  writer.pool = std::make_shared<spdlog::details::thread_pool>(capacity, 1, block_signals, write_rest);
  pool_cell->store(writer.pool.get(), std::memory_order_release);
  writer.logger = std::make_shared<spdlog::async_logger>("ragd", writer.output, writer.pool,
                                                         spdlog::async_overflow_policy::overrun_oldest);
  return writer;
}

void write_to_stderr(std::string line) {
  line += '\n';
  // Nobody is left to tell if this fails.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void start_log(LogLevel level, std::size_t capacity) {
  stop_log();
  set_log_level(level);
  const std::unique_lock lock(state().mutex);
  state().writer = make_writer(capacity);
}

void stop_log() {
  Writer ending;
  {
    const std::unique_lock lock(state().mutex);
    ending = std::exchange(state().writer, {});
  }
  if (ending.pool == nullptr) return;
  ending.output->give_up_after(kStopGrace);
  const std::uint64_t overrun = ending.pool->overrun_counter();
  ending.logger.reset();
  ending.pool.reset();
  state().dropped_by_ended_writers.fetch_add(overrun + ending.output->lost_lines(), std::memory_order_relaxed);
}

void set_log_level(LogLevel level) {
  state().level.store(level, std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
  return level >= state().level.load(std::memory_order_relaxed);
}

std::uint64_t log_dropped() {
  const std::shared_lock lock(state().mutex);
  const Writer& writer = state().writer;
  const std::uint64_t now = writer.pool == nullptr ? 0 : writer.pool->overrun_counter() + writer.output->lost_lines();
  return now + state().dropped_by_ended_writers.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  if (!log_enabled(level)) return;
  std::string line = line_of(level, message, fields);
  const std::shared_lock lock(state().mutex);
  if (state().writer.logger == nullptr) {
    write_to_stderr(std::move(line));
    return;
  }
  state().writer.logger->log(spdlog::level::info, spdlog::string_view_t(line));
}

}  // namespace ragd::obs
