// Counts HTTP answers by route, method and code. A combination becomes a series when first seen; their number is
// bounded whatever clients send.
//
// Thread-safe. Counting a known combination takes no lock; the first sight of one takes a mutex for an insertion.
// Routes are the router's templates: it refuses to guess at paths.
#pragma once

#include "obs/cells.hpp"
#include "obs/exposition.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace ragd::obs {

class HttpRequestCounter {
 public:
  /// A route and method whose texts are looked at once a code, not once a request: made at start, kept by the caller,
  /// given to one counter only. The texts must outlive it. Thread-safe; copies remember nothing.
  class Endpoint {
   public:
    Endpoint(std::string_view route_template, std::string_view method) : route_(route_template), method_(method) {}
    Endpoint(const Endpoint& other) : Endpoint(other.route_, other.method_) {}
    Endpoint& operator=(const Endpoint&) = delete;

   private:
    friend class HttpRequestCounter;
    static constexpr std::size_t kCodes = 16;  // 200, 400, 404, 422, 429, 499 and 503 don't displace each other
    static constexpr unsigned kIndexBits = 16;

    std::string_view route_;
    std::string_view method_;
    std::array<std::atomic<std::uint32_t>, kCodes> known_{};  // by the code's low bits: {code:16, index:16}
  };

  /// Combinations with a series of their own; further ones count as route "other", method "other". As many as the rest
  /// of the catalogue leaves of the 600 series that an instance may have.
  static constexpr std::size_t kCombinations = 64;

  HttpRequestCounter();

  /// `method` outside the known set counts as "other".
  void add(std::string_view route_template, std::string_view method, unsigned code);
  void add(Endpoint& endpoint, unsigned code) {
    const std::uint32_t known = endpoint.known_[code % Endpoint::kCodes].load(std::memory_order_relaxed);
    const bool is_this_code = known >> Endpoint::kIndexBits == code && code != 0;
    cells_.add(is_this_code ? known & ((1U << Endpoint::kIndexBits) - 1) : look_up(endpoint, code), 1);
  }
  [[nodiscard]] std::uint64_t value(std::string_view route_template, std::string_view method, unsigned code) const;
  void write(Exposition& out, std::string_view name, std::string_view help) const;

 private:
  // Codes are ours, a few dozen at most; should they not be, the last series takes the rest.
  static constexpr std::size_t kOtherCodes = 28;
  static constexpr std::size_t kMaxSeries = kCombinations + kOtherCodes + 1;
  static constexpr std::size_t kLastResort = kMaxSeries - 1;
  static constexpr std::size_t kSlots = 512;

  struct Series {
    std::string route;
    std::string method;
    std::string code;
    unsigned code_number = 0;
  };

  [[nodiscard]] std::size_t index_of(std::string_view route_template, std::string_view method, unsigned code);
  [[nodiscard]] std::size_t look_up(Endpoint& endpoint, unsigned code);
  [[nodiscard]] std::size_t find(std::string_view route, std::string_view method, unsigned code) const;
  std::size_t find_or_insert(std::string_view route, std::string_view method, unsigned code, std::size_t limit);

  Cells cells_{kMaxSeries};
  std::array<Series, kMaxSeries> series_;                   // written once, before its slot is published
  std::array<std::atomic<std::uint16_t>, kSlots> slots_{};  // open addressing: index of the series + 1, 0 is empty
  std::atomic<std::size_t> used_{0};
  std::mutex insertion_;
};

}  // namespace ragd::obs
