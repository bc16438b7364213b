// What JSON costs a query: reading the request's body and writing the members that differ from answer to answer.
//
// Reading, through simdjson with its checks for duplicate keys and UTF-8, against the parser one writes by hand, byte
// by byte into a map of strings, which checks neither. Writing against std::ostringstream.
#include "api/fields.hpp"
#include "base/json.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace ragd {
namespace {

std::string body_of(std::size_t question_bytes) {
  std::string question;
  while (question.size() < question_bytes) question += "How long does a cached answer stay valid? ";
  question.resize(question_bytes);
  return R"({"question": ")" + question + R"(", "session_id": "7d9f", "top_k": 5})";
}

/// One flat object of strings and numbers, as far as it is well-formed.
class HandParser {
 public:
  explicit HandParser(std::string_view text) : text_(text) {}

  std::optional<std::map<std::string, std::string>> object() {
    std::map<std::string, std::string> members;
    if (!take('{')) return std::nullopt;
    do {
      const auto key = string();
      if (!key || !take(':')) return std::nullopt;
      skip_space();
      const auto value = at_ < text_.size() && text_[at_] == '"' ? string() : number();
      if (!value) return std::nullopt;
      members[*key] = *value;
    } while (take(','));
    return take('}') ? std::optional(members) : std::nullopt;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && ++at_ >= text_.size()) return std::nullopt;
      out += text_[at_];
    }
    return take('"') ? std::optional(out) : std::nullopt;
  }
  std::optional<std::string> number() {
    std::string out;
    for (; at_ < text_.size() && (std::string_view("+-.eE").find(text_[at_]) != std::string_view::npos ||
                                  (text_[at_] >= '0' && text_[at_] <= '9'));
         ++at_) {
      out += text_[at_];
    }
    return out.empty() ? std::nullopt : std::optional(out);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void read_simdjson(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const auto document = api::parse_object(body);
    const simdjson::dom::object object(document->root());
    benchmark::DoNotOptimize(api::string_field(object, "question", 1, 8'192));
    benchmark::DoNotOptimize(api::string_field(object, "session_id", 0, 128));
    benchmark::DoNotOptimize(api::integer_field(object, "top_k", 1, 50));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(read_simdjson)->Arg(40)->Arg(400)->Arg(8'000);

void read_by_hand(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(HandParser(body).object());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(read_by_hand)->Arg(40)->Arg(400)->Arg(8'000);

constexpr std::string_view kRequestId = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kVersion = "0f8fad5b-d9cb-469f-a165-70867728950e-42";

void write_tail(benchmark::State& state) {
  std::string body;
  for (auto _ : state) {
    body = "{";
    base::JsonWriter json(body);
    json.key("cached").boolean(true).key("cache").begin_object();
    json.key("status").string("hit").key("age_s").integer(17).key("ttl_s").integer(3'583).end_object();
    json.key("corpus_version").string(kVersion).key("session_id").null().key("request_id").string(kRequestId);
    json.key("timings_ms").begin_object().key("parse").thousandths(0.0012).key("total").thousandths(0.0314);
    json.end_object().end_object();
    benchmark::DoNotOptimize(body.data());
  }
}
BENCHMARK(write_tail);

void write_tail_ostringstream(benchmark::State& state) {
  for (auto _ : state) {
    std::ostringstream json;
    json << R"({"cached":)" << std::boolalpha << true << R"(,"cache":{"status":")"
         << "hit"
         << R"(","age_s":)" << 17 << R"(,"ttl_s":)" << 3'583 << R"(},"corpus_version":")" << kVersion
         << R"(","session_id":null,"request_id":")" << kRequestId << R"(","timings_ms":{"parse":)" << 0.001
         << R"(,"total":)" << 0.031 << "}}";
    benchmark::DoNotOptimize(json.str());
  }
}
BENCHMARK(write_tail_ostringstream);

/// A passage: prose with a quotation and a line break now and then.
std::string prose(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "Entries live for an hour unless \"cache.ttl\" says otherwise.\n";
  text.resize(bytes);
  return text;
}

void write_string(benchmark::State& state) {
  const std::string text = prose(static_cast<std::size_t>(state.range(0)));
  std::string out;
  for (auto _ : state) {
    out.clear();
    base::append_json_string(out, text);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(write_string)->Arg(1'000);

void write_string_ostringstream(benchmark::State& state) {
  const std::string text = prose(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::ostringstream out;
    out << '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out << '\\' << c;
      } else if (c == '\n') {
        out << "\\n";
      } else {
        out << c;
      }
    }
    out << '"';
    benchmark::DoNotOptimize(out.str());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(write_string_ostringstream)->Arg(1'000);

}  // namespace
}  // namespace ragd
