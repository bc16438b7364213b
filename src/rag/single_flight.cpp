#include "rag/single_flight.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace ragd::rag {

namespace asio = boost::asio;

/// One who waits. Everything but `core` is touched on that core only; `alarm` lies in the waiting coroutine and is
/// null once it has left.
struct SingleFlight::Waiter {
  explicit Waiter(Executor its_core) : core(std::move(its_core)) {}

  void deliver(Landing how) {
    landing = std::move(how);
    if (alarm != nullptr) alarm->cancel();
  }

  const Executor core;
  Timer* alarm = nullptr;
  std::optional<Landing> landing;
};

struct SingleFlight::Flight {
  struct Seat {
    std::shared_ptr<Waiter> waiter;  // owners: this seat and the waiting coroutine
    bool leader = false;
  };
  std::string key;
  SteadyTime deadline;
  std::vector<Seat> seats;
};

/// The budget's timer is not part of the flight: the computation holds on to the flight, and timers must go before
/// their io_context does.
struct SingleFlight::Slot {
  std::shared_ptr<Flight> flight;  // owners: this slot and the computation
  std::optional<Timer> budget;
};

struct SingleFlight::Core {
  Executor executor;
  std::unordered_map<std::string, Slot> flights;
};

/// The end of a computation.
struct SingleFlight::Landed {
  SingleFlight* owner;
  std::size_t core;
  std::shared_ptr<Flight> flight;

  void operator()(const std::exception_ptr& exception, Result<Computed> result) const {
    if (exception) result = explain(exception);
    const bool timed_out =
        !result && result.error().code == Errc::deadline_exceeded && owner->clock_.steady_now() >= flight->deadline;
    owner->land(core, flight, result, timed_out);
  }

  static Error explain(const std::exception_ptr& exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& error) {
      return fail(Errc::internal, error.what());
    } catch (...) {
      return fail(Errc::internal, "an exception of unknown type");
    }
  }
};

/// The waiting coroutine's timer, taken away from the waiter however the coroutine ends.
class SingleFlight::Alarm {
 public:
  Alarm(Waiter& waiter, std::chrono::nanoseconds in) : waiter_(waiter), timer_(waiter.core) {
    timer_.expires_after(in);
    waiter_.alarm = &timer_;
  }
  ~Alarm() { waiter_.alarm = nullptr; }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  [[nodiscard]] Timer& timer() { return timer_; }

 private:
  Waiter& waiter_;
  Timer timer_;
};

SingleFlight::SingleFlight(const std::vector<asio::io_context*>& cores, std::chrono::milliseconds budget,
                           const Clock& clock, Compute compute)
    : budget_(budget), clock_(clock), compute_(std::move(compute)) {
  cores_.reserve(cores.size());
  for (asio::io_context* core : cores) cores_.push_back(Core{core->get_executor(), {}});
}

SingleFlight::~SingleFlight() = default;

Task<Landing> SingleFlight::fly(std::string key, std::shared_ptr<Work> work) {
  const Executor here = co_await asio::this_coro::executor;
  auto waiter = std::make_shared<Waiter>(here);
  Alarm alarm(*waiter, work->context.deadline - clock_.steady_now());
  const std::size_t core = work->plan.key.hash % cores_.size();
  asio::post(cores_[core].executor, [this, core, key, waiter, work = std::move(work)]() mutable {
    join(core, std::move(key), std::move(waiter), std::move(work));
  });
  // Delivery is a post to this core, so it can't come between here and the wait.
  const asio::as_tuple_t<asio::use_awaitable_t<Executor>> token;
  const auto waited = co_await alarm.timer().async_wait(token);
  if (waiter->landing) co_return std::move(*waiter->landing);
  asio::post(cores_[core].executor, [this, core, key = std::move(key), waiter] { leave(core, key, waiter); });
  const bool rang = !std::get<0>(waited);
  Landing early;
  early.result = rang ? fail(Errc::deadline_exceeded, "the deadline passed while waiting for an answer")
                      : fail(Errc::canceled, "the wait for an answer was canceled");
  co_return early;
}

void SingleFlight::join(std::size_t core, std::string key, std::shared_ptr<Waiter> waiter, std::shared_ptr<Work> work) {
  const auto [place, is_new] = cores_[core].flights.try_emplace(std::move(key));
  Slot& slot = place->second;
  if (is_new) {
    slot.flight = std::make_shared<Flight>();
    slot.flight->key = place->first;
    start(core, slot, std::move(work));
  }
  slot.flight->seats.push_back({std::move(waiter), is_new});
}

void SingleFlight::start(std::size_t core, Slot& slot, std::shared_ptr<Work> work) {
  const std::shared_ptr<Flight> flight = slot.flight;
  work->context.now = clock_.steady_now();
  work->context.wall_now = clock_.wall_now();
  work->context.deadline = work->context.now + budget_;
  flight->deadline = work->context.deadline;

  slot.budget.emplace(cores_[core].executor);
  slot.budget->expires_after(budget_);
  slot.budget->async_wait([this, core, flight](const boost::system::error_code& stopped) {
    if (!stopped) land(core, flight, fail(Errc::deadline_exceeded, "the answer took longer than a request may"), true);
  });

  Task<Result<Computed>> computation = compute_(std::move(work));
  asio::co_spawn(cores_[core].executor, std::move(computation), Landed{this, core, flight});
}

void SingleFlight::leave(std::size_t core, const std::string& key, const std::shared_ptr<Waiter>& waiter) {
  const auto place = cores_[core].flights.find(key);
  if (place == cores_[core].flights.end()) return;
  auto& seats = place->second.flight->seats;
  std::erase_if(seats, [&waiter](const Flight::Seat& seat) { return seat.waiter == waiter; });
}

void SingleFlight::land(std::size_t core, const std::shared_ptr<Flight>& flight, const Result<Computed>& result,
                        bool timed_out) {
  auto& flights = cores_[core].flights;
  const auto place = flights.find(flight->key);
  // A computation that comes home after its budget finds its waiters gone, and maybe a younger flight in its place.
  if (place == flights.end() || place->second.flight != flight) return;
  flights.erase(place);
  for (Flight::Seat& seat : flight->seats) {
    Landing landing{result, seat.leader, timed_out};
    const Executor its_core = seat.waiter->core;
    asio::post(its_core, [waiter = std::move(seat.waiter), landing = std::move(landing)]() mutable {
      waiter->deliver(std::move(landing));
    });
  }
  flight->seats.clear();
}

}  // namespace ragd::rag
