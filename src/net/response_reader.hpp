// Turns a server's bytes into one response, without doing any I/O: head first, then the body piece by piece.
//
// One per response, on one core. It refuses what two readers could delimit differently (RFC 9112, 6): both lengths,
// a transfer coding other than chunked, folded lines, bare CR or LF, controls; and what is larger than its limits.
// Interim answers (100, 103) are skipped. An Error's detail reads on after the server's name: "sent ...".
#pragma once

#include "net/upstream_message.hpp"

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ragd::net {

struct ResponseLimits {
  std::size_t head_bytes = 32ULL << 10;  ///< status line and fields in sum, those of interim answers included
  std::size_t fields = 100;
  std::uint64_t body_bytes = 64ULL << 20;
};

struct ResponseHead {
  unsigned status = 0;
  HeaderList headers;
};

class ResponseReader {
 public:
  /// `to_head`: the answer is to a HEAD request, and has no body whatever its fields say.
  ResponseReader(const ResponseLimits& limits, bool to_head) : limits_(limits), to_head_(to_head) {}

  /// Takes bytes off the front of `bytes`, up to the end of the head, of a piece of the body, or of them all. What it
  /// returns is a piece of the body, a view into them; empty where none was among those it took.
  [[nodiscard]] Result<std::string_view> take(std::string_view& bytes);

  /// The server has sent its last byte: nothing where the body may end so.
  [[nodiscard]] std::optional<Error> end();

  [[nodiscard]] bool has_begun() const { return begun_; }
  [[nodiscard]] bool has_head() const { return state_ > State::fields; }
  [[nodiscard]] bool is_done() const { return state_ == State::done; }
  /// Once it is done: another request may follow on the connection.
  [[nodiscard]] bool keeps_alive() const { return keep_alive_; }
  [[nodiscard]] ResponseHead& head() { return head_; }
  /// Of the body; nothing where it is not known beforehand.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }

 private:
  enum class State : std::uint8_t {
    status_line,
    fields,
    length,
    until_close,
    chunk_size,
    chunk_data,
    chunk_end,
    trailers,
    done
  };

  [[nodiscard]] bool in_body_data() const;
  [[nodiscard]] Result<std::string_view> take_data(std::string_view& bytes);
  [[nodiscard]] Result<bool> read_line(std::string_view& bytes);
  [[nodiscard]] std::optional<Error> check_room(std::size_t more) const;
  [[nodiscard]] std::optional<Error> end_line();
  [[nodiscard]] std::optional<Error> end_status_line();
  [[nodiscard]] std::optional<Error> end_field();
  [[nodiscard]] std::optional<Error> end_head();
  [[nodiscard]] std::optional<Error> choose_framing();
  [[nodiscard]] std::optional<Error> end_chunk_size();

  const ResponseLimits limits_;
  const bool to_head_;
  State state_ = State::status_line;
  bool begun_ = false;
  bool http_1_0_ = false;
  bool keep_alive_ = false;
  std::string line_;  // of the head, of a chunk's size, or of the trailers, as far as it has come
  bool line_is_whole_ = false;
  std::size_t head_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  ResponseHead head_;
  std::optional<std::uint64_t> content_length_;
  std::uint64_t left_ = 0;  // of the body or of the chunk
  std::uint64_t body_bytes_ = 0;
};

}  // namespace ragd::net
