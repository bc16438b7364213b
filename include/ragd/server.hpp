// The whole server, for those who run it inside their own program: `ragd serve` is this and signal handling.
//
// start and the destructor block; one thread drives them. It installs no signal handlers and prints nothing but log
// lines.
#pragma once

#include <ragd/error.hpp>
#include <ragd/settings.hpp>

#include <cstdint>
#include <memory>

namespace ragd {

class Server {
 public:
  /// Opens the stores, restores the index, and listens. Errors carry one line for a person: settings that don't hold
  /// (Errc::bad_request), or a port, disk or data directory that cannot be used (any other code).
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const Settings& settings);

  /// Ends at once what is still under way; call drain first for a clean end.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Applies what can change while running. On an error everything stays as it was.
  Result<void> reload(const Settings& settings);
  /// New settings could not even be read: only the metric that says so changes.
  void refuse_reload();

  /// Not ready at once; answers with Connection: close for drain.delay; then stops listening and lets requests under
  /// way finish, until drain.timeout has passed since the call. True: nothing had to be cut.
  bool drain();
  /// From any thread, also while drain waits: makes it give up waiting.
  void hurry();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ragd
