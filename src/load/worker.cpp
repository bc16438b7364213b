#include "load/worker.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace ragd::load {

namespace {

constexpr std::size_t kReadBytes = 64UL << 10U;
constexpr int kEvents = 256;
/// Sleeping is not exact to less than this on a virtual machine: nearer to an arrival we poll.
constexpr Nanos kSpin = std::chrono::microseconds(100);
constexpr Nanos kLongestTick = std::chrono::milliseconds(100);
constexpr Nanos kShortestTick = std::chrono::milliseconds(1);
constexpr Nanos kFirstRetry = std::chrono::milliseconds(100);
constexpr Nanos kLongestRetry = std::chrono::seconds(1);
constexpr Nanos kPublishEvery = std::chrono::milliseconds(250);
constexpr Nanos kLongestConnect = std::chrono::seconds(5);
constexpr Nanos kStopGrace = std::chrono::seconds(1);

TimePoint look_at_clock() {
  return std::chrono::steady_clock::now();
}

Nanos thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanos(time.tv_nsec);
}

int make_poll() {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  if (poll < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return poll;
}

}  // namespace

Worker::Worker(const Target& target, const Pace& pace, std::size_t connections, Nanos timeout, Asker asker,
               const Stop& stop, SharedTally* shared)
    : target_(target),
      pace_(pace),
      timeout_(timeout),
      asker_(asker),
      stop_(stop),
      shared_(shared),
      poll_(make_poll()),
      connections_(connections),
      buffer_(kReadBytes) {}

Worker::~Worker() {
  ::close(poll_);
}

Tally Worker::run() {
  // The kernel otherwise adds up to 50 us to each sleep, to save wake-ups.
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  const Nanos cpu_before = thread_cpu_time();
  start();
  loop();
  finish(thread_cpu_time() - cpu_before);
  return std::move(tally_);
}

/// A burst is timed from before it connects, like the first visit of a client; else connecting is not measured.
void Worker::start() {
  now_ = look_at_clock();
  if (pace_.burst) dispatcher_.emplace(pace_, connections_.size(), now_);
  for (Connection& connection : connections_) connect(connection);
  if (pace_.burst) return;
  while (connecting_ > 0 && !stop_.now()) wait();
  now_ = look_at_clock();
  dispatcher_.emplace(pace_, connections_.size(), now_);
  for (const Connection& connection : connections_) {
    if (connection.state == State::idle) dispatcher_->freed(index_of(connection), now_);
  }
}

void Worker::loop() {
  next_publish_ = now_ + kPublishEvery;
  while (true) {
    if (stop_.now() && give_up_ == TimePoint::max()) {
      dispatcher_->stop(now_);
      give_up_ = now_ + kStopGrace;
    }
    offer();
    if (done()) return;
    wait();
  }
}

bool Worker::done() const {
  return (dispatcher_->exhausted(now_) && busy_ == 0) || now_ >= give_up_;
}

void Worker::wait() {
  std::array<epoll_event, kEvents> events;
  const Nanos duration = pace_.spin ? Nanos(0) : std::max(Nanos(0), patience());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const timespec timeout{seconds.count(), (duration - seconds).count()};
  const int count = ::epoll_pwait2(poll_, events.data(), kEvents, &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
  if (pace_.rate > 0) {  // what is due has come due meanwhile, and waits for no answer
    now_ = look_at_clock();
    if (dispatcher_) offer();
  }
  const TimePoint before = now_;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    handle(connections_[event.data.u64], event.events);
  }
  // Each whole answer has looked at the clock.
  if (now_ == before) now_ = look_at_clock();
  if (now_ >= next_sweep_) sweep();
}

Nanos Worker::patience() const {
  const TimePoint due = dispatcher_ ? dispatcher_->next_due() : TimePoint::max();
  if (due == TimePoint::max()) return next_sweep_ - now_;
  return std::min(due - kSpin, next_sweep_) - now_;
}

void Worker::handle(Connection& connection, std::uint32_t events) {
  if (connection.state == State::connecting) {
    if (connection.socket.pending_error() != 0) {
      connect_failed(connection);
    } else {
      connected(connection);
    }
    return;
  }
  if ((events & EPOLLOUT) != 0 && connection.state == State::busy) write(connection);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && connection.state >= State::idle) read(connection);
}

void Worker::connect(Connection& connection) {
  const int error = connection.socket.connect(target_);
  connection.state = State::connecting;
  ++connecting_;
  connection.deadline = now_ + std::min(timeout_, kLongestConnect);
  if (error != 0 && error != EINPROGRESS) {
    connect_failed(connection);
    return;
  }
  watch(connection, EPOLL_CTL_ADD, error == EINPROGRESS);
  if (error == 0) connected(connection);
}

void Worker::connected(Connection& connection) {
  connection.state = State::idle;
  --connecting_;
  ++connected_;
  unreachable_ = false;
  if (connection.watches_write) watch(connection, EPOLL_CTL_MOD, false);
  if (dispatcher_) dispatcher_->freed(index_of(connection), now_);
}

/// A request that would have been asked on it fails with it.
void Worker::connect_failed(Connection& connection) {
  drop(connection);
  unreachable_ = connected_ == 0;
  if (dispatcher_) {
    const auto since = dispatcher_->take(now_);
    if (since && dispatcher_->counts(*since)) tally_.unanswered(Outcome::connection_error);
  }
  retry(connection, false);
}

void Worker::retry(Connection& connection, bool at_once) {
  const unsigned failures = connection.failures++;
  const auto delay = std::min(kLongestRetry, kFirstRetry * (1U << std::min(failures, 4U)));
  connection.retry_at = now_ + delay;
  if (at_once && !pace_.burst) connect(connection);
}

void Worker::watch(Connection& connection, int operation, bool for_write) {
  epoll_event event{};
  event.events = for_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = index_of(connection);
  ::epoll_ctl(poll_, operation, connection.socket.fd(), &event);
  connection.watches_write = for_write;
}

void Worker::drop(Connection& connection) {
  if (connection.state == State::connecting) --connecting_;
  if (connection.state >= State::idle) --connected_;
  if (connection.state == State::busy) --busy_;
  connection.state = State::closed;
  connection.socket.close();
}

void Worker::offer() {
  while (const auto offered = dispatcher_->next(now_)) {
    if (offered->lateness && dispatcher_->counts(offered->since)) tally_.late.record(*offered->lateness);
    ask(connections_[offered->connection], offered->since);
  }
  if (!unreachable_ || pace_.rate <= 0) return;
  while (const auto since = dispatcher_->take(now_)) {
    if (dispatcher_->counts(*since)) tally_.unanswered(Outcome::connection_error);
  }
}

void Worker::ask(Connection& connection, TimePoint since) {
  connection.state = State::busy;
  ++busy_;
  connection.since = since;
  connection.deadline = now_ + timeout_;
  connection.scanner.begin();
  connection.unwritten = asker_.next();
  write(connection);
}

void Worker::write(Connection& connection) {
  std::string_view& rest = connection.unwritten;
  const ssize_t written = ::send(connection.socket.fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (written < 0 && errno != EAGAIN) {
    broken(connection, Outcome::connection_error);
    return;
  }
  rest.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  if (rest.empty() == connection.watches_write) watch(connection, EPOLL_CTL_MOD, !rest.empty());
}

void Worker::read(Connection& connection) {
  const ssize_t received = ::recv(connection.socket.fd(), buffer_.data(), buffer_.size(), 0);
  if (received < 0 && errno == EAGAIN) return;
  if (connection.state == State::idle) {  // it was closed, or what comes is no answer to anything
    if (dispatcher_) dispatcher_->lost(index_of(connection));
    drop(connection);
    retry(connection, connection.failures == 0);
    return;
  }
  using enum ResponseScanner::Verdict;
  auto verdict = bad;
  if (received > 0) verdict = connection.scanner.feed({buffer_.data(), static_cast<std::size_t>(received)});
  if (received == 0) verdict = connection.scanner.closed();
  if (verdict == whole) answered(connection);
  if (verdict == bad) broken(connection, Outcome::connection_error);
}

void Worker::answered(Connection& connection) {
  now_ = look_at_clock();
  const ResponseScanner& answer = connection.scanner;
  if (dispatcher_->counts(connection.since)) {
    tally_.answered(answer.status(), answer.cache(), now_ - connection.since);
    if (now_ <= dispatcher_->end()) ++answers_in_window_;
  }
  connection.failures = 0;
  if (pace_.burst || !answer.keeps_alive() || !connection.unwritten.empty()) {
    drop(connection);
    retry(connection, true);
  } else {
    connection.state = State::idle;
    --busy_;
    dispatcher_->freed(index_of(connection), now_);
  }
  offer();
}

void Worker::broken(Connection& connection, Outcome outcome) {
  if (dispatcher_->counts(connection.since)) tally_.unanswered(outcome);
  drop(connection);
  retry(connection, connection.failures == 0);
}

/// What is not worth a look at each event: deadlines, and connections to be made again.
void Worker::sweep() {
  next_sweep_ = now_ + std::clamp(timeout_ / 4, kShortestTick, kLongestTick);
  for (Connection& connection : connections_) {
    if (connection.state == State::closed) {
      const bool wanted = dispatcher_ && !pace_.burst && !dispatcher_->exhausted(now_);
      if (wanted && now_ >= connection.retry_at) connect(connection);
    } else if (connection.state != State::idle && now_ >= connection.deadline) {
      if (connection.state == State::busy) {
        broken(connection, Outcome::timeout);
      } else {
        connect_failed(connection);
      }
    }
  }
  if (shared_ != nullptr && now_ >= next_publish_) {
    next_publish_ = now_ + kPublishEvery;
    if (dispatcher_) tally_.window = now_ - dispatcher_->measure_from();
    shared_->publish(tally_);
  }
}

void Worker::finish(Nanos cpu) {
  const Nanos measured = dispatcher_->measured_until(now_) - dispatcher_->measure_from();
  tally_.window = std::max(Nanos(0), measured);
  const double seconds = std::chrono::duration<double>(tally_.window).count();
  tally_.answers_per_second = seconds > 0 ? static_cast<double>(answers_in_window_) / seconds : 0;
  for (const Connection& connection : connections_) {
    const bool asked = connection.state == State::busy && dispatcher_->counts(connection.since);
    if (asked) tally_.unanswered(Outcome::unfinished);
  }
  tally_.unsent = dispatcher_->unsent();
  tally_.cpu = cpu;
  if (shared_ != nullptr) shared_->publish(tally_);
}

}  // namespace ragd::load
