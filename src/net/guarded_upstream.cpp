#include "net/guarded_upstream.hpp"

#include "net/socket.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>
#include <random>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace ragd::net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr unsigned kTooManyRequests = 429;
constexpr unsigned kFirstServerError = 500;

/// A caller in a hurry must not open the breaker for those with time.
constexpr milliseconds kFairTime{1'000};

/// What an attempt says about the server's health. `had_time`: enough of it that a healthy server would have answered.
Breaker::Outcome judge(const Result<UpstreamResponse>& response, bool had_time) {
  if (response.has_value()) {
    if (response->status == kTooManyRequests) return Breaker::Outcome::unknown;  // well, and busy with others
    return response->status >= kFirstServerError ? Breaker::Outcome::failure : Breaker::Outcome::success;
  }
  switch (response.error().code) {
    case Errc::unavailable:
      return Breaker::Outcome::failure;
    case Errc::deadline_exceeded:
      return had_time ? Breaker::Outcome::failure : Breaker::Outcome::unknown;
    default:
      return Breaker::Outcome::unknown;
  }
}

FailedAttempt describe(const Result<UpstreamResponse>& response) {
  FailedAttempt attempt;
  if (response.has_error()) {
    attempt.passing = is_passing(response.error().code);
    return attempt;
  }
  attempt.passing = is_passing_status(response->status);
  if (const auto wait = response->header("Retry-After")) {
    attempt.retry_after = parse_retry_after(*wait, std::chrono::system_clock::now()).value_or(milliseconds(0));
  }
  return attempt;
}

void count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

/// False: canceled meanwhile.
Task<bool> pause_for(milliseconds pause) {
  const Executor here = co_await boost::asio::this_coro::executor;
  Timer timer(here, pause);
  const boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> token;
  const auto waited = co_await timer.async_wait(token);
  co_return !std::get<0>(waited);
}

}  // namespace

GuardedUpstream::Core::Core(boost::asio::io_context& its_context, const UpstreamUrl& url,
                            const GuardSettings& settings, const TlsContextPtr& tls, std::uint64_t seed)
    : context(its_context),
      client(its_context.get_executor(), url, settings.client, tls),
      breaker(settings.breaker, seed),
      retries(settings.retry, seed + 1) {}

GuardedUpstream::GuardedUpstream(const std::vector<boost::asio::io_context*>& cores, const UpstreamUrl& url,
                                 const GuardSettings& settings, const TlsContextPtr& tls)
    : url_(url), settings_(settings) {
  std::random_device seed;
  for (boost::asio::io_context* const core : cores) {
    cores_.push_back(std::make_unique<Core>(*core, url_, settings_, tls, seed()));
  }
}

Result<std::unique_ptr<GuardedUpstream>> GuardedUpstream::make(const std::vector<boost::asio::io_context*>& cores,
                                                               const UpstreamUrl& url, const GuardSettings& settings) {
  TlsContextPtr tls;
  if (url.tls) {
    Result<TlsContextPtr> made = TlsContext::make(settings.tls);
    if (made.has_error()) return made.error();
    tls = std::move(*made);
  }
  return std::unique_ptr<GuardedUpstream>(new GuardedUpstream(cores, url, settings, tls));
}

Task<Result<UpstreamResponse>> GuardedUpstream::send(const UpstreamRequest& request, SteadyTime deadline) {
  const Executor here = co_await boost::asio::this_coro::executor;
  Core& core = on(here);
  core.retries.note_request();
  Result<UpstreamResponse> response = fail(Errc::unavailable, url_.origin + " is left alone after too many failures");
  for (unsigned number = 1;; ++number) {
    const std::optional<Breaker::Ticket> ticket = core.breaker.admit(steady_clock::now());
    if (!ticket) {
      count(core.held_back);
      co_return response;
    }
    response = co_await attempt(core, *ticket, request, deadline);
    FailedAttempt failed = describe(response);
    failed.number = number;
    failed.repeatable = request.repeatable;
    failed.deadline = deadline;
    const std::optional<milliseconds> pause = core.retries.decide(failed, steady_clock::now());
    if (!pause) co_return response;
    count(core.retried);
    const bool waited = co_await pause_for(*pause);
    if (!waited) co_return fail(Errc::canceled, url_.origin + ": canceled before another attempt");
  }
}

Task<Result<UpstreamResponse>> GuardedUpstream::attempt(Core& core, Breaker::Ticket ticket,
                                                        const UpstreamRequest& request, SteadyTime deadline) {
  count(core.attempts);
  const UpstreamDeadlines deadlines = deadlines_within(deadline);
  const bool has_time = deadlines.total - steady_clock::now() >= std::min(kFairTime, settings_.timeout / 2);
  Result<UpstreamResponse> response = co_await core.client.send(request, deadlines);
  const SteadyTime now = steady_clock::now();
  if (response.has_error() && response.error().code == Errc::deadline_exceeded && now < deadline) {
    // The attempt's time was up, not the caller's.
    response = fail(Errc::unavailable, response.error().detail);
  }
  core.breaker.report(ticket, judge(response, has_time), now);
  core.open.store(core.breaker.state() != Breaker::State::closed, std::memory_order_relaxed);
  co_return response;
}

GuardedUpstream::Core& GuardedUpstream::on(const Executor& executor) {
  const auto found = std::find_if(cores_.begin(), cores_.end(),
                                  [&executor](const auto& core) { return &core->context == &executor.context(); });
  if (found == cores_.end()) throw std::logic_error("an upstream was asked for on a core it was not made for");
  return **found;
}

UpstreamDeadlines GuardedUpstream::deadlines_within(SteadyTime deadline) const {
  const SteadyTime own = steady_clock::now() + settings_.timeout;
  return {settings_.connect, settings_.timeout, std::min(own, deadline)};
}

GuardStats GuardedUpstream::stats() const {
  GuardStats sum;
  for (const auto& core : cores_) {
    sum.attempts += core->attempts.load(std::memory_order_relaxed);
    sum.retries += core->retried.load(std::memory_order_relaxed);
    sum.held_back += core->held_back.load(std::memory_order_relaxed);
    if (core->open.load(std::memory_order_relaxed)) ++sum.open_breakers;
  }
  return sum;
}

void GuardedUpstream::close() {
  for (const auto& core : cores_) {
    boost::asio::post(core->context, [&client = core->client] { client.close(); });
  }
}

}  // namespace ragd::net
