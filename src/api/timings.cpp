#include "api/timings.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace ragd::api {

namespace {

/// In the order of obs::Stage.
constexpr std::array<std::string_view, obs::kStages> kNames{"parse",  "cache_lookup", "embed",     "retrieve",
                                                            "rerank", "generate",     "serialize", "cache_store"};

/// Calls `visit` for each stage that took time, then for the total.
template <class Visit>
void for_each_timing(const rag::StageTimes& stages, std::chrono::nanoseconds total, Visit visit) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].count() > 0) visit(kNames[i], stages[i]);
  }
  visit(std::string_view("total"), total);
}

}  // namespace

void write_server_timing(base::TextOut& out, const rag::StageTimes& stages, std::chrono::nanoseconds total) {
  bool first = true;
  for_each_timing(stages, total, [&](std::string_view name, std::chrono::nanoseconds time) {
    if (!first) out << ", ";
    first = false;
    out << name << ";dur=" << time;
  });
}

void write_timings(base::TextOut& out, const rag::StageTimes& stages, std::chrono::nanoseconds total) {
  out << "{";
  bool first = true;
  for_each_timing(stages, total, [&](std::string_view name, std::chrono::nanoseconds time) {
    if (!first) out << ",";
    first = false;
    out << "\"" << name << "\":" << time;
  });
  out << "}";
}

}  // namespace ragd::api
