// The process's environment as a value. The only place that reads it: everything else is handed the map.
//
// Not thread-safe beside setenv, which ragd never calls.
#pragma once

#include <map>
#include <string>

namespace ragd::app {

[[nodiscard]] std::map<std::string, std::string> read_environment();

}  // namespace ragd::app
