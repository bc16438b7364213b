// The process_* families every Prometheus client exposes, read from /proc when asked.
//
// Thread-safe: no state. What the system doesn't tell is left out of the scrape.
#pragma once

#include "obs/exposition.hpp"

namespace ragd::obs {

void write_process_metrics(Exposition& out);

}  // namespace ragd::obs
