// Reads RocksDB's write-ahead logs before RocksDB does, to tell a torn tail from lost documents.
//
// Why: with kTolerateCorruptedTailRecords RocksDB 7.8 still takes a record whose damaged length points past the end of
// the log, or whose header is zeroed, for a torn tail, and drops every acknowledged record behind it in silence; where
// it does refuse, it names no file. Each of our records is synced before the next begins, so a new record behind an
// unreadable one proves that the unreadable one had been acknowledged. Stateless; reads only.
// Source of the layout: RocksDB, db/log_format.h.
#pragma once

#include <ragd/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::store {

struct LogScan {
  std::uint64_t whole_bytes = 0;  ///< up to the end of the last whole record
  std::uint64_t torn_bytes = 0;   ///< what follows
  bool lost_records = false;      ///< a new record begins behind the damage
};

[[nodiscard]] LogScan scan_log(std::string_view bytes);

struct TornLog {
  std::string file;
  LogScan scan;
};

struct LogCheck {
  std::size_t logs = 0;
  std::vector<TornLog> torn;
};

/// Every *.log of `directory` (none when it does not exist). An Error names the file and the offset of the damage.
[[nodiscard]] Result<LogCheck> check_logs(const std::string& directory);

}  // namespace ragd::store
