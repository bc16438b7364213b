// An OpenAI-compatible embeddings server on loopback. Its vectors are sums of one random direction a word: the same
// text always has the same vector, and texts that share words are near each other.
#pragma once

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "fakes/scripted_server.hpp"

#include <ragd/embedder.hpp>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ragd::fakes {

class FakeEmbeddings {
 public:
  explicit FakeEmbeddings(std::size_t dimension = 16)
      : dimension_(dimension), server_([this](Peer& peer, std::size_t /*n*/) { serve(peer); }) {}

  /// What the server answers for a text, 1 long.
  [[nodiscard]] static Vector vector_of(const std::string& text, std::size_t dimension) {
    Vector vector(dimension, 0.0F);
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      std::minstd_rand random(static_cast<std::minstd_rand::result_type>(base::hash64(word)));
      for (float& number : vector) number += std::uniform_real_distribution<float>(-1, 1)(random);
    }
    double squares = 1e-12;  // a text without words has a vector, too
    for (const float number : vector) squares += static_cast<double>(number) * static_cast<double>(number);
    vector[0] += 1e-6F;
    for (float& number : vector) number = static_cast<float>(static_cast<double>(number) / std::sqrt(squares));
    return vector;
  }

  [[nodiscard]] std::string url() const { return server_.url() + "/v1"; }
  [[nodiscard]] std::size_t connections() const { return server_.connections(); }

  /// The next request is answered with these bytes instead: a whole HTTP answer, or what is to stand for one.
  void answer_next_with(std::string bytes) {
    const std::lock_guard lock(mutex_);
    instead_.push_back(std::move(bytes));
  }
  [[nodiscard]] static std::string answer(unsigned status, const std::string& body, const std::string& fields = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  /// As they came, heads with bodies.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  std::atomic<bool> floats{false};                 ///< arrays of numbers, whatever format was asked for
  std::atomic<bool> reversed{false};               ///< the last text's vector first
  std::atomic<std::size_t> answered_dimension{0};  ///< unless 0: of the vectors, whatever was asked for

 private:
  void serve(Peer& peer) {
    for (;;) {
      const std::string request = peer.read_request();
      if (request.empty() || !peer.send(respond(request))) return;
    }
  }

  std::string respond(const std::string& request) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (!instead_.empty()) {
        std::string bytes = std::move(instead_.front());
        instead_.pop_front();
        return bytes;
      }
    }
    if (request.starts_with("GET /v1/models ")) return answer(200, R"({"object":"list","data":[]})");
    if (!request.starts_with("POST /v1/embeddings ")) return answer(404, "{}");
    const auto document = base::JsonDocument::parse(std::string_view(request).substr(request.find("\r\n\r\n") + 4));
    if (document.has_error()) return answer(400, "{}");
    return answer(200, embed(document->root()));
  }

  std::string embed(const simdjson::dom::element& question) const {
    std::size_t dimension = dimension_;
    if (std::uint64_t asked = 0; question["dimensions"].get_uint64().get(asked) == simdjson::SUCCESS) dimension = asked;
    if (answered_dimension != 0) dimension = answered_dimension;
    std::vector<std::string> texts;
    std::uint64_t tokens = 0;
    for (const auto text : question["input"].get_array()) texts.emplace_back(std::string_view(text));
    std::string body;
    base::JsonWriter json(body);
    json.begin_object().key("object").string("list").key("data").begin_array();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::size_t index = reversed ? texts.size() - 1 - i : i;
      tokens += texts[index].size();
      json.begin_object().key("object").string("embedding").key("index").integer(index).key("embedding");
      write_vector(json, vector_of(texts[index], dimension));
      json.end_object();
    }
    json.end_array().key("usage").begin_object().key("prompt_tokens").integer(tokens).end_object().end_object();
    return body;
  }

  void write_vector(base::JsonWriter& json, const Vector& vector) const {
    if (!floats) {
      const auto* const bytes = reinterpret_cast<const char*>(vector.data());
      json.string(base::base64_encode({bytes, vector.size() * sizeof(float)}));
      return;
    }
    json.begin_array();
    for (const float number : vector) json.number(static_cast<double>(number));
    json.end_array();
  }

  const std::size_t dimension_;
  mutable std::mutex mutex_;
  std::deque<std::string> instead_;
  std::vector<std::string> requests_;
  ScriptedServer server_;
};

}  // namespace ragd::fakes
