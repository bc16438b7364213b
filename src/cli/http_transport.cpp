#include "cli/http_transport.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ragd::cli {

namespace {

/// A page of an export holds at least one document, however large the server lets them be.
constexpr std::size_t kMaxAnswerBytes = 1UL << 30U;

/// Retry-After in seconds; the form with a date is not used by ragd.
std::optional<std::chrono::seconds> retry_after(const net::ClientResponse& response) {
  const auto header = response.header("Retry-After");
  if (!header) return std::nullopt;
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), seconds);
  if (error != std::errc{} || end != header->data() + header->size()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

HttpTransport::HttpTransport(const net::BaseUrl& url, net::ClientLimits limits, std::string api_key)
    : client_(url, limits), api_key_(std::move(api_key)) {}

Result<std::unique_ptr<HttpTransport>> HttpTransport::make(const Connection& server,
                                                           std::chrono::milliseconds timeout) {
  auto url = net::parse_base_url(server.url);
  if (!url) return fail(url.error().code, "--url: " + url.error().detail);
  if (server.api_key.find_first_of("\r\n") != std::string::npos) {
    return fail(Errc::unprocessable, "--api-key: has a line end in it");
  }
  net::ClientLimits limits;
  limits.timeout = timeout;
  limits.max_body_bytes = kMaxAnswerBytes;
  return std::unique_ptr<HttpTransport>(new HttpTransport(*url, limits, server.api_key));
}

Result<ClientResponse> HttpTransport::send(const ClientRequest& request) {
  net::ClientRequest message{request.method, request.target, {}, request.body};
  if (!api_key_.empty()) message.headers.emplace_back("Authorization", "Bearer " + api_key_);
  auto response = client_.fetch(message);
  if (!response) return response.error();
  const auto wait = retry_after(*response);
  return ClientResponse{response->status, std::move(response->body), wait};
}

}  // namespace ragd::cli
