#include "net/breaker.hpp"

#include <algorithm>

namespace ragd::net {

Breaker::Breaker(const BreakerSettings& settings, std::uint64_t seed)
    : settings_(settings), random_(static_cast<std::minstd_rand::result_type>(seed)) {
  outcomes_.reserve(settings_.window);
}

std::optional<Breaker::Ticket> Breaker::admit(SteadyTime now) {
  if (state_ == State::closed) return Ticket(era_);
  if (now >= until_) {
    // The cool-down is over, or the probes that went out after the last one are lost.
    enter(State::half_open);
    until_ = now + settings_.cool_down;
  }
  if (state_ == State::open || probes_out_ + probes_succeeded_ >= settings_.probes) return std::nullopt;
  ++probes_out_;
  return Ticket(era_);
}

void Breaker::report(Ticket ticket, Outcome outcome, SteadyTime now) {
  if (ticket.era_ != era_) return;
  if (state_ == State::half_open) return report_probe(outcome, now);
  if (outcome == Outcome::unknown) return;
  remember(outcome == Outcome::failure);
  if (fails_too_often()) open(now);
}

SteadyTime::duration Breaker::closed_for(SteadyTime now) const {
  const bool full = state_ == State::half_open && probes_out_ + probes_succeeded_ >= settings_.probes;
  if (state_ != State::open && !full) return {};
  return std::max(SteadyTime::duration::zero(), until_ - now);
}

void Breaker::remember(bool failed) {
  if (outcomes_.size() < settings_.window) {
    outcomes_.push_back(failed);
  } else {
    if (outcomes_[next_]) --failures_;
    outcomes_[next_] = failed;
    next_ = (next_ + 1) % settings_.window;
  }
  if (failed) ++failures_;
}

bool Breaker::fails_too_often() const {
  const std::size_t seen = outcomes_.size();
  return seen >= settings_.min_requests && failures_ > 0 &&
         static_cast<double>(failures_) >= settings_.failure_rate * static_cast<double>(seen);
}

void Breaker::report_probe(Outcome outcome, SteadyTime now) {
  --probes_out_;
  if (outcome == Outcome::unknown) return;  // another one may go in its place
  if (outcome == Outcome::failure) return open(now);
  if (++probes_succeeded_ == settings_.probes) enter(State::closed);
}

void Breaker::enter(State state) {
  state_ = state;
  ++era_;
  outcomes_.clear();
  next_ = failures_ = probes_out_ = probes_succeeded_ = 0;
}

void Breaker::open(SteadyTime now) {
  enter(State::open);
  constexpr double kLongest = 1.5;
  const double factor = std::uniform_real_distribution<double>(1.0, kLongest)(random_);
  until_ = now + std::chrono::duration_cast<SteadyTime::duration>(settings_.cool_down * factor);
}

}  // namespace ragd::net
