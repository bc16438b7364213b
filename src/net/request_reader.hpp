// Turns a connection's bytes into requests, one after another, without doing any I/O: whoever owns it reads into
// room(), commits, and asks whether the head or the body is whole.
//
// Belongs to one session. The request's views stay valid until begin() or discard(). After the first Error of a
// message nothing more can be read: where the message ends is unknown.
#pragma once

#include "net/exchange.hpp"
#include "net/framing.hpp"
#include "net/head_scanner.hpp"
#include "net/input_buffer.hpp"
#include "net/request_parser.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ragd::net {

class RequestReader {
 public:
  explicit RequestReader(HttpRequest& request);

  /// The next message; bytes that have come behind the last one are its first.
  void begin();
  [[nodiscard]] bool has_bytes() const { return !input_.bytes().empty(); }

  /// Where the next bytes belong; never empty while more are needed.
  [[nodiscard]] std::span<char> room();
  void commit(std::size_t count) { input_.commit(count); }

  /// True: the head is whole and the request filled in, all but its body.
  [[nodiscard]] Result<bool> read_head();
  [[nodiscard]] const Framing& framing() const { return framing_; }
  [[nodiscard]] bool is_http_1_0() const { return version_ == 10; }

  /// True: the body is whole and in the request.
  [[nodiscard]] Result<bool> read_body(std::uint64_t max_body_bytes);

  /// How much of the body has not arrived; nothing when that is unknown.
  [[nodiscard]] std::optional<std::uint64_t> missing() const;

  /// Drops the message, read or not. False: bytes of its body are still to come, call again after the next read.
  [[nodiscard]] bool discard();

 private:
  [[nodiscard]] std::optional<Error> understand(std::string_view head);
  [[nodiscard]] std::optional<Error> parse(std::string_view head);
  [[nodiscard]] std::optional<Error> make_room_for_body();
  [[nodiscard]] std::string_view behind_head() const { return input_.bytes().substr(head_end_); }

  HttpRequest& request_;
  InputBuffer input_;
  HeadScanner scanner_;
  std::optional<RequestParser> parser_;
  Framing framing_;
  unsigned version_ = 11;
  std::string body_;               // unless it lies whole behind its head
  std::size_t head_begin_ = 0;     // in input_.bytes()
  std::size_t head_end_ = 0;       // likewise; 0 while the head is not whole
  std::uint64_t length_left_ = 0;  // of a body with Content-Length: bytes not yet taken out of input_
  bool in_place_ = false;          // the body will lie whole behind its head
};

}  // namespace ragd::net
