#include "base/units.hpp"

#include "base/ascii.hpp"

#include <array>
#include <limits>
#include <optional>
#include <span>

namespace ragd::base {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}, {"", 1'000}}};

constexpr std::array<Unit, 10> kSizeUnits{{{"TiB", 1ULL << 40U},
                                           {"GiB", 1ULL << 30U},
                                           {"MiB", 1ULL << 20U},
                                           {"KiB", 1ULL << 10U},
                                           {"TB", 1'000'000'000'000},
                                           {"GB", 1'000'000'000},
                                           {"MB", 1'000'000},
                                           {"kB", 1'000},
                                           {"B", 1},
                                           {"", 1}}};
constexpr std::size_t kBinarySizeUnits = 4;

constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

/// Takes leading digits off `text`; nothing when there are none or they do not fit.
std::optional<std::uint64_t> take_digits(std::string_view& text, std::size_t max_digits) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  if (length == 0 || length > max_digits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : text.substr(0, length)) value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  text.remove_prefix(length);
  return value;
}

/// A decimal number times its unit, exactly: a result that is not whole is refused.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  constexpr std::size_t kWholeDigits = 18;    // fits 64 bits
  constexpr std::size_t kFractionDigits = 6;  // times the largest unit still fits 64 bits
  const auto whole = take_digits(text, kWholeDigits);
  if (!whole) return std::nullopt;
  std::uint64_t fraction = 0;
  std::uint64_t scale = 1;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::size_t before = text.size();
    const auto digits = take_digits(text, kFractionDigits);
    if (!digits) return std::nullopt;
    fraction = *digits;
    for (std::size_t i = text.size(); i < before; ++i) scale *= 10;
  }
  for (const Unit& unit : units) {
    if (!equal_ignoring_case(unit.name, text)) continue;
    if (*whole > kMax / unit.factor) return std::nullopt;
    const std::uint64_t part = fraction * unit.factor;
    const std::uint64_t value = *whole * unit.factor;
    if (part % scale != 0 || part / scale > kMax - value) return std::nullopt;
    return value + part / scale;
  }
  return std::nullopt;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse_quantity(text, kDurationUnits);
  if (!value) return fail(Errc::unprocessable, "is not a duration (write 250ms, 60s, 5m or 1h)");
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (count == 0) return "0s";
  for (const Unit& unit : kDurationUnits) {
    if (count % unit.factor == 0) return std::to_string(count / unit.factor).append(unit.name);
  }
  return std::to_string(count) + "ms";
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto value = parse_quantity(text, kSizeUnits);
  if (!value) return fail(Errc::unprocessable, "is not a size (write 64MiB, 1GiB, 8MB or bytes)");
  return *value;
}

std::string format_size(std::uint64_t bytes) {
  for (const Unit& unit : std::span(kSizeUnits).first(kBinarySizeUnits)) {
    if (bytes != 0 && bytes % unit.factor == 0) return std::to_string(bytes / unit.factor).append(unit.name);
  }
  return std::to_string(bytes);
}

}  // namespace ragd::base
