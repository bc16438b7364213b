// How a verb reaches the server: one request, one answer. net's HTTP client implements it, tests do without a network.
//
// For one thread. Blocks until the answer is whole or the implementation's own time limit is over. An Error means there
// is no answer; its detail is a line for the person that names the server and says what to do.
#pragma once

#include <ragd/error.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace ragd::cli {

struct ClientRequest {
  std::string method;
  std::string target;  ///< path and query, already escaped
  std::string body;    ///< JSON; empty: none is sent
};

struct ClientResponse {
  unsigned status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<ClientResponse> send(const ClientRequest& request) = 0;
};

}  // namespace ragd::cli
