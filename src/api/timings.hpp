// Where a request's time went, as clients see it: the Server-Timing header and the body's timings_ms. Milliseconds.
#pragma once

#include "base/text_out.hpp"
#include "rag/work.hpp"

#include <chrono>

namespace ragd::api {

/// "parse;dur=0.007, total;dur=0.034": the stages that took time, and the whole.
void write_server_timing(base::TextOut& out, const rag::StageTimes& stages, std::chrono::nanoseconds total);

/// The same as a JSON object: {"parse":0.007,"total":0.034}
void write_timings(base::TextOut& out, const rag::StageTimes& stages, std::chrono::nanoseconds total);

}  // namespace ragd::api
