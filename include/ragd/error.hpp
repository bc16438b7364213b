// What can go wrong, as a value. Every foreseeable outcome travels as Result<T>; exceptions are for start-up and bugs.
//
// Error::detail is for the log and may hold anything but secrets. Error::hint is for the client: a short sentence in
// our own words, never a path, an internal or a byte of someone else's data. Thread-safe as values are.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace ragd {

/// The closed set of failures. api/problem.cpp maps each to status, title, metric label and log level.
enum class Errc : std::uint8_t {
  bad_request,             ///< 400: not JSON, not UTF-8, ambiguous framing
  unauthorized,            ///< 401: no key, or an unknown one
  forbidden,               ///< 403: the key lacks the scope
  not_found,               ///< 404
  method_not_allowed,      ///< 405, with Allow
  request_timeout,         ///< 408: the client was too slow
  conflict,                ///< 409: what is there already is in the way
  payload_too_large,       ///< 413
  uri_too_long,            ///< 414
  unsupported_media_type,  ///< 415
  misdirected,             ///< 421: Host is not one of http.allowed_hosts
  unprocessable,           ///< 422: well-formed, but a field is wrong
  rate_limited,            ///< 429
  headers_too_large,       ///< 431
  internal,                ///< 500: a bug, or a store that broke
  not_implemented,         ///< 501: a transfer coding other than chunked
  overloaded,              ///< 503: no permit
  shutting_down,           ///< 503: draining
  unavailable,             ///< 503: a part it needs is down
  deadline_exceeded,       ///< 504: the request's budget ran out
  version_not_supported,   ///< 505: not HTTP/1.0 or 1.1
  storage_full,            ///< 507: the disk has no room for the write
  canceled,                ///< nobody waits any more; never sent
};

struct Error {
  Errc code = Errc::internal;
  std::string detail;  ///< for the log
  std::string hint;    ///< for the client; empty: the code's general text is enough
};

template <class T>
using Result = boost::system::result<T, Error>;

/// Shorthand for the place where a failure is born: the log's text, and what the client may read of it.
[[nodiscard]] inline Error fail(Errc code, std::string detail = {}, std::string hint = {}) {
  return Error{code, std::move(detail), std::move(hint)};
}

/// boost::system::result calls this when value() is asked of an error: reaching it is a bug in the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location& /*where*/) {
  throw std::logic_error("value() of a failed Result: " + error.detail);
}

}  // namespace ragd
