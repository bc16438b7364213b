#include "cli/progress.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

namespace ragd::cli {

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

constexpr auto kRedraw = 100ms;
constexpr auto kPlainLine = 5s;
constexpr std::string_view kClearLine = "\r\033[K";
constexpr std::size_t kBarCells = 24;

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

}  // namespace

Progress::Progress(const Console& console, const Clock& clock, std::size_t total, std::string_view unit)
    : console_(console), clock_(clock), total_(total), unit_(unit), begin_(clock.steady_now()) {
  if (!console_.err_is_terminal) last_ = begin_;  // a short job needs no lines at all
}

double Progress::elapsed_seconds() const {
  return std::chrono::duration<double>(clock_.steady_now() - begin_).count();
}

void Progress::update(std::size_t done) {
  const SteadyTime now = clock_.steady_now();
  const std::chrono::nanoseconds pause = console_.err_is_terminal ? std::chrono::nanoseconds(kRedraw) : kPlainLine;
  if (last_ && now - *last_ < pause) return;
  last_ = now;
  if (console_.err_is_terminal) {
    draw(done);
  } else {
    console_.err << done << (total_ > 0 ? " of " + std::to_string(total_) : "") << ' ' << unit_ << '\n' << std::flush;
  }
}

std::string Progress::bar(std::size_t done) const {
  if (total_ == 0) return std::to_string(done) + " " + std::string(unit_);
  const double part = static_cast<double>(done) / static_cast<double>(total_);
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarCells));
  return '[' + std::string(filled, '#') + std::string(kBarCells - filled, '-') + "] " + std::to_string(done) + '/' +
         std::to_string(total_);
}

void Progress::draw(std::size_t done) {
  const double elapsed = elapsed_seconds();
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  std::array<char, 32> rate_text{};
  std::snprintf(rate_text.data(), rate_text.size(), "%.1f ", rate);
  console_.err << kClearLine << bar(done) << "  " << rate_text.data() << unit_ << "/s";
  if (rate > 0 && total_ > 0) console_.err << "  ETA " << duration_text(static_cast<double>(total_ - done) / rate);
  console_.err << std::flush;
  drawn_ = true;
}

void Progress::note(std::string_view line) {
  finish();
  console_.err << line << '\n' << std::flush;
}

void Progress::finish() {
  if (drawn_) console_.err << kClearLine << std::flush;
  drawn_ = false;
}

}  // namespace ragd::cli
