// The one way off an io thread: run blocking work on a pool and come back to the core that asked.
//
// `work` is owned by the pool's coroutine and must return a Result<T> with a default-constructible T. Named arguments
// only (house rule 1).
#pragma once

#include <ragd/task.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <type_traits>
#include <utility>

namespace ragd::net {

using PoolExecutor = boost::asio::thread_pool::executor_type;

namespace detail {
template <class Work, class R = std::invoke_result_t<Work>>
boost::asio::awaitable<R, PoolExecutor> run_on_pool(Work work) {
  co_return work();
}
}  // namespace detail

template <class Work, class R = std::invoke_result_t<Work>>
Task<R> offload(boost::asio::thread_pool& pool, Work work) {
  boost::asio::awaitable<R, PoolExecutor> job = detail::run_on_pool<Work>(std::move(work));
  // Nobody can cut the pool's work short: a cancellation would be carried into its coroutine from another thread, by a
  // pointer into this one.
  auto token =
      boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(), boost::asio::use_awaitable_t<Executor>());
  co_return co_await boost::asio::co_spawn(pool.get_executor(), std::move(job), std::move(token));
}

}  // namespace ragd::net
