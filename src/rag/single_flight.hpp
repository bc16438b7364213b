// Identical questions at the same time are worked out once.
//
// A flight lives on core hash % cores and is touched there only; whoever waits for it is reached by a post to its own
// core. Thread-safe in that fly may be called on any core. A flight has a budget of its own from its start, each waiter
// its own deadline: one that leaves takes nobody along. A result, good or bad, is shared once; nothing is kept. When
// the budget is over the waiters hear so at once, even if the computation does not heed its deadline.
// It is destroyed before the io_contexts it was given, after their threads have ended.
#pragma once

#include "rag/work.hpp"

#include <ragd/clock.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/wait_traits.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ragd::rag {

/// How a flight ended for one of its waiters.
struct Landing {
  Result<Computed> result;
  bool leader = false;            ///< this waiter's question started the flight
  bool flight_timed_out = false;  ///< the flight's budget was over, not the waiter's
};

class SingleFlight {
 public:
  /// Works out what everyone on a flight waits for. The context's deadline is the flight's.
  using Compute = std::function<Task<Result<Computed>>(std::shared_ptr<const Work>)>;

  SingleFlight(const std::vector<boost::asio::io_context*>& cores, std::chrono::milliseconds budget, const Clock& clock,
               Compute compute);
  ~SingleFlight();
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  /// Joins the flight of that key or starts it with `work`, and waits until work.context.deadline at most.
  Task<Landing> fly(std::string key, std::shared_ptr<Work> work);

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  struct Waiter;
  struct Flight;
  struct Slot;
  struct Core;
  struct Landed;
  class Alarm;

  void join(std::size_t core, std::string key, std::shared_ptr<Waiter> waiter, std::shared_ptr<Work> work);
  void leave(std::size_t core, const std::string& key, const std::shared_ptr<Waiter>& waiter);
  void start(std::size_t core, Slot& slot, std::shared_ptr<Work> work);
  void land(std::size_t core, const std::shared_ptr<Flight>& flight, const Result<Computed>& result, bool timed_out);

  const std::chrono::milliseconds budget_;
  const Clock& clock_;
  const Compute compute_;
  std::vector<Core> cores_;
};

}  // namespace ragd::rag
