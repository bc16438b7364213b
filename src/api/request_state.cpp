#include "api/request_state.hpp"

namespace ragd::api {

// Member by member: to make a new one and move the strings' memory into it takes five times as long.
void RequestState::reset() {
  static const Caller nobody;
  context.request_id.clear();
  context.trace_id.clear();
  context.caller = nobody;
  route = nullptr;
  path_parameter.clear();
  address.reset();
  failure.reset();
  gate_headers.clear();
  retry_after_s = 0;
  path = {};
  answered = preflight = in_flight = false;
  outcome.reset();
  cache_status = {};
  stages = {};
  parsing = {};
  answer_found.reset();
  // `query` and `plan` are written whole before they are read.
}

}  // namespace ragd::api
