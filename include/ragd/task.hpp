// The coroutine type of every asynchronous verb in ragd.
//
// The executor is io_context's own, not any_io_executor: each core runs one io_context, and the type erasure would be
// paid on every suspension of the hot path (docs/decisions/0002-concrete-executor.md). A Task is awaited at once by
// whoever called for it, never stored.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace ragd {

using Executor = boost::asio::io_context::executor_type;

template <class T>
using Task = boost::asio::awaitable<T, Executor>;

}  // namespace ragd
