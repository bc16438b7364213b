#include "net/http_client.hpp"

#include "base/ascii.hpp"
#include "net/framing.hpp"
#include "net/socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>

namespace ragd::net {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

using ResponseParser = http::response_parser<http::string_body>;

Error bad_url(std::string_view url, std::string_view why) {
  return fail(Errc::unprocessable, std::string("\'").append(url).append("\' ").append(why));
}

Error cannot_reach(const BaseUrl& url, const error_code& ec) {
  const std::string prefix = "cannot reach " + url.text + ": ";
  if (ec == asio::error::connection_refused) {
    return fail(Errc::unavailable, prefix + "connection refused; is ragd serving there?");
  }
  if (ec == asio::error::timed_out) return fail(Errc::deadline_exceeded, prefix + "no answer within the time limit");
  return fail(Errc::unavailable, prefix + ec.message());
}

Error no_answer(const BaseUrl& url, const error_code& ec) {
  const std::string prefix = url.text;
  if (ec == asio::error::timed_out) return fail(Errc::deadline_exceeded, prefix + " did not answer in time");
  if (ec == http::error::body_limit) return fail(Errc::unavailable, prefix + " sent a larger answer than allowed");
  return fail(Errc::unavailable, prefix + " closed the connection without a whole answer: " + ec.message());
}

bool has_content_type(const ClientRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [](const auto& header) { return base::equal_ignoring_case(header.first, "content-type"); });
}

std::string serialize(const ClientRequest& request, const std::string& authority) {
  std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  for (const auto& [name, value] : request.headers) bytes.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty()) {
    if (!has_content_type(request)) bytes.append("Content-Type: application/json\r\n");
    bytes.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return bytes.append("\r\n").append(request.body);
}

ClientResponse to_response(ResponseParser& parser) {
  ClientResponse response;
  auto& message = parser.get();
  response.status = message.result_int();
  for (const auto& field : message) response.headers.emplace_back(field.name_string(), field.value());
  response.body = std::move(message.body());
  return response;
}

}  // namespace

Result<BaseUrl> parse_base_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with("https://")) return bad_url(url, "is an https URL, which this client does not speak yet");
  if (!url.starts_with(kScheme)) return bad_url(url, "does not begin with http://");
  std::string_view authority = url.substr(kScheme.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (!is_valid_authority(authority)) return bad_url(url, "is not of the form http://host:port");
  const std::size_t host_end = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  const std::string_view host = authority.substr(0, host_end);
  const std::string_view port = authority.substr(std::min(host.size() + 1, authority.size()));
  BaseUrl result;
  result.text = std::string(kScheme).append(authority);
  result.host = host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
  result.port = port.empty() ? "80" : std::string(port);
  result.authority = authority;
  return result;
}

std::optional<std::string_view> ClientResponse::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const auto& field) { return base::equal_ignoring_case(field.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

/// A socket whose operations block until they are done or the deadline has passed.
class HttpClient::Connection {
 public:
  void set_deadline(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }
  [[nodiscard]] bool used() const { return used_; }

  error_code open(const BaseUrl& url) {
    error_code ec;
    Tcp::resolver resolver(context_);
    const auto endpoints = resolver.resolve(url.host, url.port, ec);
    if (ec) return ec;
    asio::async_connect(socket_, endpoints, [this](error_code result, const auto&) { done(result); });
    return wait();
  }

  error_code write(std::string_view bytes) {
    asio::async_write(socket_, asio::buffer(bytes), [this](error_code result, std::size_t) { done(result); });
    return wait();
  }

  error_code read(ResponseParser& parser) {
    http::async_read(socket_, buffer_, parser, [this](error_code result, std::size_t) { done(result); });
    const error_code ec = wait();
    used_ = true;
    return ec;
  }

 private:
  void done(error_code result) {
    result_ = result;
    pending_ = false;
  }

  error_code wait() {
    pending_ = true;
    context_.restart();
    context_.run_until(deadline_);
    if (!pending_) return result_;
    error_code ignored;
    socket_.close(ignored);
    context_.restart();
    context_.run();
    return asio::error::timed_out;
  }

  asio::io_context context_{1};
  Socket socket_{context_.get_executor()};
  boost::beast::flat_buffer buffer_;
  std::chrono::steady_clock::time_point deadline_;
  error_code result_;
  bool pending_ = false;
  bool used_ = false;
};

HttpClient::HttpClient(BaseUrl url, ClientLimits limits) : url_(std::move(url)), limits_(limits) {}

HttpClient::~HttpClient() = default;

Result<ClientResponse> HttpClient::fetch(const ClientRequest& request) {
  const auto deadline = std::chrono::steady_clock::now() + limits_.timeout;
  const std::string bytes = serialize(request, url_.authority);
  for (;;) {  // twice at most: a connection made here is not a used one
    if (connection_ == nullptr) {
      connection_ = std::make_unique<Connection>();
      connection_->set_deadline(deadline);
      if (const error_code ec = connection_->open(url_)) {
        connection_.reset();
        return cannot_reach(url_, ec);
      }
    }
    connection_->set_deadline(deadline);
    const bool kept = connection_->used();
    ResponseParser parser;
    parser.body_limit(limits_.max_body_bytes);
    parser.skip(request.method == "HEAD");
    error_code ec = connection_->write(bytes);
    // A server may have answered (413) before it had taken all: the answer is worth more than the broken pipe.
    if (ec != asio::error::timed_out) ec = connection_->read(parser);
    const bool keep = !ec && parser.keep_alive();
    if (!keep) connection_.reset();
    if (!ec) return to_response(parser);
    const bool swallowed = kept && !parser.got_some() && ec != asio::error::timed_out;
    if (!swallowed) return no_answer(url_, ec);
  }
}

}  // namespace ragd::net
