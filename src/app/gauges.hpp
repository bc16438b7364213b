// The numbers of /metrics that are read when asked for: sizes, dependencies, RocksDB, the process's own data directory.
#pragma once

#include "app/parts.hpp"

#include <string>

namespace ragd::app {

/// Registers the sampler; `parts` must outlive the last scrape.
void register_gauges(Parts& parts, const std::string& data_dir);

}  // namespace ragd::app
