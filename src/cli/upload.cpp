#include "cli/upload.hpp"

#include "cli/api.hpp"
#include "cli/patience.hpp"

#include <utility>

namespace ragd::cli {

namespace {

constexpr std::size_t kMaxBatchBytes = 2UL << 20U;
constexpr std::size_t kMaxBatchItems = 200;
constexpr std::size_t kPageSize = 1000;
constexpr std::size_t kMaxPages = 1'000'000;  // a cursor that does not advance must end, too

bool refuses_contents(const ClientResponse& response) {
  return response.status == 400 || response.status == 413 || response.status == 422;
}

std::string why_refused(const ClientResponse& response) {
  if (response.status == 413) return "is larger than the server takes (its http.max_body_bytes)";
  const std::string reason = reason_in(response.body);
  return "was refused by the server: " + (reason.empty() ? std::to_string(response.status) : reason);
}

std::string body_of(std::span<const UploadItem> items) {
  std::string body = R"({"documents":[)";
  for (const UploadItem& item : items) {
    if (&item != items.data()) body += ',';
    body += item.json;
  }
  return body + "]}";
}

}  // namespace

Uploader::Uploader(Transport& transport, std::string url, Sleeper sleep, UploadEvents events)
    : transport_(transport), url_(std::move(url)), sleep_(std::move(sleep)), events_(std::move(events)) {}

Result<void> Uploader::add(UploadItem item) {
  const bool full = batch_.size() == kMaxBatchItems || batch_bytes_ + item.json.size() > kMaxBatchBytes;
  if (full && !batch_.empty()) {
    if (auto sent = flush(); !sent) return sent;
  }
  batch_bytes_ += item.json.size();
  batch_.push_back(std::move(item));
  return {};
}

Result<void> Uploader::flush() {
  const std::vector<UploadItem> batch = std::exchange(batch_, {});
  batch_bytes_ = 0;
  return batch.empty() ? Result<void>() : send(batch);
}

/// Recursion halves the batch, so it is at most log2(kMaxBatchItems) deep.
Result<void> Uploader::send(std::span<const UploadItem> items) {
  const ClientRequest request{"POST", "/documents", body_of(items)};
  const auto response = send_patiently(transport_, request, sleep_, events_.waiting);
  if (!response) return response.error();
  if (response->status == 200) return count(*response);
  if (!refuses_contents(*response)) return fail(Errc::unavailable, explain(*response, url_));
  if (items.size() == 1) {
    events_.refused(items.front().name, why_refused(*response));
    return {};
  }
  const std::size_t half = items.size() / 2;
  if (auto sent = send(items.first(half)); !sent) return sent;
  return send(items.subspan(half));
}

Result<void> Uploader::count(const ClientResponse& response) {
  const auto document = parse_body(response, url_);
  if (!document) return document.error();
  counts_.accepted += count_field(document->root(), "accepted");
  counts_.unchanged += count_field(document->root(), "unchanged");
  counts_.chunks += count_field(document->root(), "chunks");
  return {};
}

Result<std::map<std::string, std::string>> stored_hashes(Transport& transport, const std::string& url,
                                                         const std::set<std::string>& ids, const Sleeper& sleep) {
  std::map<std::string, std::string> hashes;
  if (ids.empty()) return hashes;
  std::string cursor;
  for (std::size_t page = 0; page < kMaxPages; ++page) {
    std::string target = "/documents?limit=" + std::to_string(kPageSize);
    if (!cursor.empty()) target += "&cursor=" + escape_query(cursor);
    const auto response = send_patiently(transport, {"GET", target, ""}, sleep, [](const std::string&) {});
    if (!response) return response.error();
    if (response->status != 200) return fail(Errc::unavailable, explain(*response, url));
    const auto document = parse_body(*response, url);
    if (!document) return document.error();
    std::string id;
    for (const auto item : array_field(document->root(), "documents")) {
      id = text_field(item, "id");
      simdjson::dom::element metadata;
      if (!ids.contains(id) || item["metadata"].get(metadata) != simdjson::SUCCESS) continue;
      hashes.emplace(id, text_field(metadata, "file_sha256"));
    }
    cursor = text_field(document->root(), "next_cursor");
    if (cursor.empty() || id >= *ids.rbegin()) break;  // the list is in order of id
  }
  return hashes;
}

Result<std::uint64_t> waiting_for_vectors(Transport& transport, const std::string& url, const Sleeper& sleep) {
  const auto response = send_patiently(transport, {"GET", "/documents?limit=1", ""}, sleep, [](const std::string&) {});
  if (!response) return response.error();
  if (response->status != 200) return fail(Errc::unavailable, explain(*response, url));
  const auto document = parse_body(*response, url);
  if (!document) return document.error();
  std::uint64_t waiting = 0;
  const bool says = document->root()["waiting_for_vectors"].get(waiting) == simdjson::SUCCESS;
  return says ? waiting : 0;
}

}  // namespace ragd::cli
