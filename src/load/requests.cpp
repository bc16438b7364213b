#include "load/requests.hpp"

#include "base/ascii.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace ragd::load {

namespace {

constexpr std::size_t kMaxFileBytes = 256UL << 20U;
constexpr std::size_t kMaxBodyBytes = 16UL << 20U;
constexpr std::size_t kMaxQuestionBytes = 8192;
constexpr std::size_t kMaxQuestions = 1'000'000;
constexpr std::size_t kMaxClients = 1'000'000;
constexpr std::size_t kMaxBytesForClients = 1UL << 30U;  // each has the body with its own address before it
constexpr double kMaxExponent = 10;
constexpr std::string_view kZipf = "zipf:";

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): every seed is a good one.
std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

/// Distinct, and made of words that documents have, so that a miss has something to retrieve.
std::string made_up_question(std::size_t i) {
  constexpr std::array<std::string_view, 16> kTopics{"cache",  "limit",   "document", "answer",  "server",  "question",
                                                     "index",  "request", "key",      "timeout", "storage", "memory",
                                                     "client", "setting", "backup",   "version"};
  std::string question = "How does the ";
  question.append(kTopics[i % kTopics.size()]).append(" relate to the ");
  return question.append(kTopics[i / kTopics.size() % kTopics.size()]).append(" in case ") + std::to_string(i) + "?";
}

struct ZipfSpec {
  std::size_t n = 0;
  double s = 0;
};

std::optional<ZipfSpec> parse_zipf(std::string_view text) {
  ZipfSpec spec;
  const char* end = text.data() + text.size();
  const auto count = std::from_chars(text.data(), end, spec.n);
  if (count.ec != std::errc{} || count.ptr == end || *count.ptr != ',') return std::nullopt;
  const auto exponent = std::from_chars(count.ptr + 1, end, spec.s, std::chars_format::fixed);
  if (exponent.ec != std::errc{} || exponent.ptr != end) return std::nullopt;
  if (spec.n == 0 || spec.n > kMaxQuestions || !(spec.s >= 0 && spec.s <= kMaxExponent)) return std::nullopt;
  return spec;
}

Result<std::vector<std::string>> read_questions(const std::string& path) {
  const auto text = base::read_file(path, kMaxFileBytes);
  if (!text) return fail(text.error().code, "--questions: '" + path + "' " + text.error().detail);
  std::vector<std::string> questions;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string_view line = base::trim(std::string_view(*text).substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    const std::string where = "--questions: '" + path + "' line " + std::to_string(number) + " ";
    if (line.size() > kMaxQuestionBytes) return fail(Errc::unprocessable, where + "is longer than 8192 bytes");
    if (!base::is_valid_utf8(line)) return fail(Errc::unprocessable, where + "is not UTF-8");
    if (questions.size() == kMaxQuestions) return fail(Errc::unprocessable, where + "is one question too many");
    questions.emplace_back(line);
  }
  if (questions.empty()) return fail(Errc::unprocessable, "--questions: '" + path + "' has no question in it");
  return questions;
}

std::string body_of(const RequestSpec& spec, std::string_view question) {
  std::string body;
  base::JsonWriter json(body);
  json.begin_object().key(spec.path == "/search" ? "query" : "question").string(question);
  if (!spec.cache.empty()) json.key("cache").string(spec.cache);
  json.end_object();
  return body;
}

/// 10.0.0.0 and on.
std::string client_address(std::size_t i) {
  return "10." + std::to_string(i >> 16U & 255U) + "." + std::to_string(i >> 8U & 255U) + "." +
         std::to_string(i & 255U);
}

std::string head_of(const RequestSpec& spec, std::string_view more = {}) {
  std::string head = (spec.get ? "GET " : "POST ") + spec.path + " HTTP/1.1\r\nHost: " + spec.authority + "\r\n";
  head += more;
  if (!spec.api_key.empty()) head += "Authorization: Bearer " + spec.api_key + "\r\n";
  if (!spec.get) head += "Content-Type: application/json\r\nContent-Length: ";
  return head;
}

}  // namespace

ZipfTable::ZipfTable(std::size_t n, double s) : slots_(n) {
  std::vector<double> share(n);
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += share[i] = std::pow(static_cast<double>(i + 1), -s);
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::size_t i = 0; i < n; ++i) {
    share[i] *= static_cast<double>(n) / total;
    (share[i] < 1 ? small : large).push_back(static_cast<std::uint32_t>(i));
  }
  // Each slot holds one unit: its own share, filled up with a part of somebody's who has more.
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back();
    const std::uint32_t rich = large.back();
    small.pop_back();
    slots_[poor] = {static_cast<std::uint32_t>(share[poor] * 0x1p32), rich};
    share[rich] -= 1 - share[poor];
    if (share[rich] >= 1) continue;
    large.pop_back();
    small.push_back(rich);
  }
  for (const auto& rest : {small, large}) {  // shares of one, but for rounding
    for (const std::uint32_t i : rest) slots_[i] = {UINT32_MAX, i};
  }
}

std::size_t ZipfTable::draw(std::uint64_t random) const {
  const std::size_t slot = ((random >> 32U) * slots_.size()) >> 32U;
  return static_cast<std::uint32_t>(random) < slots_[slot].threshold ? slot : slots_[slot].alias;
}

void RequestSet::add(std::string_view head, std::string_view body) {
  bytes_ += head;
  if (head.ends_with(": ")) bytes_.append(std::to_string(body.size())).append("\r\n");
  bytes_.append("\r\n").append(body);
  ends_.push_back(bytes_.size());
}

Result<void> RequestSet::add_fixed(const RequestSpec& spec, std::string_view body) {
  of_clients_ = spec.clients > 0;
  if (!of_clients_) add(head_of(spec), body);
  constexpr std::size_t kMostForAnAddress = 64;  // with the length of the body and the line ends
  const std::size_t bytes = spec.clients * (head_of(spec).size() + kMostForAnAddress + body.size());
  if (bytes > kMaxBytesForClients) {
    return fail(Errc::unprocessable, "--clients: " + std::to_string(spec.clients) + " requests with a body of " +
                                         std::to_string(body.size()) +
                                         " bytes take more than 1 GiB: fewer clients or a smaller body");
  }
  bytes_.reserve(bytes);
  for (std::size_t i = 0; i < spec.clients; ++i) {
    add(head_of(spec, "X-Forwarded-For: " + client_address(i) + "\r\n"), body);
  }
  return {};
}

Result<RequestSet> RequestSet::make(const RequestSpec& spec) {
  if (spec.clients > kMaxClients) return fail(Errc::unprocessable, "--clients: at most a million");
  if (spec.clients > 0 && !spec.get && spec.body_file.empty()) {
    return fail(Errc::unprocessable, "--clients goes with --body or --get");
  }
  RequestSet set;
  const std::string head = head_of(spec);
  if (spec.get) {
    if (auto added = set.add_fixed(spec, ""); !added) return added.error();
  } else if (!spec.body_file.empty()) {
    const auto body = base::read_file(spec.body_file, kMaxBodyBytes);
    if (!body) return fail(body.error().code, "--body: '" + spec.body_file + "' " + body.error().detail);
    if (auto added = set.add_fixed(spec, *body); !added) return added.error();
  } else if (spec.questions.starts_with(kZipf)) {
    const auto zipf = parse_zipf(std::string_view(spec.questions).substr(kZipf.size()));
    if (!zipf) {
      return fail(Errc::unprocessable,
                  "--questions: '" + spec.questions + "' is not zipf:N,s with N from 1 to 1000000 and s from 0 to 10");
    }
    for (std::size_t i = 0; i < zipf->n; ++i) set.add(head, body_of(spec, made_up_question(i)));
    set.popularity_.emplace_back(zipf->n, zipf->s);
  } else {
    const auto questions = read_questions(spec.questions);
    if (!questions) return questions.error();
    for (const std::string& question : *questions) set.add(head, body_of(spec, question));
  }
  return set;
}

Asker::Asker(const RequestSet& requests, std::uint64_t seed, unsigned thread, unsigned threads, bool in_turn)
    : requests_(requests),
      popularity_(in_turn || requests.popularity().empty() ? nullptr : &requests.popularity().front()),
      all_alike_(!in_turn && requests.of_clients()),
      random_(seed + thread),
      at_(thread % requests.size()),
      stride_(threads) {
  // Neighbouring seeds would give sequences that overlap.
  random_ = split_mix(random_);
}

std::string_view Asker::next() {
  if (popularity_ != nullptr) return requests_[popularity_->draw(split_mix(random_))];
  if (all_alike_) return requests_[((split_mix(random_) >> 32U) * requests_.size()) >> 32U];
  const std::size_t i = at_;
  at_ = (at_ + stride_) % requests_.size();
  return requests_[i];
}

}  // namespace ragd::load
