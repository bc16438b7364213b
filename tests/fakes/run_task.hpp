// Runs a coroutine on an io_context of this thread until it is done, and everything it posted with it.
#pragma once

#include <ragd/task.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace ragd::fakes {

/// Starts `task` on `io`; its result lands in the returned place, its exception is thrown out of io.run().
template <class T>
std::shared_ptr<std::optional<T>> spawn(boost::asio::io_context& io, Task<T> task) {
  auto place = std::make_shared<std::optional<T>>();
  boost::asio::co_spawn(io, std::move(task), [place](const std::exception_ptr& thrown, T value) {
    if (thrown) std::rethrow_exception(thrown);
    place->emplace(std::move(value));
  });
  return place;
}

template <class T>
T run_task(boost::asio::io_context& io, Task<T> task) {
  const auto place = spawn(io, std::move(task));
  io.restart();
  io.run();
  return std::move(place->value());
}

/// Until `task` is done and no longer: what else goes on there, as the watch over a kept connection, goes on later.
template <class T>
T run_until_done(boost::asio::io_context& io, Task<T> task) {
  const auto place = spawn(io, std::move(task));
  io.restart();
  while (!place->has_value()) io.run_one();
  return std::move(place->value());
}

}  // namespace ragd::fakes
