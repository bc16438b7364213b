// A row of the table that is the API: which method and path, who may call it, and who answers.
#pragma once

#include "net/exchange.hpp"
#include "obs/metrics.hpp"

#include <ragd/context.hpp>
#include <ragd/error.hpp>
#include <ragd/task.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace ragd::api {

/// The same as an Endpoint without waiting for anything; nothing: that can't be done, ask the Endpoint.
using Immediate = std::function<std::optional<Result<void>>(net::Exchange&)>;

/// Answers through exchange.response, or returns the error whose problem is the answer.
using Endpoint = std::function<Task<Result<void>>(net::Exchange&)>;

struct Route {
  net::Method method;
  std::string_view path;  ///< a trailing "{id}" takes the rest of the path, decoded
  Scope scope;            ///< Scope::none: open to all, not limited (probes, metrics, static pages)
  obs::RouteClass kind;
  std::uint64_t max_body_bytes;
  Endpoint answer;      ///< empty: at_once always answers
  Immediate at_once{};  ///< empty: this always takes time
};

}  // namespace ragd::api
