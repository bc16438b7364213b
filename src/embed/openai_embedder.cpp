#include "embed/openai_embedder.hpp"

#include "base/ascii.hpp"
#include "base/json.hpp"
#include "embed/embeddings_json.hpp"
#include "net/offload.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

namespace ragd::embed {

namespace {

constexpr std::size_t kInlineJsonBytes = 32U << 10U;  // a question's vector; larger answers are read on the pool
constexpr std::chrono::milliseconds kPingTime{5'000};

constexpr unsigned kOk = 200;
constexpr unsigned kBadRequest = 400;
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kForbidden = 403;
constexpr unsigned kTooLarge = 413;
constexpr unsigned kUnprocessable = 422;
constexpr unsigned kFirstServerError = 500;

net::GuardSettings guard_settings(const EmbeddingsSettings& settings) {
  net::GuardSettings guard;
  guard.timeout = settings.timeout;
  guard.connect = std::min(guard.connect, settings.timeout);
  guard.tls.ca_file = settings.ca_file;
  return guard;
}

}  // namespace

Result<std::unique_ptr<OpenAiEmbedder>> OpenAiEmbedder::make(const EmbeddingsSettings& settings,
                                                             const std::vector<boost::asio::io_context*>& cores,
                                                             boost::asio::thread_pool& pool,
                                                             obs::UpstreamMetrics& metrics) {
  const auto url = net::UpstreamUrl::parse(settings.url);
  if (url.has_error()) return fail(Errc::unprocessable, "embeddings.url: " + url.error().detail);
  if (std::any_of(settings.api_key.begin(), settings.api_key.end(), base::is_control)) {
    return fail(Errc::unprocessable, "embeddings.api_key: holds a line end or another control character");
  }
  const obs::UpstreamRecorder recorder(metrics, obs::Upstream::embeddings);
  auto upstream = net::GuardedUpstream::make(cores, *url, guard_settings(settings), recorder);
  if (upstream.has_error()) return fail(upstream.error().code, "embeddings.ca_file: " + upstream.error().detail);
  return std::unique_ptr<OpenAiEmbedder>(new OpenAiEmbedder(settings, std::move(*upstream), pool));
}

OpenAiEmbedder::OpenAiEmbedder(const EmbeddingsSettings& settings, std::unique_ptr<net::GuardedUpstream> upstream,
                               boost::asio::thread_pool& pool)
    : settings_(settings), upstream_(std::move(upstream)), pool_(pool), dimension_(settings.dimensions) {}

Task<Result<Embedded>> OpenAiEmbedder::embed(SteadyTime deadline, std::vector<std::string> texts, EmbeddingUse use) {
  Embedded all;
  all.vectors.reserve(texts.size());
  const std::span<const std::string> rest = texts;
  for (std::size_t begin = 0; begin < texts.size();) {
    const std::size_t end = batch_end(rest, begin);
    const std::span<const std::string> batch = rest.subspan(begin, end - begin);
    Result<Embedded> part = co_await embed_batch(deadline, batch, use);
    if (part.has_error()) co_return part.error();
    std::move(part->vectors.begin(), part->vectors.end(), std::back_inserter(all.vectors));
    all.usage.prompt_tokens += part->usage.prompt_tokens;
    begin = end;
  }
  co_return all;
}

std::string OpenAiEmbedder::tag() const {
  std::string tag;
  base::JsonWriter json(tag);
  json.begin_array().string(settings_.model).integer(settings_.dimensions);
  json.string(settings_.query_prefix).string(settings_.passage_prefix).end_array();
  return tag;
}

Task<Result<void>> OpenAiEmbedder::ping() {
  const Executor here = co_await boost::asio::this_coro::executor;
  net::GuardedUpstream::Core& core = upstream_->on(here);
  net::UpstreamRequest request = make_request("GET", "/models");
  request.repeatable = true;
  const net::UpstreamDeadlines deadlines = upstream_->deadlines_within(std::chrono::steady_clock::now() + kPingTime);
  const Result<net::UpstreamResponse> response = co_await core.client.send(request, deadlines);
  if (response.has_error()) co_return response.error();
  const unsigned status = response->status;
  // A server without a list of models is a healthy one.
  const bool refused = status == kUnauthorized || status == kForbidden || status >= kFirstServerError;
  if (refused) co_return explain(status);
  co_return Result<void>();
}

/// As many texts as the limits allow, one at least.
std::size_t OpenAiEmbedder::batch_end(std::span<const std::string> texts, std::size_t begin) const {
  std::uint64_t bytes = 0;
  std::size_t end = begin;
  for (; end < texts.size() && end - begin < settings_.batch_size; ++end) {
    bytes += texts[end].size();
    if (bytes > settings_.batch_bytes && end > begin) break;
  }
  return end;
}

Task<Result<Embedded>> OpenAiEmbedder::embed_batch(SteadyTime deadline, std::span<const std::string> texts,
                                                   EmbeddingUse use) {
  net::UpstreamRequest request = make_request("POST", "/embeddings");
  request.repeatable = true;  // at worst, tokens are paid for twice
  request.body =
      write_request({.model = settings_.model,
                     .texts = texts,
                     .prefix = use == EmbeddingUse::query ? settings_.query_prefix : settings_.passage_prefix,
                     .dimensions = settings_.dimensions});
  Result<net::UpstreamResponse> response = co_await upstream_->send(request, deadline);
  if (response.has_error()) co_return response.error();
  if (response->status != kOk) co_return explain(response->status);
  Result<Embedded> embedded = co_await read(std::move(response->body), texts.size());
  if (embedded.has_error()) co_return embedded.error();
  if (const std::optional<Error> error = check_dimension(embedded->vectors[0].size())) co_return *error;
  co_return embedded;
}

Task<Result<Embedded>> OpenAiEmbedder::read(std::string body, std::size_t count) {
  Result<Embedded> embedded;
  if (body.size() <= kInlineJsonBytes) {
    embedded = parse_response(body, count);
  } else {
    auto work = [body = std::move(body), count] { return parse_response(body, count); };
    embedded = co_await net::offload(pool_, std::move(work));
  }
  if (!embedded.has_error()) co_return embedded;
  co_return fail(embedded.error().code, upstream_->url().origin + ": " + embedded.error().detail);
}

std::optional<Error> OpenAiEmbedder::check_dimension(std::size_t dimension) {
  std::size_t known = 0;
  if (dimension_.compare_exchange_strong(known, dimension) || known == dimension) return std::nullopt;
  return fail(Errc::unavailable, upstream_->url().origin + ": vectors of " + std::to_string(dimension) +
                                     " dimensions came where " + std::to_string(known) + " were expected");
}

Error OpenAiEmbedder::explain(unsigned status) const {
  const std::string& origin = upstream_->url().origin;
  const std::string suffix = " (status " + std::to_string(status) + ")";
  if (status == kUnauthorized || status == kForbidden) {
    return fail(Errc::unavailable, origin + " refuses embeddings.api_key" + suffix);
  }
  if (status == kBadRequest || status == kTooLarge || status == kUnprocessable) {
    return fail(Errc::unprocessable, origin + " refuses to embed these texts with this model" + suffix);
  }
  return fail(Errc::unavailable, origin + " did not embed" + suffix);
}

net::UpstreamRequest OpenAiEmbedder::make_request(std::string method, std::string_view path) const {
  net::UpstreamRequest request;
  request.method = std::move(method);
  request.target = upstream_->url().path + std::string(path);
  if (!settings_.api_key.empty()) request.headers.emplace_back("Authorization", "Bearer " + settings_.api_key);
  return request;
}

}  // namespace ragd::embed
