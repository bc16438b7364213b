#include "base/ids.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <unistd.h>

namespace ragd::base {

namespace {

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

/// Eight bytes as sixteen digits, most significant first.
void write_hex(std::uint64_t value, char* out) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (int digit = 15; digit >= 0; --digit, value >>= 4U) out[digit] = kDigits[value & 15U];
}

/// From the system itself: a generator of OpenSSL's would take 2 MB for the few bytes that are asked for.
template <std::size_t size>
std::array<unsigned char, size> random_bytes() {
  std::array<unsigned char, size> bytes{};
  if (getentropy(bytes.data(), bytes.size()) != 0) throw std::runtime_error("the system's random source failed");
  return bytes;
}

}  // namespace

std::string uuid_v4() {
  std::array<unsigned char, 16> bytes = random_bytes<16>();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string uuid = to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) uuid.insert(dash, 1, '-');
  return uuid;
}

void assign_random_hex_128(std::string& out) {
  thread_local std::mt19937_64 generator = [] {
    const std::array<unsigned char, 32> seed = random_bytes<32>();
    std::seed_seq sequence(seed.begin(), seed.end());
    return std::mt19937_64(sequence);
  }();
  const std::uint64_t high = generator();
  const std::uint64_t low = generator();
  out.resize(32);
  write_hex(high, out.data());
  write_hex(low, out.data() + 16);
}

bool is_request_id(std::string_view text) {
  return is_plain_name(text, 128);
}

std::string_view trace_id_of(std::string_view traceparent) {
  // version "-" trace-id "-" parent-id "-" flags; a later version may append "-..." after the flags.
  constexpr std::size_t kLength = 55;
  if (traceparent.size() < kLength || traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') {
    return {};
  }
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace = traceparent.substr(3, 32);
  const std::string_view parent = traceparent.substr(36, 16);
  const std::string_view flags = traceparent.substr(53, 2);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(parent) || !is_hex(flags)) return {};
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return {};
  if (traceparent.size() > kLength && (version == "00" || traceparent[kLength] != '-')) return {};
  return trace;
}

}  // namespace ragd::base
