#include "store/info_log.hpp"

#include "obs/log.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

namespace ragd::store {

namespace {

/// A full disk makes RocksDB repeat itself every few seconds.
constexpr std::chrono::nanoseconds kQuietTime = std::chrono::seconds(30);
constexpr std::size_t kMaxLine = 512;

class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(std::string store) : store_(std::move(store)) {}

  [[nodiscard]] rocksdb::InfoLogLevel GetInfoLogLevel() const override {
    return level_.load(std::memory_order_relaxed);
  }
  void SetInfoLogLevel(rocksdb::InfoLogLevel level) override { level_.store(level, std::memory_order_relaxed); }

  using Logger::Logv;

  void LogHeader(const char* /*format*/, va_list /*arguments*/) override {}

  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    // HEADER_LEVEL is numbered above the errors.
    if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL || !is_due()) return;
    std::array<char, kMaxLine> line;
    // The format is RocksDB's own literal.
    const int wanted = std::vsnprintf(line.data(), line.size(), format, arguments);  // NOLINT
    if (wanted <= 0) return;
    std::size_t size = std::min(static_cast<std::size_t>(wanted), line.size() - 1);
    while (size > 0 && line[size - 1] == '\n') --size;
    obs::log(LogLevel::warning, "rocksdb", {{"store", store_}, {"detail", std::string_view(line.data(), size)}});
  }

 protected:
  rocksdb::Status CloseImpl() override { return rocksdb::Status::OK(); }

 private:
  bool is_due() {
    const std::int64_t now = std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
    std::int64_t due = next_line_.load(std::memory_order_relaxed);
    return now >= due && next_line_.compare_exchange_strong(due, now + kQuietTime.count(), std::memory_order_relaxed);
  }

  const std::string store_;
  std::atomic<rocksdb::InfoLogLevel> level_ = rocksdb::InfoLogLevel::HEADER_LEVEL;
  std::atomic<std::int64_t> next_line_{0};
};

}  // namespace

void begin_info_log(rocksdb::Logger& log) {
  log.SetInfoLogLevel(rocksdb::InfoLogLevel::WARN_LEVEL);
}

std::shared_ptr<rocksdb::Logger> make_info_log(std::string store) {
  return std::make_shared<InfoLog>(std::move(store));
}

}  // namespace ragd::store
