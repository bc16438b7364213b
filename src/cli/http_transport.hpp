// Transport over HTTP/1.1 with the server's API key. For one thread; blocks.
#pragma once

#include "cli/transport.hpp"
#include "cli/verbs.hpp"
#include "net/http_client.hpp"

#include <ragd/error.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace ragd::cli {

class HttpTransport final : public Transport {
 public:
  /// Refuses a URL it cannot use. `timeout` is for each exchange.
  [[nodiscard]] static Result<std::unique_ptr<HttpTransport>> make(const Connection& server,
                                                                   std::chrono::milliseconds timeout);
  Result<ClientResponse> send(const ClientRequest& request) override;

 private:
  HttpTransport(const net::BaseUrl& url, net::ClientLimits limits, std::string api_key);

  net::HttpClient client_;
  std::string api_key_;
};

}  // namespace ragd::cli
