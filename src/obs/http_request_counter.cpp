#include "obs/http_request_counter.hpp"

#include "base/hash.hpp"

#include <algorithm>

namespace ragd::obs {

namespace {

constexpr std::string_view kOther = "other";
constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

std::string_view known_method(std::string_view method) {
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end() ? method : kOther;
}

std::size_t hash_of(std::string_view route, std::string_view method, unsigned code) {
  return base::hash64(route) ^ (base::hash64(method) * 3) ^ (code * 0x9E3779B97F4A7C15ULL >> 32U);
}

}  // namespace

HttpRequestCounter::HttpRequestCounter() {
  series_[kLastResort] = {std::string(kOther), std::string(kOther), std::string(kOther), 0};
}

std::size_t HttpRequestCounter::find(std::string_view route, std::string_view method, unsigned code) const {
  const std::size_t start = hash_of(route, method, code);
  for (std::size_t probe = 0; probe < kSlots; ++probe) {
    const std::size_t slot = slots_[(start + probe) % kSlots].load(std::memory_order_acquire);
    if (slot == 0) break;
    const Series& series = series_[slot - 1];
    if (series.code_number == code && series.route == route && series.method == method) return slot - 1;
  }
  return kMaxSeries;
}

std::size_t HttpRequestCounter::find_or_insert(std::string_view route, std::string_view method, unsigned code,
                                               std::size_t limit) {
  std::size_t index = find(route, method, code);
  if (index != kMaxSeries || used_.load(std::memory_order_relaxed) >= limit) return index;
  const std::lock_guard lock(insertion_);
  index = find(route, method, code);
  const std::size_t used = used_.load(std::memory_order_relaxed);
  if (index != kMaxSeries || used >= limit) return index;
  series_[used] = {std::string(route), std::string(method), std::to_string(code), code};
  const std::size_t start = hash_of(route, method, code);
  std::size_t probe = 0;
  while (slots_[(start + probe) % kSlots].load(std::memory_order_relaxed) != 0) ++probe;  // kMaxSeries < kSlots
  slots_[(start + probe) % kSlots].store(static_cast<std::uint16_t>(used + 1), std::memory_order_release);
  used_.store(used + 1, std::memory_order_release);
  return used;
}

std::size_t HttpRequestCounter::index_of(std::string_view route_template, std::string_view method, unsigned code) {
  std::size_t index = find_or_insert(route_template, known_method(method), code, kCombinations);
  if (index == kMaxSeries) index = find_or_insert(kOther, kOther, code, kLastResort);
  return std::min(index, kLastResort);
}

void HttpRequestCounter::add(std::string_view route_template, std::string_view method, unsigned code) {
  cells_.add(index_of(route_template, method, code), 1);
}

std::size_t HttpRequestCounter::look_up(Endpoint& endpoint, unsigned code) {
  const std::size_t index = index_of(endpoint.route_, endpoint.method_, code);
  const auto known = static_cast<std::uint32_t>(code << Endpoint::kIndexBits | index);
  endpoint.known_[code % Endpoint::kCodes].store(known, std::memory_order_relaxed);
  return index;
}

std::uint64_t HttpRequestCounter::value(std::string_view route_template, std::string_view method, unsigned code) const {
  const std::size_t index = find(route_template, known_method(method), code);
  return index == kMaxSeries ? 0 : cells_.sum(index);
}

void HttpRequestCounter::write(Exposition& out, std::string_view name, std::string_view help) const {
  const auto write_one = [&](std::size_t index) {
    const Series& series = series_[index];
    out.counter(name, help, cells_.sum(index),
                {{"route", series.route}, {"method", series.method}, {"code", series.code}});
  };
  const std::size_t used = used_.load(std::memory_order_acquire);
  for (std::size_t index = 0; index < used; ++index) write_one(index);
  if (cells_.sum(kLastResort) != 0) write_one(kLastResort);
}

}  // namespace ragd::obs
