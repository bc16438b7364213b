#include "net/session_group.hpp"

#include "net/session.hpp"
#include "obs/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>

namespace ragd::net {

namespace {

SteadyTime::duration sweep_period_of(const HttpSettings& settings) {
  using std::chrono::milliseconds;
  const milliseconds shortest =
      std::min({settings.header_timeout, settings.body_timeout, settings.write_timeout, settings.idle_timeout});
  return std::clamp(shortest / 8, milliseconds(2), milliseconds(250));
}

Task<void> serve(std::unique_ptr<Session> session) {
  co_await session->run();
}

/// A session ends by returning; anything thrown out of it is a bug of ours.
void log_session_end(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    obs::log(LogLevel::error, "a connection ended by an exception", {{"error", std::string_view(error.what())}});
  }
}

}  // namespace

void ConnectionCount::enter() {
  const std::lock_guard lock(mutex_);
  ++count_;
}

void ConnectionCount::leave() {
  const std::lock_guard lock(mutex_);
  if (--count_ == 0) none_.notify_all();
}

std::size_t ConnectionCount::value() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

bool ConnectionCount::wait_until_none(SteadyTime deadline) const {
  std::unique_lock lock(mutex_);
  return none_.wait_until(lock, deadline, [this] { return count_ == 0; });
}

SessionGroup::SessionGroup(const Executor& executor, const HttpSettings& settings, HttpHandler& handler,
                           obs::Metrics& metrics)
    : settings_(settings),
      handler_(handler),
      metrics_(metrics),
      timer_(executor),
      sweep_period_(sweep_period_of(settings)) {}

void SessionGroup::adopt(const SessionGroupPtr& group, NewConnection connection) {
  boost::asio::post(group->executor(),
                    [group, taken = std::move(connection)]() mutable { start(group, std::move(taken)); });
}

void SessionGroup::start(const SessionGroupPtr& group, NewConnection connection) {
  auto session = std::make_unique<Session>(group, std::move(connection));
  boost::asio::co_spawn(group->executor(), serve(std::move(session)), log_session_end);
  if (!group->armed_) arm(group);
}

void SessionGroup::close_idle() {
  for (Session* const session : sessions_) session->close_if_idle();
}

void SessionGroup::close_stalled_probes() {
  const SteadyTime now = std::chrono::steady_clock::now();
  for (Session* const session : sessions_) session->close_if_stalled_probe(now);
}

void SessionGroup::abort() {
  for (Session* const session : sessions_) session->abort();
}

std::list<Session*>::iterator SessionGroup::add(Session& session) {
  metrics_.connections_accepted.add();
  metrics_.connections_active.add(1);
  return sessions_.insert(sessions_.end(), &session);
}

void SessionGroup::remove(std::list<Session*>::iterator place) {
  sessions_.erase(place);
  metrics_.connections_active.add(-1);
  if (sessions_.empty()) timer_.cancel();
}

void SessionGroup::arm(const SessionGroupPtr& group) {
  group->armed_ = true;
  group->timer_.expires_after(group->sweep_period_);
  group->timer_.async_wait([group](const boost::system::error_code& /*canceled: the last session has left*/) {
    group->armed_ = false;
    group->sweep();
    if (!group->sessions_.empty()) arm(group);
  });
}

void SessionGroup::sweep() {
  const SteadyTime now = std::chrono::steady_clock::now();
  for (Session* const session : sessions_) session->cut_if_late(now);
}

}  // namespace ragd::net
