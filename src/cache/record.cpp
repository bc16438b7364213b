#include "cache/record.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace ragd::cache {

namespace {

constexpr std::uint8_t kFormat = 1;

class Writer {
 public:
  explicit Writer(std::size_t expected) { bytes_.reserve(expected); }

  template <std::unsigned_integral T>
  void number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_ += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// After the first read past the end everything reads as zero and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <std::unsigned_integral T>
  T number() {
    const std::string_view bytes = take(sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value = static_cast<T>(value | static_cast<T>(T{static_cast<unsigned char>(bytes[i])} << (8 * i)));
    }
    return value;
  }
  std::string text() { return std::string(take(number<std::uint32_t>())); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return left_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    if (!ok_ || size > left_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  bool ok_ = true;
};

bool is_range(std::uint32_t begin, std::uint32_t end, const std::string& of) {
  return begin <= end && end <= of.size();
}

}  // namespace

std::string encode(const CachedAnswer& answer) {
  constexpr std::size_t kFixedFields = 128;
  Writer out(kFixedFields + answer.json.size());
  out.number(kFormat);
  out.text(answer.tenant);
  out.text(answer.version);
  for (const std::uint64_t half : answer.fingerprint) out.number(half);
  out.number(static_cast<std::uint64_t>(answer.stored_at_ms));
  out.number(static_cast<std::uint64_t>(answer.expires_at_ms));
  out.number(static_cast<std::uint8_t>(answer.no_answer ? 1 : 0));
  out.number(static_cast<std::uint32_t>(answer.documents.size()));
  for (const std::string& document : answer.documents) out.text(document);
  out.text(answer.json);
  out.number(answer.answer_begin);
  out.number(answer.answer_end);
  out.number(answer.citations_begin);
  out.number(answer.citations_end);
  return out.take();
}

std::optional<CachedAnswer> decode(std::string_view record) {
  Reader in(record);
  if (in.number<std::uint8_t>() != kFormat) return std::nullopt;
  CachedAnswer answer;
  answer.tenant = in.text();
  answer.version = in.text();
  for (std::uint64_t& half : answer.fingerprint) half = in.number<std::uint64_t>();
  answer.stored_at_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
  answer.expires_at_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
  const auto no_answer = in.number<std::uint8_t>();
  answer.no_answer = no_answer == 1;
  const auto documents = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < documents && in.ok(); ++i) answer.documents.push_back(in.text());
  answer.json = in.text();
  answer.answer_begin = in.number<std::uint32_t>();
  answer.answer_end = in.number<std::uint32_t>();
  answer.citations_begin = in.number<std::uint32_t>();
  answer.citations_end = in.number<std::uint32_t>();
  if (!in.ok() || !in.at_end() || no_answer > 1) return std::nullopt;
  if (!is_range(answer.answer_begin, answer.answer_end, answer.json)) return std::nullopt;
  if (!is_range(answer.citations_begin, answer.citations_end, answer.json)) return std::nullopt;
  return answer;
}

}  // namespace ragd::cache
