// Whom ragd's clients believe over TLS: the certificate authorities, the least version, and remembered sessions.
//
// Immutable once made; any number of connections on any core use it at once. TLS 1.2 at least; certificates and host
// names are checked unless `verify` is off.
#pragma once

#include <ragd/error.hpp>

#include <memory>
#include <string>

struct ssl_session_st;

namespace boost::asio::ssl {
class context;
}

namespace ragd::net {

struct TlsSettings {
  std::string ca_file;  ///< PEM; these authorities instead of the system's
  bool verify = true;
};

class TlsContext;
using TlsContextPtr = std::shared_ptr<const TlsContext>;  // owners: the pool of each core

class TlsContext {
 public:
  /// Reads the authorities' certificates, and blocks meanwhile.
  [[nodiscard]] static Result<TlsContextPtr> make(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] boost::asio::ssl::context& native() const { return *context_; }
  [[nodiscard]] bool verifies() const { return verifies_; }

 private:
  TlsContext();

  std::unique_ptr<boost::asio::ssl::context> context_;
  bool verifies_ = true;
};

/// What spares the next handshake with the same server its asymmetric half.
struct FreeTlsSession {
  void operator()(ssl_session_st* session) const;
};
using TlsSession = std::unique_ptr<ssl_session_st, FreeTlsSession>;

}  // namespace ragd::net
