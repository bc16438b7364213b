#include "embed/embeddings_json.hpp"

#include "base/base64.hpp"
#include "base/json.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace ragd::embed {

namespace dom = simdjson::dom;

namespace {

static_assert(std::endian::native == std::endian::little, "vectors in base64 are little-endian floats");

Error garbled(std::string_view what) {
  return fail(Errc::unavailable, std::string("the answer ").append(what));
}

std::optional<Vector> from_base64(std::string_view text) {
  const auto bytes = base::base64_decode(text);
  if (!bytes || bytes->size() % sizeof(float) != 0) return std::nullopt;
  Vector vector(bytes->size() / sizeof(float));
  if (!vector.empty()) std::memcpy(vector.data(), bytes->data(), bytes->size());
  return vector;
}

std::optional<Vector> from_numbers(const dom::array& numbers) {
  Vector vector;
  vector.reserve(numbers.size());
  for (const dom::element item : numbers) {
    double number = 0;
    if (item.get_double().get(number) != simdjson::SUCCESS) return std::nullopt;
    vector.push_back(static_cast<float>(number));
  }
  return vector;
}

std::optional<Vector> read_vector(const dom::element& embedding) {
  std::string_view text;
  if (embedding.get_string().get(text) == simdjson::SUCCESS) return from_base64(text);
  dom::array numbers;
  if (embedding.get_array().get(numbers) == simdjson::SUCCESS) return from_numbers(numbers);
  return std::nullopt;
}

/// False: it has no length to be divided by.
bool normalise(Vector& vector) {
  double squares = 0;
  for (const float number : vector) squares += static_cast<double>(number) * static_cast<double>(number);
  if (!std::isfinite(squares) || squares <= 0) return false;
  const double scale = 1 / std::sqrt(squares);
  for (float& number : vector) number = static_cast<float>(static_cast<double>(number) * scale);
  return true;
}

/// One element of "data" into its place among the vectors.
std::optional<Error> place(const dom::element& item, std::size_t position, std::vector<Vector>& vectors) {
  std::uint64_t index = position;  // servers that leave it out keep the order
  dom::element given;
  if (item["index"].get(given) == simdjson::SUCCESS && given.get_uint64().get(index) != simdjson::SUCCESS) {
    return garbled("has an index that is no number");
  }
  if (index >= vectors.size() || !vectors[index].empty()) return garbled("has an index twice or out of range");
  dom::element embedding;
  if (item["embedding"].get(embedding) != simdjson::SUCCESS) return garbled("has an element without an embedding");
  std::optional<Vector> vector = read_vector(embedding);
  if (!vector || vector->empty()) return garbled("has an embedding that is neither base64 nor an array of numbers");
  if (!normalise(*vector)) return garbled("has a vector without a finite length");
  vectors[index] = std::move(*vector);
  return std::nullopt;
}

std::uint64_t prompt_tokens(const dom::element& root) {
  std::uint64_t tokens = 0;
  const auto error = root["usage"]["prompt_tokens"].get_uint64().get(tokens);
  return error == simdjson::SUCCESS ? tokens : 0;  // not every server counts
}

}  // namespace

std::string write_request(const EmbeddingsRequest& request) {
  std::string body;
  base::JsonWriter json(body);
  json.begin_object().key("model").string(request.model);
  json.key("input").begin_array();
  std::string prefixed;
  for (const std::string& text : request.texts) {
    prefixed.assign(request.prefix).append(text);
    json.string(prefixed);
  }
  json.end_array().key("encoding_format").string("base64");
  if (request.dimensions > 0) json.key("dimensions").integer(request.dimensions);
  json.end_object();
  return body;
}

Result<Embedded> parse_response(std::string_view json, std::size_t count) {
  const auto document = base::JsonDocument::parse(json);
  if (document.has_error()) return garbled("is not JSON");
  const dom::element root = document->root();
  dom::array data;
  if (root["data"].get_array().get(data) != simdjson::SUCCESS) return garbled("has no data");
  if (data.size() != count) return garbled("has another number of vectors than there were texts");
  Embedded embedded;
  embedded.vectors.resize(count);
  std::size_t position = 0;
  for (const dom::element item : data) {
    if (auto error = place(item, position++, embedded.vectors)) return *std::move(error);
  }
  const auto differs = [&embedded](const Vector& vector) { return vector.size() != embedded.vectors[0].size(); };
  if (std::any_of(embedded.vectors.begin(), embedded.vectors.end(), differs)) {
    return garbled("has vectors of different dimensions");
  }
  embedded.usage.prompt_tokens = prompt_tokens(root);
  return embedded;
}

}  // namespace ragd::embed
