#include "net/request_reader.hpp"

#include <algorithm>
#include <utility>

namespace ragd::net {

namespace {

constexpr std::size_t kCapacity = 16ULL << 10;       // pages are touched only as bytes come
constexpr std::size_t kHeadRoom = 2ULL << 10;        // least room for a read of a head
constexpr std::size_t kBodyRoom = 16ULL << 10;       // of a body that doesn't fit behind its head
constexpr std::size_t kKeptCapacity = 256ULL << 10;  // of a body, kept for the next one
static_assert(kBodyRoom > kMaxChunkLine + kMaxTrailerBytes, "what the parser cannot take yet must leave room");

}  // namespace

RequestReader::RequestReader(HttpRequest& request) : request_(request), input_(kCapacity) {}

void RequestReader::begin() {
  request_.method = Method::other;
  request_.method_name = request_.path = request_.query = request_.host = request_.body = {};
  request_.headers.clear();
  scanner_.reset();
  parser_.reset();
  framing_ = {};
  version_ = 11;
  body_.clear();
  if (body_.capacity() > kKeptCapacity) body_.shrink_to_fit();
  head_end_ = 0;
}

std::span<char> RequestReader::room() {
  // Once the head is whole there are views into the buffer, and make_room_for_body has seen to it.
  if (head_end_ == 0) input_.make_room(kHeadRoom);
  return input_.room();
}

Result<bool> RequestReader::read_head() {
  const Result<std::string_view> head = scanner_.scan(input_.bytes());
  if (head.has_error()) return head.error();
  if (head->empty()) return false;
  if (auto error = understand(*head)) return *std::move(error);
  return true;
}

std::optional<Error> RequestReader::understand(std::string_view head) {
  head_begin_ = static_cast<std::size_t>(head.data() - input_.bytes().data());
  head_end_ = head_begin_ + head.size();
  if (auto error = parse(head)) return error;
  length_left_ = framing_.content_length;
  in_place_ = framing_.body == BodyFraming::length && missing() <= input_.room().size();
  return framing_.body == BodyFraming::none || in_place_ ? std::nullopt : make_room_for_body();
}

std::optional<Error> RequestReader::parse(std::string_view head) {
  request_.headers.clear();
  parser_.emplace(request_.headers, body_);
  if (auto error = parser_->parse_head(head)) return error;
  const RequestLine& line = parser_->line();
  version_ = line.version;
  request_.method = line.method;
  request_.method_name = line.method_name;
  const Result<Framing> framing = check_framing(line, request_.headers);
  if (framing.has_error()) return framing.error();
  framing_ = *framing;
  request_.path = framing_.path;
  request_.query = framing_.query;
  request_.host = framing_.host;
  return std::nullopt;
}

std::optional<Error> RequestReader::make_room_for_body() {
  const std::size_t head_size = head_end_ - head_begin_;
  if (!input_.make_room(kBodyRoom)) return std::nullopt;
  // The head has moved: the views into it are taken anew. This is rare (a large body, or a long head before any).
  return parse(input_.bytes().substr(head_begin_, head_size));
}

Result<bool> RequestReader::read_body(std::uint64_t max_body_bytes) {
  switch (framing_.body) {
    case BodyFraming::none:
      return true;
    case BodyFraming::chunked: {
      const Result<std::size_t> taken = parser_->parse_chunks(behind_head(), max_body_bytes);
      if (taken.has_error()) return taken.error();
      input_.erase(head_end_, *taken);
      if (!parser_->is_done()) return false;
      break;
    }
    case BodyFraming::length: {
      if (framing_.content_length > max_body_bytes) {
        return fail(Errc::payload_too_large, "Content-Length beyond the limit");
      }
      if (in_place_) {
        if (behind_head().size() < length_left_) return false;
        request_.body = behind_head().substr(0, static_cast<std::size_t>(length_left_));
        return true;
      }
      const std::string_view next = behind_head().substr(0, static_cast<std::size_t>(length_left_));
      body_.append(next);
      length_left_ -= next.size();
      input_.erase(head_end_, next.size());
      if (length_left_ > 0) return false;
      break;
    }
  }
  request_.body = body_;
  return true;
}

std::optional<std::uint64_t> RequestReader::missing() const {
  if (framing_.body == BodyFraming::chunked) {
    if (parser_->is_done()) return 0;
    return std::nullopt;
  }
  return length_left_ - std::min<std::uint64_t>(length_left_, behind_head().size());
}

bool RequestReader::discard() {
  input_.consume(head_end_);
  head_end_ = 0;
  const std::uint64_t arrived = std::min<std::uint64_t>(length_left_, input_.bytes().size());
  input_.consume(static_cast<std::size_t>(arrived));
  length_left_ -= arrived;
  return length_left_ == 0;
}

}  // namespace ragd::net
