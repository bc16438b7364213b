// A server for client verbs: answers by a function of the request, and keeps what it was asked.
#pragma once

#include "cli/transport.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ragd::fakes {

class ScriptedTransport final : public cli::Transport {
 public:
  using Answer = std::function<Result<cli::ClientResponse>(const cli::ClientRequest&)>;
  explicit ScriptedTransport(Answer answer) : answer_(std::move(answer)) {}

  Result<cli::ClientResponse> send(const cli::ClientRequest& request) override {
    requests.push_back(request);
    return answer_(request);
  }

  std::vector<cli::ClientRequest> requests;

 private:
  Answer answer_;
};

inline cli::ClientResponse answer_with(unsigned status, std::string body) {
  return {status, std::move(body), std::nullopt};
}

}  // namespace ragd::fakes
