#include "net/breaker.hpp"

#include <algorithm>

namespace ragd::net {

Breaker::Breaker(const BreakerSettings& settings, std::uint64_t seed)
    : settings_(settings), random_(static_cast<std::minstd_rand::result_type>(seed)) {
  outcomes_.reserve(settings_.window);
}

std::optional<Breaker::Ticket> Breaker::admit(SteadyTime now) {
  if (state_ == State::closed) return Ticket(era_, round_);
  if (now >= until_) {
    if (state_ == State::open) {
      enter(State::half_open);
    } else if (has_all_probes()) {
      probes_out_ = 0;  // those that are still out count as lost
      ++round_;
    }
  }
  if (state_ == State::open || has_all_probes()) return std::nullopt;
  ++probes_out_;
  until_ = now + settings_.cool_down;
  return Ticket(era_, round_);
}

void Breaker::report(Ticket ticket, Outcome outcome, SteadyTime now) {
  if (ticket.era_ != era_) return;
  if (state_ == State::half_open) return report_probe(ticket, outcome, now);
  if (outcome == Outcome::unknown) return;
  remember(outcome == Outcome::failure);
  if (fails_too_often()) open(now);
}

SteadyTime::duration Breaker::closed_for(SteadyTime now) const {
  if (state_ == State::closed || (state_ == State::half_open && !has_all_probes())) return {};
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

void Breaker::report_probe(Ticket ticket, Outcome outcome, SteadyTime now) {
  if (ticket.round_ == round_) --probes_out_;
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
