// The flags of `ragd bench`, which are more than those of all other verbs. Part of arguments.cpp in a room of its own.
#pragma once

#include "cli/bench.hpp"

namespace CLI {
class App;
}

namespace ragd::cli {

/// Gives `verb` its flags but for --url and --api-key. They fill `options` when it is parsed: both must live till then.
void add_bench_flags(CLI::App& verb, BenchOptions& options);

}  // namespace ragd::cli
