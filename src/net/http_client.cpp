#include "net/http_client.hpp"

#include "net/upstream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace ragd::net {

namespace {

Error bad_url(std::string_view url, std::string_view why) {
  return fail(Errc::unprocessable, std::string("\'").append(url).append("\' ").append(why));
}

UpstreamUrl upstream_of(const BaseUrl& url) {
  UpstreamUrl upstream;
  upstream.host = url.host;
  upstream.port = url.port;
  upstream.authority = url.authority;
  upstream.origin = url.text;
  return upstream;
}

UpstreamSettings settings_of(const ClientLimits& limits) {
  UpstreamSettings settings;
  settings.pool.max_connections = 1;
  settings.limits.body_bytes = limits.max_body_bytes;
  return settings;
}

}  // namespace

Result<BaseUrl> parse_base_url(std::string_view url) {
  if (url.starts_with("https://")) return bad_url(url, "is an https URL, which this client does not speak yet");
  if (!url.starts_with("http://")) return bad_url(url, "does not begin with http://");
  const Result<UpstreamUrl> parsed = UpstreamUrl::parse(url);
  if (parsed.has_error() || !parsed->path.empty()) return bad_url(url, "is not of the form http://host:port");
  return BaseUrl{parsed->origin, parsed->host, parsed->port, parsed->authority};
}

/// The client, and the event loop it lives on while somebody waits for it.
class HttpClient::Loop {
 public:
  Loop(const BaseUrl& url, const UpstreamSettings& settings)
      : client_(context_.get_executor(), upstream_of(url), settings, nullptr) {}

  Result<ClientResponse> run(const ClientRequest& request, const UpstreamDeadlines& deadlines) {
    std::optional<Result<ClientResponse>> result;
    Task<Result<ClientResponse>> exchange = client_.send(request, deadlines);
    boost::asio::co_spawn(context_, std::move(exchange),
                          [&result](const std::exception_ptr& thrown, Result<ClientResponse> response) {
                            if (thrown) std::rethrow_exception(thrown);
                            result = std::move(response);
                          });
    context_.restart();
    while (!result) context_.run_one();  // not run: a kept connection is watched for as long as it lives
    return *std::move(result);
  }

 private:
  boost::asio::io_context context_{1};
  UpstreamClient client_;
};

HttpClient::HttpClient(const BaseUrl& url, ClientLimits limits)
    : limits_(limits), loop_(std::make_unique<Loop>(url, settings_of(limits))) {}

HttpClient::~HttpClient() = default;

Result<ClientResponse> HttpClient::fetch(const ClientRequest& request) {
  ClientRequest repeatable = request;
  repeatable.repeatable = true;
  UpstreamDeadlines deadlines;
  deadlines.connect = deadlines.first_byte = limits_.timeout;
  deadlines.total = std::chrono::steady_clock::now() + limits_.timeout;
  Result<ClientResponse> response = loop_->run(repeatable, deadlines);
  if (!response.has_error() || !response.error().detail.ends_with(kConnectionRefused)) return response;
  return fail(response.error().code, response.error().detail + "; is ragd serving there?");
}

}  // namespace ragd::net
