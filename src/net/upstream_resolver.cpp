#include "net/upstream_resolver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <cstdint>
#include <list>
#include <tuple>
#include <utility>

namespace ragd::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::optional<Tcp::endpoint> literal_endpoint(const std::string& host, const std::string& port) {
  error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  std::uint16_t number = 0;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
  if (ec || parsed.ec != std::errc{}) return std::nullopt;
  return Tcp::endpoint(address, number);
}

}  // namespace

struct UpstreamResolver::Lookup {
  bool done = false;
  Resolved result;
  std::list<Timer*> alarms;  // each lies in a waiting coroutine
};

/// The waiting coroutine's timer, taken away from the look-up however the coroutine ends.
class UpstreamResolver::Alarm {
 public:
  Alarm(Lookup& lookup, const Executor& executor, SteadyTime deadline)
      : lookup_(lookup), timer_(executor, deadline), place_(lookup.alarms.insert(lookup.alarms.end(), &timer_)) {}
  ~Alarm() { lookup_.alarms.erase(place_); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  [[nodiscard]] Timer& timer() { return timer_; }

 private:
  Lookup& lookup_;
  Timer timer_;
  std::list<Timer*>::iterator place_;
};

UpstreamResolver::UpstreamResolver(const Executor& executor, std::string host, std::string port)
    : host_(std::move(host)), port_(std::move(port)), resolver_(executor), literal_(literal_endpoint(host_, port_)) {}

UpstreamResolver::~UpstreamResolver() = default;

Task<Resolved> UpstreamResolver::resolve(SteadyTime deadline) {
  if (literal_) {
    Resolved known;
    known.endpoints.push_back(*literal_);
    co_return known;
  }
  if (!lookup_ || lookup_->done) start();
  const std::shared_ptr<Lookup> lookup = lookup_;
  Alarm alarm(*lookup, resolver_.get_executor(), deadline);
  const asio::as_tuple_t<asio::use_awaitable_t<Executor>> token;
  const auto waited = co_await alarm.timer().async_wait(token);
  if (lookup->done) co_return lookup->result;
  Resolved early;
  early.error = std::get<0>(waited) ? asio::error::operation_aborted : asio::error::timed_out;
  co_return early;
}

void UpstreamResolver::start() {
  lookup_ = std::make_shared<Lookup>();
  resolver_.async_resolve(host_, port_, [lookup = lookup_](const error_code& ec, const auto& results) {
    lookup->done = true;
    lookup->result.error = ec;
    for (const auto& entry : results) lookup->result.endpoints.push_back(entry.endpoint());
    for (Timer* const alarm : lookup->alarms) alarm->cancel();
  });
}

}  // namespace ragd::net
