// Where a request's time went, as clients see it: the Server-Timing header and the body's timings_ms. Milliseconds.
#pragma once

#include "rag/work.hpp"

#include <chrono>
#include <string>

namespace ragd::api {

/// "parse;dur=0.007, total;dur=0.034": the stages that took time, and the whole.
void append_server_timing(std::string& out, const rag::StageTimes& stages, std::chrono::nanoseconds total);

/// The same as a JSON object: {"parse":0.007,"total":0.034}
void append_timings(std::string& out, const rag::StageTimes& stages, std::chrono::nanoseconds total);

}  // namespace ragd::api
