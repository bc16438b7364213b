#include "api/request_state.hpp"

#include <cstddef>

namespace ragd::api {

namespace {

/// Of a string, for the next request: ten thousand idle connections must not keep ten thousand large questions.
constexpr std::size_t kKeptBytes = 4ULL << 10;

}  // namespace

// Member by member: to make a new one and move the strings' memory into it takes five times as long.
void RequestState::reset() {
  static const Caller nobody;
  context.trace_id.clear();
  context.caller = nobody;
  route = nullptr;
  path_parameter.clear();
  address.reset();
  failure.reset();
  retry_after_s = 0;
  path = {};
  answered = preflight = in_flight = false;
  outcome.reset();
  cache_status = {};
  stages = {};
  parsing = {};
  answer_found.reset();
  query.question.session_id.reset();
  query.question.filter = {};
  plan.query.filter = {};
  for (std::string* kept :
       {&context.request_id, &gate_headers, &query.question.text, &plan.query.text, &plan.key.bytes}) {
    kept->clear();
    if (kept->capacity() > kKeptBytes) kept->shrink_to_fit();
  }
}

}  // namespace ragd::api
