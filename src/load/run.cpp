#include "load/run.hpp"

#include "load/worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ragd::load {

namespace {

constexpr std::size_t kFilesBesides = 64;

Result<void> allow_files(std::size_t connections) {
  rlimit limit{};
  const rlim_t needed = connections + kFilesBesides;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return {};
  if (limit.rlim_max < needed) {
    return fail(Errc::unprocessable, std::to_string(connections) + " connections need " + std::to_string(needed) +
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

/// The threads of a run. Joined with it.
class Crew {
 public:
  Crew(const Plan& plan, const Target& target, const RequestSet& requests, const std::atomic<bool>& stop, bool watched)
      : shared_(plan.threads), tallies_(plan.threads), running_(plan.threads) {
    for (unsigned i = 0; i < plan.threads; ++i) {
      threads_.emplace_back([this, &plan, &target, &requests, &stop, watched, i] {
        Asker asker(requests, plan.seed, i, plan.threads, plan.in_turn);
        Worker worker(target, pace_of(plan, i), share(plan.connections, i, plan.threads), plan.timeout, asker, stop,
                      watched ? &shared_[i] : nullptr);
        tallies_[i] = worker.run();
        const std::lock_guard lock(mutex_);
        --running_;
        ended_.notify_one();
      });
    }
  }

  /// Waits for all, and calls `every_second` meanwhile.
  Tally wait(const EverySecond& every_second) {
    const auto start = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    for (std::chrono::seconds elapsed(1);; ++elapsed) {
      if (ended_.wait_until(lock, start + elapsed, [this] { return running_ == 0; })) break;
      lock.unlock();
      if (every_second) every_second(latest(), elapsed);
      lock.lock();
    }
    Tally whole;
    for (const Tally& tally : tallies_) whole.merge(tally);
    return whole;
  }

 private:
  [[nodiscard]] Tally latest() const {
    Tally whole;
    for (const SharedTally& shared : shared_) whole.merge(shared.latest());
    return whole;
  }

  std::vector<SharedTally> shared_;
  std::vector<Tally> tallies_;  // each written by its thread, read when it has ended
  std::mutex mutex_;
  std::condition_variable ended_;
  unsigned running_;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace

Result<Tally> run(const Plan& plan, const Target& target, const RequestSet& requests, const std::atomic<bool>& stop,
                  const EverySecond& every_second) {
  if (auto allowed = allow_files(plan.connections); !allowed) return allowed.error();
  Crew crew(plan, target, requests, stop, static_cast<bool>(every_second));
  return crew.wait(every_second);
}

}  // namespace ragd::load
