// The timers by which one core's coroutines wait for the database, so that all of them can be told to wait no longer.
//
// Belongs to its core; no locks.
#pragma once

#include "net/socket.hpp"

#include <set>

namespace ragd::retrieval::pgvector {

class Waits {
 public:
  /// A timer is in the list as long as this is there.
  class Listed {
   public:
    Listed(Waits& waits, net::Timer& timer) : waits_(waits), timer_(timer) { waits_.timers_.insert(&timer_); }
    ~Listed() { waits_.timers_.erase(&timer_); }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

   private:
    Waits& waits_;
    net::Timer& timer_;
  };

  void end() {
    ended_ = true;
    for (net::Timer* const timer : timers_) timer->cancel();
  }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  std::set<net::Timer*> timers_;
  bool ended_ = false;
};

}  // namespace ragd::retrieval::pgvector
