// One request and its answer, as the session hands them to whoever handles requests, and that handler's interface.
//
// An Exchange belongs to one connection, on one core, and is reused from request to request: views in it are valid
// until the answer is written. The session owns framing, deadlines and bytes; the handler owns meaning.
#pragma once

#include <ragd/context.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

struct HeaderField {
  std::string_view name;   ///< as sent; compare case-insensitively
  std::string_view value;  ///< without surrounding white space
};

struct HttpRequest {
  Method method = Method::other;
  std::string_view method_name;
  std::string_view path;   ///< origin-form target before '?', still percent-encoded
  std::string_view query;  ///< after '?', still percent-encoded
  std::string_view host;   ///< the one Host field (empty only under HTTP/1.0)
  std::vector<HeaderField> headers;
  std::string_view body;
  boost::asio::ip::address peer;  ///< of the TCP connection
  SteadyTime first_byte;          ///< when the request's first byte had arrived
  SteadyTime last_byte;           ///< when the last one had; set before the handler is asked for the answer

  /// The first field of that name, or nothing.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct HttpResponse {
  unsigned status = 200;
  std::string_view content_type = "application/json";  ///< a literal
  std::string headers;                                 ///< further "Name: value\r\n" lines
  std::string body;
  bool close = false;  ///< close the connection after this answer

  void add_header(std::string_view name, std::string_view value);
  void reset();
};

/// What the handler keeps about a request between its calls; each handler derives its own.
struct HandlerState {
  virtual ~HandlerState() = default;
};

struct Exchange {
  HttpRequest request;
  HttpResponse response;
  std::unique_ptr<HandlerState> state;
};

/// How an exchange ended, for whoever counts.
struct ExchangeEnd {
  SteadyTime last_byte;
  std::size_t request_body_bytes = 0;
  std::size_t response_bytes = 0;
  bool delivered = false;  ///< false: the client went away or was too slow to take it
};

/// A head that admit lets pass may still carry a body up to this many bytes.
struct Admission {
  bool proceed = false;  ///< false: `response` is the answer, the body is not read
  std::uint64_t max_body_bytes = 0;
};

/// All calls for one connection come from its core, in this order, once per request:
/// admit, [answer_at_once, [handle]], finish. A request that breaks HTTP gets reject instead of all but the last, or
/// after admit when it is the body that breaks it (size, framing, time). Whoever was asked anything hears finish,
/// exactly once.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// Once per connection.
  [[nodiscard]] virtual std::unique_ptr<HandlerState> open() = 0;
  /// The head is complete: decide before a byte of the body is read.
  virtual Admission admit(Exchange& exchange) = 0;
  /// The body is in: answer, if nothing has to be waited for. False: not answered yet, handle is called.
  virtual bool answer_at_once(Exchange& exchange) = 0;
  /// Answer, in what time it takes.
  virtual Task<void> handle(Exchange& exchange) = 0;
  /// Framing, size or time was violated: write the answer for it. `request` may be incomplete.
  virtual void reject(Exchange& exchange, const Error& error) = 0;
  /// The answer was written, or could not be.
  virtual void finish(Exchange& exchange, const ExchangeEnd& end) = 0;
  /// Draining: answers carry Connection: close.
  [[nodiscard]] virtual bool draining() const = 0;
};

}  // namespace ragd::net
