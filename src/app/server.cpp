#include <ragd/server.hpp>

#include "app/gate_policy.hpp"
#include "app/gauges.hpp"
#include "app/parts.hpp"
#include "app/readiness_checks.hpp"
#include "app/settings_load.hpp"
#include "net/listener.hpp"
#include "obs/log.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

namespace ragd {

namespace {

api::Readiness::Required required_of(const ReadySettings& settings) {
  api::Readiness::Required required{};
  for (std::size_t i = 0; i < required.size(); ++i) {
    required[i] = std::find(settings.required.begin(), settings.required.end(), api::kDependencyNames[i]) !=
                  settings.required.end();
  }
  return required;
}

app::ReadinessChecks::Checks checks_of(app::Parts& parts) {
  return {[&parts] { return parts.cache->ping(); }, [&parts] { return parts.retriever->ping(); },
          [&parts] { return parts.llm.ping(); }};
}

std::int64_t unix_seconds(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.wall_now().time_since_epoch()).count();
}

/// Runs `work` on a core and waits for it; the core's thread must be running.
template <class Work>
void run_on(boost::asio::io_context& core, Work work) {
  auto done = std::make_shared<std::promise<void>>();  // owners: this thread and the core, whichever lets go last
  boost::asio::post(core, [&work, done] {
    work();
    done->set_value();
  });
  done->get_future().wait();
}

}  // namespace

class Server::Impl {
 public:
  Impl(const Settings& settings, std::unique_ptr<app::Parts> parts)
      : settings_(settings),
        parts_(std::move(parts)),
        checks_(parts_->threads.context(0), checks_of(*parts_), parts_->readiness, {}) {}

  ~Impl() {
    if (!started_) return;
    if (parts_->snapshots) parts_->snapshots->stop();
    listener_.reset();
    run_on(parts_->threads.context(0), [this] {
      checks_.stop();
      if (parts_->embedding) parts_->embedding->stop();
    });
    if (parts_->database) parts_->database->close();
    parts_->threads.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> start() {
    std::vector<net::HttpHandler*> handlers;
    for (const auto& router : parts_->routers) handlers.push_back(router.get());
    auto listener = net::Listener::open(settings_.listen, settings_.http, handlers, parts_->threads, parts_->metrics);
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    app::register_gauges(*parts_, settings_.data_dir);
    parts_->readiness.set_required(required_of(settings_.ready));
    parts_->reload.success_time_s = unix_seconds(parts_->clock);
    parts_->threads.start();
    started_ = true;
    run_on(parts_->threads.context(0), [this] {
      checks_.start();
      if (parts_->embedding) parts_->embedding->start();
    });
    listener_->start();
    const std::string address = listener_->endpoint().address().to_string();
    obs::log(LogLevel::info, "listening",
             {{"address", std::string_view(address)},
              {"port", std::int64_t{port()}},
              {"cores", static_cast<std::int64_t>(parts_->threads.size())},
              {"documents", static_cast<std::int64_t>(parts_->document_count())}});
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return listener_->endpoint().port(); }

  Result<void> reload(const Settings& asked) {
    // What needs a restart stays as it is, whatever the file says now: above all whether keys are asked for.
    const Settings fresh = app::reloaded(settings_, asked);
    auto policy = app::make_gate_policy(fresh, parts_->policy.load());
    if (!policy) {
      parts_->reload.successful = false;
      return policy.error();
    }
    for (const std::string& key : app::changed_but_not_reloadable(settings_, asked)) {
      obs::log(LogLevel::warning, "this setting needs a restart to change", {{"setting", std::string_view(key)}});
    }
    obs::set_log_level(fresh.log_level);
    parts_->publish_policy(*policy);
    parts_->pipeline->set_ttl(fresh.cache.ttl);
    parts_->permits.set_max(fresh.overload.max_in_flight);
    parts_->readiness.set_required(required_of(fresh.ready));
    parts_->reload.successful = true;
    parts_->reload.success_time_s = unix_seconds(parts_->clock);
    obs::log(LogLevel::info, "settings reloaded");
    return {};
  }

  void refuse_reload() { parts_->reload.successful = false; }

  bool drain() {
    const SteadyTime begin = parts_->clock.steady_now();
    const SteadyTime end = begin + settings_.drain.timeout;
    parts_->readiness.set_draining();
    obs::log(LogLevel::info, "draining", {{"connections", static_cast<std::int64_t>(listener_->connections())}});
    {
      std::unique_lock lock(mutex_);
      hurried_.wait_until(lock, begin + settings_.drain.delay, [this] { return hurry_; });
    }
    listener_->stop_accepting();
    // Each round also closes what came out of the backlog meanwhile and never asked anything.
    constexpr std::chrono::milliseconds kRound{50};
    bool empty = false;
    while (!empty && !hurry_requested() && parts_->clock.steady_now() < end) {
      listener_->close_idle();
      empty = listener_->wait_until_closed(std::min(end, parts_->clock.steady_now() + kRound));
    }
    obs::log(empty ? LogLevel::info : LogLevel::warning, empty ? "drained" : "not drained in time",
             {{"connections", static_cast<std::int64_t>(listener_->connections())}});
    return empty;
  }

  void hurry() {
    {
      const std::lock_guard lock(mutex_);
      hurry_ = true;
    }
    hurried_.notify_all();
  }

 private:
  bool hurry_requested() {
    const std::lock_guard lock(mutex_);
    return hurry_;
  }

  const Settings settings_;
  std::unique_ptr<app::Parts> parts_;
  app::ReadinessChecks checks_;
  std::unique_ptr<net::Listener> listener_;
  bool started_ = false;
  std::mutex mutex_;
  std::condition_variable hurried_;
  bool hurry_ = false;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const Settings& settings) {
  auto parts = app::Parts::make(settings);
  if (!parts) return parts.error();
  auto impl = std::make_unique<Impl>(settings, std::move(*parts));
  auto started = impl->start();
  if (!started) return started.error();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const {
  return impl_->port();
}
Result<void> Server::reload(const Settings& settings) {
  return impl_->reload(settings);
}
void Server::refuse_reload() {
  impl_->refuse_reload();
}
bool Server::drain() {
  return impl_->drain();
}
void Server::hurry() {
  impl_->hurry();
}

}  // namespace ragd
