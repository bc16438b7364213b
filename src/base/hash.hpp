// Hashes by purpose: XXH3 for tables and fingerprints inside one installation, SHA-256 where strangers choose the input
// and a collision would hurt.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ragd::base {

[[nodiscard]] std::uint64_t hash64(std::string_view bytes);
[[nodiscard]] std::array<std::uint64_t, 2> hash128(std::string_view bytes);
[[nodiscard]] std::array<unsigned char, 32> sha256(std::string_view bytes);
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// The SHA-256 of bytes that come piece by piece. For one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  /// Of all of them; once, at the end.
  [[nodiscard]] std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Lower-case hex of any bytes.
[[nodiscard]] std::string to_hex(std::string_view bytes);

/// Equal in a time that depends on the length alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace ragd::base
