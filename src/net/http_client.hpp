// A small blocking HTTP/1.1 client for ragd's own verbs (ask, search, ingest, healthcheck) against a running server:
// the asynchronous client of net/upstream.hpp, run until it is done.
//
// One per thread; the connection is kept from request to request. It refuses https, responses beyond max_body_bytes,
// and to wait longer than the timeout for one exchange. A request that a kept connection swallowed without a byte of
// answer is sent once more on a new one: the verbs of ragd's API are safe to repeat.
#pragma once

#include "net/upstream_message.hpp"

#include <ragd/error.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ragd::net {

struct BaseUrl {
  std::string text;  ///< as given, for messages
  std::string host;  ///< without brackets
  std::string port;
  std::string authority;  ///< for Host
};

/// http://host[:port], perhaps with a slash behind it. The detail says what is wrong.
[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view url);

using ClientRequest = UpstreamRequest;
using ClientResponse = UpstreamResponse;

struct ClientLimits {
  std::chrono::milliseconds timeout{60'000};  ///< of one exchange, from connect to the last byte
  std::size_t max_body_bytes = 64ULL << 20;   ///< of a response
};

class HttpClient {
 public:
  explicit HttpClient(const BaseUrl& url, ClientLimits limits = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Any status is a response. Errors are of the transport, with a detail fit for a terminal:
  /// "cannot reach http://127.0.0.1:8000: connection refused; is ragd serving there?"
  [[nodiscard]] Result<ClientResponse> fetch(const ClientRequest& request);

 private:
  class Loop;
  const ClientLimits limits_;
  const std::unique_ptr<Loop> loop_;
};

}  // namespace ragd::net
