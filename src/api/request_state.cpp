#include "api/request_state.hpp"

#include <utility>

namespace ragd::api {

namespace {

void keep_memory(std::string& from, std::string& to) {
  to = std::move(from);
  to.clear();
}

}  // namespace

void RequestState::reset() {
  RequestState next;
  keep_memory(context.request_id, next.context.request_id);
  keep_memory(context.trace_id, next.context.trace_id);
  keep_memory(gate_headers, next.gate_headers);
  keep_memory(query.question.text, next.query.question.text);
  keep_memory(plan.query.text, next.plan.query.text);
  keep_memory(plan.key.bytes, next.plan.key.bytes);
  *this = std::move(next);
}

}  // namespace ragd::api
