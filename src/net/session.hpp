// One connection from its first byte to its last: reads heads and bodies within their time and size, asks the handler,
// writes each answer as one buffer, in the order of the requests.
//
// One coroutine on the connection's core; nothing here is called from elsewhere. That coroutine only waits: all there
// is to do between two waits is a plain step of a message's phases, so that a request that is answered at once costs
// one suspension, for its bytes. It refuses to answer twice to a message it cannot delimit: the first violation gets
// one answer, and the connection is closed so that it arrives.
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
  /// How far the message in hand has come.
  enum class Phase : std::uint8_t { head, interim, body, handler, answer, rest };
  /// What has to happen before it can go on.
  enum class Wait : std::uint8_t { bytes, room, handler, linger, nothing };
  enum class Received : std::uint8_t { data, end, late, broken };

  /// Goes on until something has to be waited for.
  [[nodiscard]] Wait advance();
  // The steps of a message. Nothing returned: on to the phase that is set now.
  [[nodiscard]] std::optional<Wait> read_head();
  [[nodiscard]] std::optional<Wait> admit();
  [[nodiscard]] std::optional<Wait> read_body();
  [[nodiscard]] std::optional<Wait> handle();
  [[nodiscard]] std::optional<Wait> send();
  [[nodiscard]] std::optional<Wait> after_interim(bool delivered);
  [[nodiscard]] std::optional<Wait> after_answer(bool delivered);
  [[nodiscard]] std::optional<Wait> drop_rest();
  /// The message breaks a rule: answers so.
  void refuse(Error error);

  // What was waited for has come about.
  [[nodiscard]] Wait after_read(const boost::system::error_code& ec, std::size_t count);
  [[nodiscard]] Wait after_write(const boost::system::error_code& ec, std::size_t count);
  [[nodiscard]] Wait after_handler();

  [[nodiscard]] Task<void> run_handler();
  [[nodiscard]] Task<void> linger();

  void begin_message();
  void note_first_byte();
  [[nodiscard]] Received judge(const boost::system::error_code& ec) const;
  [[nodiscard]] bool take_last_bytes();
  [[nodiscard]] Wait lose_head(Received received);
  [[nodiscard]] Wait lose_body(Received received);
  void begin_body();
  void write_answer();
  void answer_for_broken_handler(const std::string& what);
  void finish(std::size_t response_bytes, bool delivered);
  [[nodiscard]] bool may_keep_connection() const;
  void set_timeout(std::chrono::milliseconds timeout, SteadyTime from);
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
  Phase phase_ = Phase::head;
  std::string output_;       // the answer as sent
  std::string_view unsent_;  // what the socket has not taken of it, or of the interim answer
  bool keep_ = false;        // the connection, after this answer

  SteadyTime now_ = opened_;  // read when bytes have come and when an answer has gone
  SteadyTime deadline_ = SteadyTime::max();
  bool first_request_ = true;
  bool idle_ = false;     // waits for the first byte of a request
  bool late_ = false;     // the deadline has passed
  bool leaving_ = false;  // to be closed when idle
  bool aborted_ = false;
};

}  // namespace ragd::net
