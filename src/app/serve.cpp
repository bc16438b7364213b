#include "app/serve.hpp"

#include "obs/log.hpp"

#include <ragd/server.hpp>

#include <csignal>
#include <iostream>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace ragd::app {

namespace {

/// What the main thread waits for. Blocked before any thread starts, so that none of them is interrupted.
sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, signal);
  return signals;
}

/// A tenth of a second of misses at full speed. Each takes 400 bytes from the start, full or not.
constexpr std::size_t kWaitingLines = 2048;

int refuse(const Error& error, int exit_code) {
  std::cerr << error.detail << '\n';
  return exit_code;
}

void warn_of_open_door(const Settings& settings) {
  if (settings.insecure_no_auth && settings.auth.keys_file.empty()) {
    obs::log(LogLevel::warning, "NO AUTHENTICATION: whoever reaches this port may ask, ingest and delete documents",
             {{"listen", std::string_view(settings.listen)}, {"remedy", std::string_view("set auth.keys_file")}});
  }
}

void reload(Server& server, const SettingsSources& sources) {
  auto fresh = load_settings(sources);
  if (!fresh) server.refuse_reload();
  const auto applied = fresh ? server.reload(fresh->values) : Result<void>(fresh.error());
  if (!applied) {
    obs::log(LogLevel::error, "reload refused, the old settings stay",
             {{"error", std::string_view(applied.error().detail)}});
  }
}

/// Until the server has been asked to end and has drained.
void obey_signals(Server& server, const SettingsSources& sources, const sigset_t& signals) {
  std::jthread drainer;
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      reload(server, sources);
    } else if (signal == SIGUSR1) {
      if (drainer.joinable()) return;  // the drainer's own sign that it is done
    } else if (drainer.joinable()) {
      server.hurry();
    } else {
      drainer = std::jthread([&server] {
        server.drain();
        kill(getpid(), SIGUSR1);
      });
    }
  }
}

}  // namespace

int serve(const SettingsSources& sources) {
  auto loaded = load_settings(sources);
  if (!loaded) return refuse(loaded.error(), 2);
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a client or a log reader that went away is an error code, not an end

  obs::start_log(loaded->values.log_level, kWaitingLines);
  warn_of_open_door(loaded->values);
  auto server = Server::start(loaded->values);
  if (!server) {
    obs::stop_log();
    return refuse(server.error(), server.error().code == Errc::bad_request ? 2 : 1);
  }
  obey_signals(**server, sources, signals);
  server->reset();
  obs::log(LogLevel::info, "stopped");
  obs::stop_log();
  return 0;
}

}  // namespace ragd::app
