// What a run asks: whole HTTP requests, made before it starts, and the order in which they are asked.
//
// RequestSet is immutable once made: threads share it. Asker belongs to one thread; the same seed gives the same
// order. Refuses more than a million distinct questions or clients, questions above 8 KiB, the server's own bound, and
// more than 1 GiB of requests for all clients.
#pragma once

#include <ragd/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::load {

/// Whom and what to ask; at most one of `get`, `body_file` and `questions` is given.
struct RequestSpec {
  std::string authority;  ///< for Host
  std::string path = "/query";
  std::string api_key;  ///< empty: none is sent
  bool get = false;     ///< GET without a body
  std::string body_file;
  std::string questions;    ///< a file with one question a line, or "zipf:N,s"
  std::string cache;        ///< the field of that name; empty: left out
  std::size_t clients = 0;  ///< not 0: asked for so many X-Forwarded-For addresses, drawn at random; with `get` or
                            ///< `body_file`
};

/// Draws ranks 0..n-1 with probability proportional to 1 / (rank + 1)^s, in constant time (Walker's alias method, in
/// Vose's form).
class ZipfTable {
 public:
  ZipfTable(std::size_t n, double s);
  /// `random` is 64 random bits.
  [[nodiscard]] std::size_t draw(std::uint64_t random) const;

 private:
  struct Slot {
    std::uint32_t threshold;  // of 2^32: below it the slot's own rank, else the alias
    std::uint32_t alias;
  };
  std::vector<Slot> slots_;
};

class RequestSet {
 public:
  /// Reads the files the spec names. The detail begins with the flag at fault.
  [[nodiscard]] static Result<RequestSet> make(const RequestSpec& spec);

  [[nodiscard]] std::size_t size() const { return ends_.size() - 1; }
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    return std::string_view(bytes_).substr(ends_[i], ends_[i + 1] - ends_[i]);
  }
  /// One table or none.
  [[nodiscard]] const std::vector<ZipfTable>& popularity() const { return popularity_; }
  /// One request for each of several clients: asked in turn, a run of N requests would know the first N clients alone.
  [[nodiscard]] bool of_clients() const { return of_clients_; }

 private:
  void add(std::string_view head, std::string_view body);
  /// The one request of `get` or `body_file`, once for each client.
  [[nodiscard]] Result<void> add_fixed(const RequestSpec& spec, std::string_view body);

  std::string bytes_;                 // all requests, one behind the other
  std::vector<std::size_t> ends_{0};  // request i lies between ends_[i] and ends_[i + 1]
  std::vector<ZipfTable> popularity_;
  bool of_clients_ = false;
};

class Asker {
 public:
  /// In turn; by popularity where the set has one; at random, all alike, where it is of clients. `in_turn` insists on
  /// the first.
  Asker(const RequestSet& requests, std::uint64_t seed, unsigned thread, unsigned threads, bool in_turn);
  [[nodiscard]] std::string_view next();

 private:
  const RequestSet& requests_;
  const ZipfTable* popularity_;
  bool all_alike_;
  std::uint64_t random_;
  std::size_t at_;
  std::size_t stride_;
};

}  // namespace ragd::load
