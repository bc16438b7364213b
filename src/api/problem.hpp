// Errors as clients see them: RFC 9457 problem+json that also carries the challenge's members.
//
// The one place where an Errc becomes a status, a public text, a metric label and a log level. Nothing of
// Error::detail gets through: it may name paths and internals.
#pragma once

#include "net/exchange.hpp"
#include "obs/metrics.hpp"

#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <optional>
#include <string_view>

namespace ragd::api {

struct ProblemKind {
  unsigned status;
  std::string_view type;   ///< the last part of the problem's URI and its name in the docs
  std::string_view title;  ///< also the challenge's "error" member
  std::optional<obs::Rejection> rejection;
  LogLevel level;
};

[[nodiscard]] ProblemKind problem_kind(Errc code);

/// Replaces the response by the problem's. `retry_after_s` > 0 adds the member and the header of that name.
void write_problem(net::HttpResponse& response, const Error& error, std::string_view request_id,
                   long retry_after_s = 0);

}  // namespace ragd::api
