// One connection from its first byte to its last: reads heads and bodies within their time and size, asks the handler,
// writes each answer as one buffer, in the order of the requests.
//
// One coroutine on the connection's core; nothing here is called from elsewhere. It refuses to answer twice to a
// message it cannot delimit: the first violation gets one answer, and the connection is closed so that it arrives.
#pragma once

#include "net/exchange.hpp"
#include "net/request_reader.hpp"
#include "net/session_group.hpp"
#include "net/socket.hpp"

#include <ragd/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>

namespace ragd::net {

class Session {
 public:
  Session(SessionGroupPtr group, NewConnection connection);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Serves until the connection ends.
  [[nodiscard]] Task<void> run();

  /// Called by the sweep: cuts what is under way when its deadline has passed.
  void cut_if_late(SteadyTime now);
  void close_if_idle();
  void close_if_stalled_probe(SteadyTime now);
  void abort();

 private:
  enum class Next : std::uint8_t { request, close, linger };
  enum class Received : std::uint8_t { data, end, late, broken };

  [[nodiscard]] Task<Next> serve_one();
  [[nodiscard]] Task<Received> receive_head();
  [[nodiscard]] Task<Received> receive_body();
  [[nodiscard]] Task<Received> receive_some();
  [[nodiscard]] Task<bool> send(std::string_view bytes);
  [[nodiscard]] Task<void> run_handler();
  [[nodiscard]] Task<Next> answer();
  [[nodiscard]] Task<Next> drain_message();
  [[nodiscard]] Task<void> linger();

  void wait_for_request();
  void note_first_byte();
  [[nodiscard]] bool take_last_bytes();
  void admit();
  void reject();
  void answer_for_broken_handler(const std::string& what);
  void finish(std::size_t response_bytes, bool delivered);
  [[nodiscard]] bool may_keep_connection() const;
  void set_timeout(std::chrono::milliseconds timeout, SteadyTime from = std::chrono::steady_clock::now());
  void clear_deadline();

  const ConnectionTicket ticket_;  // first, so that all else is gone when the connection stops counting
  const SessionGroupPtr group_;
  Socket socket_;
  const bool probes_only_;
  const SteadyTime opened_ = std::chrono::steady_clock::now();
  std::list<Session*>::iterator place_;

  Exchange exchange_;
  RequestReader reader_;
  Admission admission_;
  std::optional<Error> violation_;  // of this message against HTTP, its size or its time
  std::string output_;              // the answer as sent

  SteadyTime deadline_ = SteadyTime::max();
  bool first_request_ = true;
  bool idle_ = false;     // waits for the first byte of a request
  bool late_ = false;     // the deadline has passed
  bool leaving_ = false;  // to be closed when idle
  bool aborted_ = false;
};

}  // namespace ragd::net
