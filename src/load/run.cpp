#include "load/run.hpp"

#include "load/worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace ragd::load {

namespace {

constexpr std::size_t kFilesAThread = 1;   // its epoll
constexpr std::size_t kFilesBesides = 16;  // the result's file, and a few nobody thought of

std::size_t open_files() {
  std::error_code none;  // without /proc: as good as none
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd", none), std::filesystem::directory_iterator()));
}

Result<void> allow_files(std::size_t connections, unsigned threads) {
  rlimit limit{};
  const rlim_t needed = open_files() + connections + threads * kFilesAThread + kFilesBesides;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return {};
  if (limit.rlim_max < needed) {
    return fail(Errc::unprocessable, std::to_string(connections) + " connections of " + std::to_string(threads) +
                                         " threads need " + std::to_string(needed) +
                                         " open files, and this process may have " + std::to_string(limit.rlim_max) +
                                         " (ulimit -n)");
  }
  limit.rlim_cur = needed;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return {};
}

/// The part of `whole` that the i-th of n gets; the parts differ by one at most.
template <class T>
T share(T whole, unsigned i, unsigned n) {
  return whole / n + (i < whole % n ? 1 : 0);
}

Pace pace_of(const Plan& plan, unsigned thread) {
  Pace pace;
  pace.rate = plan.rate;
  pace.burst = plan.burst;
  pace.requests = share(plan.requests, thread, plan.threads);
  pace.warmup = plan.warmup;
  pace.duration = plan.burst ? plan.timeout : plan.duration;
  pace.grace = plan.timeout;
  pace.spin = plan.spin;
  pace.thread = thread;
  pace.threads = plan.threads;
  return pace;
}

/// The threads of a run. Joined with it; when one of them breaks, all end.
class Crew {
 public:
  Crew(const Plan& plan, const Target& target, const RequestSet& requests, const std::atomic<bool>& stop, bool watched)
      : plan_(plan),
        target_(target),
        requests_(requests),
        stop_{stop, broken_},
        watched_(watched),
        shared_(plan.threads),
        tallies_(plan.threads) {}

  ~Crew() { broken_ = true; }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void start() {
    try {
      for (unsigned i = 0; i < plan_.threads; ++i) {
        threads_.emplace_back([this, i] { work(i); });
        const std::lock_guard lock(mutex_);
        ++started_;
      }
    } catch (const std::system_error& error) {
      break_off(error);
    }
  }

  /// Waits for all, and calls `every_second` meanwhile.
  Result<Tally> wait(const EverySecond& every_second) {
    const auto start = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    for (std::chrono::seconds elapsed(1);; ++elapsed) {
      if (one_ended_.wait_until(lock, start + elapsed, [this] { return ended_ == started_; })) break;
      lock.unlock();
      if (every_second) every_second(latest(), elapsed);
      lock.lock();
    }
    if (!failure_.empty()) return fail(Errc::internal, "a thread of the load generator broke: " + failure_);
    Tally whole;
    for (const Tally& tally : tallies_) whole.merge(tally);
    return whole;
  }

 private:
  void work(unsigned i) {
    try {
      Asker asker(requests_, plan_.seed, i, plan_.threads, plan_.in_turn);
      Worker worker(target_, pace_of(plan_, i), share(plan_.connections, i, plan_.threads), plan_.timeout, asker, stop_,
                    watched_ ? &shared_[i] : nullptr);
      tallies_[i] = worker.run();
    } catch (const std::exception& error) {
      break_off(error);
    }
    const std::lock_guard lock(mutex_);
    ++ended_;
    one_ended_.notify_one();
  }

  void break_off(const std::exception& error) {
    broken_ = true;
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = error.what();
  }

  [[nodiscard]] Tally latest() const {
    Tally whole;
    for (const SharedTally& shared : shared_) whole.merge(shared.latest());
    return whole;
  }

  const Plan& plan_;
  const Target& target_;
  const RequestSet& requests_;
  std::atomic<bool> broken_{false};
  const Stop stop_;
  const bool watched_;
  std::vector<SharedTally> shared_;
  std::vector<Tally> tallies_;  // each written by its thread, read when it has ended
  std::mutex mutex_;
  std::condition_variable one_ended_;
  unsigned started_ = 0;
  unsigned ended_ = 0;
  std::string failure_;                // of the first thread that broke
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace

Result<Tally> run(const Plan& plan, const Target& target, const RequestSet& requests, const std::atomic<bool>& stop,
                  const EverySecond& every_second) {
  if (auto allowed = allow_files(plan.connections, plan.threads); !allowed) return allowed.error();
  Crew crew(plan, target, requests, stop, static_cast<bool>(every_second));
  crew.start();
  return crew.wait(every_second);
}

}  // namespace ragd::load
