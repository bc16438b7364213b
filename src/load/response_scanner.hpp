// Finds where an HTTP/1.1 answer ends and what it says of its status, its cache and its connection; the body is passed
// over, not kept.
//
// For one connection. It takes bytes in any pieces, keeps only a head that came in pieces, and refuses as bad: a head
// above 32 KiB, more than 8 interim answers, framing that two readers could take differently, and bytes behind the end,
// as nobody asked for another answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ragd::load {

/// What Cache-Status (RFC 9211) says the cache did; `unknown` without the header.
enum class CacheUse : std::uint8_t { hit, revalidated, stale, miss, coalesced, bypass, unknown };
inline constexpr std::size_t kCacheUses = 7;

class ResponseScanner {
 public:
  enum class Verdict : std::uint8_t { more, whole, bad };

  /// Forgets the last answer; the next bytes are a new one's.
  void begin();
  [[nodiscard]] Verdict feed(std::string_view bytes);
  /// The server closed: the end of an answer without a length, else a truncation.
  [[nodiscard]] Verdict closed() const { return stage_ == Stage::until_close ? Verdict::whole : Verdict::bad; }

  // Of a whole answer.
  [[nodiscard]] unsigned status() const { return status_; }
  [[nodiscard]] CacheUse cache() const { return cache_; }
  [[nodiscard]] bool keeps_alive() const { return keeps_alive_ && stage_ != Stage::until_close; }

 private:
  enum class Stage : std::uint8_t { head, length, chunk_size, chunk_data, chunk_end, trailer, until_close, done };

  Verdict feed_head(std::string_view bytes);
  Verdict feed_body(std::string_view bytes);
  std::size_t feed_chunked(std::string_view bytes);
  bool take_chunk_line();
  bool read_head(std::string_view head);
  bool read_header(std::string_view line);
  bool choose_framing();

  Stage stage_ = Stage::head;
  std::string partial_;     // the beginning of a head or of a chunk's line
  std::uint64_t left_ = 0;  // bytes of the body or chunk still to come
  unsigned status_ = 0;
  unsigned interim_ = 0;
  CacheUse cache_ = CacheUse::unknown;
  bool keeps_alive_ = true;
  bool has_length_ = false;
  bool chunked_ = false;
};

/// The value of a Cache-Status header; of several caches the one nearest to the client counts.
[[nodiscard]] CacheUse parse_cache_status(std::string_view value);

}  // namespace ragd::load
