#include "cli/patience.hpp"

#include <algorithm>
#include <chrono>

namespace ragd::cli {

namespace {

constexpr int kMaxTries = 10;
constexpr std::chrono::seconds kLongestWait{120};

bool asks_for_patience(const ClientResponse& response) {
  return response.status == 429 || response.status == 503;
}

}  // namespace

Result<ClientResponse> send_patiently(Transport& transport, const ClientRequest& request, const Sleeper& sleep,
                                      const std::function<void(const std::string&)>& waiting) {
  for (int tries = 1;; ++tries) {
    auto response = transport.send(request);
    if (!response) return response.error();
    if (!asks_for_patience(*response) || tries == kMaxTries) return response;
    const auto asked = response->retry_after.value_or(std::chrono::seconds(1));
    const auto wait = std::clamp(asked, std::chrono::seconds(1), kLongestWait);
    waiting("the server asks for patience: waiting " + std::to_string(wait.count()) + " s");
    sleep(wait);
  }
}

}  // namespace ragd::cli
