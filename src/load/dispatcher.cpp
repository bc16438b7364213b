#include "load/dispatcher.hpp"

#include <algorithm>

namespace ragd::load {

namespace {

/// Any rate will do where it is not used.
double positive(double rate) {
  return rate > 0 ? rate : 1;
}

}  // namespace

Dispatcher::Dispatcher(const Pace& pace, std::size_t connections, TimePoint start)
    : pace_(pace),
      start_(start),
      measure_from_(start + pace.warmup),
      end_(measure_from_ + pace.duration),
      arrivals_(start, positive(pace.rate), pace.thread, pace.threads),
      due_in_all_(open()       ? arrivals_.count_before(end_)
                  : pace.burst ? connections
                               : 0),
      due_in_warmup_(open() ? arrivals_.count_before(measure_from_) : 0),
      free_(connections) {}

void Dispatcher::freed(std::size_t connection, TimePoint now) {
  free_[(head_ + free_count_) % free_.size()] = {connection, now};
  ++free_count_;
}

void Dispatcher::lost(std::size_t connection) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < free_count_; ++i) {
    const Free entry = free_[(head_ + i) % free_.size()];
    if (entry.connection != connection) free_[(head_ + kept++) % free_.size()] = entry;
  }
  free_count_ = kept;
}

std::optional<TimePoint> Dispatcher::take(TimePoint now) {
  if (exhausted(now)) return std::nullopt;
  const TimePoint since = open() ? arrivals_.at(taken_) : pace_.burst ? start_ : now;
  if (since > now) return std::nullopt;
  ++taken_;
  if (counts(since)) ++counted_;
  return since;
}

std::optional<Dispatcher::Offer> Dispatcher::next(TimePoint now) {
  if (free_count_ == 0) return std::nullopt;
  const auto since = take(now);
  if (!since) return std::nullopt;
  const Free chosen = free_[head_];
  head_ = head_ + 1 == free_.size() ? 0 : head_ + 1;
  --free_count_;
  Offer offer{chosen.connection, *since, std::nullopt};
  if (open()) offer.lateness = now - std::max(*since, chosen.since);
  return offer;
}

TimePoint Dispatcher::next_due() const {
  if (!open() || free_count_ == 0 || stopped_ || taken_ >= due_in_all_) return TimePoint::max();
  return arrivals_.at(taken_);
}

bool Dispatcher::exhausted(TimePoint now) const {
  if (stopped_ || counted_ >= pace_.requests) return true;
  if (open()) return taken_ >= due_in_all_ || now >= end_ + pace_.grace;
  return pace_.burst ? taken_ >= due_in_all_ : now >= end_;
}

TimePoint Dispatcher::measured_until(TimePoint now) const {
  const bool sooner = stopped_ || pace_.burst || counted_ >= pace_.requests;
  return sooner ? std::min(now, end_) : end_;
}

void Dispatcher::stop(TimePoint now) {
  stopped_ = true;
  end_ = std::clamp(now, measure_from_, end_);
  if (open()) due_in_all_ = arrivals_.count_before(end_);
}

std::uint64_t Dispatcher::unsent() const {
  const std::uint64_t asked = std::max(taken_, due_in_warmup_);
  const std::uint64_t waiting = due_in_all_ - std::min(due_in_all_, asked);
  return std::min(waiting, pace_.requests - counted_);
}

}  // namespace ragd::load
