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

constexpr unsigned kFirstSuccess = 200;
constexpr unsigned kFirstRedirect = 300;
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

obs::UpstreamOutcome outcome_of(const Result<UpstreamResponse>& response) {
  if (response.has_value()) {
    const bool well = response->status >= kFirstSuccess && response->status < kFirstRedirect;
    return well ? obs::UpstreamOutcome::success : obs::UpstreamOutcome::error;
  }
  const Error& error = response.error();
  if (error.code == Errc::canceled) return obs::UpstreamOutcome::canceled;
  const bool late = error.code == Errc::deadline_exceeded || error.detail.ends_with(kTooSlow);
  return late ? obs::UpstreamOutcome::timeout : obs::UpstreamOutcome::error;
}

FailedAttempt describe(const Result<UpstreamResponse>& response) {
  FailedAttempt attempt;
  if (response.has_error()) {
    attempt.repeat = repeat_after(response.error());
    return attempt;
  }
  attempt.repeat = repeat_after(response->status);
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

GuardedUpstream::Core::Core(boost::asio::io_context& its_context, const UpstreamUrl& url, const GuardSettings& settings,
                            const TlsContextPtr& tls, const obs::UpstreamRecorder& its_recorder, std::uint64_t seed)
    : context(its_context),
      recorder(its_recorder),
      client(its_context.get_executor(), url, settings.client, tls),
      breaker(settings.breaker, seed),
      retries(settings.retry, seed + 1) {}

GuardedUpstream::Core::~Core() {
  if (open.load(std::memory_order_relaxed)) recorder.breaker_closed();
}

void GuardedUpstream::Core::report(Breaker::Ticket ticket, Breaker::Outcome outcome, SteadyTime now) {
  breaker.report(ticket, outcome, now);
  const bool is_open = breaker.state() != Breaker::State::closed;
  if (open.exchange(is_open, std::memory_order_relaxed) == is_open) return;
  if (is_open) {
    recorder.breaker_opened();
  } else {
    recorder.breaker_closed();
  }
}

GuardedUpstream::GuardedUpstream(const std::vector<boost::asio::io_context*>& cores, const UpstreamUrl& url,
                                 const GuardSettings& settings, const TlsContextPtr& tls,
                                 const obs::UpstreamRecorder& recorder)
    : url_(url), settings_(settings) {
  std::random_device seed;
  for (boost::asio::io_context* const core : cores) {
    cores_.push_back(std::make_unique<Core>(*core, url_, settings_, tls, recorder, seed()));
  }
}

Result<std::unique_ptr<GuardedUpstream>> GuardedUpstream::make(const std::vector<boost::asio::io_context*>& cores,
                                                               const UpstreamUrl& url, const GuardSettings& settings,
                                                               const obs::UpstreamRecorder& recorder) {
  TlsContextPtr tls;
  if (url.tls) {
    Result<TlsContextPtr> made = TlsContext::make(settings.tls);
    if (made.has_error()) return made.error();
    tls = std::move(*made);
  }
  return std::unique_ptr<GuardedUpstream>(new GuardedUpstream(cores, url, settings, tls, recorder));
}

Task<Result<UpstreamResponse>> GuardedUpstream::send(const UpstreamRequest& request, SteadyTime deadline) {
  const Executor here = co_await boost::asio::this_coro::executor;
  Core& core = on(here);
  core.retries.note_request();
  Result<UpstreamResponse> response = fail(Errc::unavailable, url_.origin + " is left alone after too many failures");
  for (unsigned number = 1;; ++number) {
    const std::optional<Breaker::Ticket> admitted = core.breaker.admit(steady_clock::now());
    if (!admitted) {
      count(core.held_back);
      co_return response;
    }
    if (number > 1) {
      count(core.retried);
      core.recorder.count_retry();
    }
    const Breaker::Ticket ticket = *admitted;
    response = co_await attempt(core, ticket, request, deadline);
    FailedAttempt failed = describe(response);
    failed.number = number;
    failed.repeatable = request.repeatable;
    failed.deadline = deadline;
    const std::optional<milliseconds> pause = core.retries.decide(failed, steady_clock::now());
    if (!pause) co_return response;
    const milliseconds length = *pause;
    const bool waited = co_await pause_for(length);
    if (!waited) co_return fail(Errc::canceled, url_.origin + ": canceled before another attempt");
  }
}

Task<Result<UpstreamResponse>> GuardedUpstream::attempt(Core& core, Breaker::Ticket ticket,
                                                        const UpstreamRequest& request, SteadyTime deadline) {
  count(core.attempts);
  const UpstreamDeadlines deadlines = deadlines_within(deadline);
  const bool has_time = deadlines.total - steady_clock::now() >= std::min(kFairTime, settings_.timeout / 2);
  obs::UpstreamCall call(core.recorder, steady_clock::now());
  Result<UpstreamResponse> response = co_await core.client.send(request, deadlines);
  const SteadyTime now = steady_clock::now();
  call.end(outcome_of(response), now);
  if (response.has_error() && response.error().code == Errc::deadline_exceeded && now < deadline) {
    // The attempt's time was up, not the caller's.
    response = fail(Errc::unavailable, response.error().detail);
  }
  core.report(ticket, judge(response, has_time), now);
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
