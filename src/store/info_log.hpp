// Where RocksDB's own messages go: warnings and errors to ragd's log, a few a minute at most, all others nowhere.
//
// Thread-safe. Never touches the disk: RocksDB's own writer of a LOG file aborts the process (in the distribution's
// build) once that file could not be written, so a full disk would end the server for the sake of a log line.
#pragma once

#include <rocksdb/env.h>

#include <memory>
#include <string>

namespace ragd::store {

/// `store` names the database in the lines. Silent at first: what keeps a database from being opened is a Status, and
/// the program prints one line about it, not two.
[[nodiscard]] std::shared_ptr<rocksdb::Logger> make_info_log(std::string store);

/// Once the database is open.
void begin_info_log(rocksdb::Logger& log);

}  // namespace ragd::store
