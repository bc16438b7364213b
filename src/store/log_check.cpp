#include "store/log_check.hpp"

#include <boost/crc.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace ragd::store {

namespace {

constexpr std::size_t kBlockBytes = 32768;
constexpr std::size_t kFragmentHeader = 7;  // masked CRC-32C (4), length (2), type (1)

enum FragmentType : unsigned char { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

struct Fragment {
  unsigned char type = 0;
  std::size_t end = 0;
};

std::uint32_t little_endian(std::string_view bytes, std::size_t offset, unsigned count) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < count; ++i) {
    value |= std::uint32_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  }
  return value;
}

std::uint32_t masked_crc(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t sum = crc.checksum();
  return ((sum >> 15U) | (sum << 17U)) + 0xA282EAD8U;
}

std::size_t left_in_block(std::size_t offset) {
  return kBlockBytes - offset % kBlockBytes;
}

/// The fragment that begins at `offset`, if its checksum says it is one.
std::optional<Fragment> fragment_at(std::string_view bytes, std::size_t offset) {
  const std::size_t room = std::min(left_in_block(offset), bytes.size() - offset);
  if (room < kFragmentHeader) return std::nullopt;
  const auto type = static_cast<unsigned char>(bytes[offset + 6]);
  const std::size_t length = little_endian(bytes, offset + 4, 2);
  if (type < kFull || type > kLast || length > room - kFragmentHeader) return std::nullopt;
  if (masked_crc(bytes.substr(offset + 6, 1 + length)) != little_endian(bytes, offset, 4)) return std::nullopt;
  return Fragment{type, offset + kFragmentHeader + length};
}

bool begins_record(const std::optional<Fragment>& fragment) {
  return fragment && (fragment->type == kFull || fragment->type == kFirst);
}

/// Does a new record begin anywhere behind `damage`? Inside the damaged block nothing says where, so every byte is
/// tried (at most kBlockBytes of them); later blocks begin with a fragment.
bool record_begins_after(std::string_view bytes, std::size_t damage) {
  const std::size_t block_end = std::min(bytes.size(), damage + left_in_block(damage));
  for (std::size_t offset = damage + 1; offset < block_end; ++offset) {
    if (begins_record(fragment_at(bytes, offset))) return true;
  }
  for (std::size_t block = block_end; block < bytes.size(); block += kBlockBytes) {
    std::size_t offset = block;
    while (offset < bytes.size()) {
      const std::optional<Fragment> fragment = fragment_at(bytes, offset);
      if (begins_record(fragment)) return true;
      if (!fragment || fragment->end >= block + kBlockBytes) break;
      offset = fragment->end;
    }
  }
  return false;
}

bool is_log(const std::filesystem::directory_entry& entry) {
  std::error_code ec;
  return entry.path().extension() == ".log" && entry.is_regular_file(ec);
}

}  // namespace

LogScan scan_log(std::string_view bytes) {
  LogScan scan;
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    if (left_in_block(offset) < kFragmentHeader) {
      offset += left_in_block(offset);
      continue;
    }
    const std::optional<Fragment> fragment = fragment_at(bytes, offset);
    if (!fragment) {
      scan.lost_records = record_begins_after(bytes, offset);
      break;
    }
    offset = fragment->end;
    if (fragment->type == kFull || fragment->type == kLast) scan.whole_bytes = offset;
  }
  scan.torn_bytes = bytes.size() - scan.whole_bytes;
  return scan;
}

Result<LogCheck> check_logs(const std::string& directory) {
  LogCheck check;
  std::error_code ec;
  // An unreadable directory ends the loop: opening the database says what is wrong with it.
  for (std::filesystem::directory_iterator entry(directory, ec), end; !ec && entry != end; entry.increment(ec)) {
    if (!is_log(*entry)) continue;
    const std::string path = entry->path().string();
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open() || file.bad()) return fail(Errc::internal, "log " + path + " cannot be read");
    const LogScan scan = scan_log(bytes);
    if (scan.lost_records) {
      return fail(Errc::internal, "log " + path + " is damaged behind byte " + std::to_string(scan.whole_bytes) +
                                      ", before acknowledged documents");
    }
    ++check.logs;
    if (scan.torn_bytes > 0) check.torn.push_back({path, scan});
  }
  return check;
}

}  // namespace ragd::store
