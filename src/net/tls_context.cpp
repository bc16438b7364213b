#include "net/tls_context.hpp"

#include <boost/asio/ssl/context.hpp>

#include <openssl/ssl.h>

namespace ragd::net {

TlsContext::TlsContext()
    : context_(std::make_unique<boost::asio::ssl::context>(boost::asio::ssl::context::tls_client)) {}

TlsContext::~TlsContext() = default;

Result<TlsContextPtr> TlsContext::make(const TlsSettings& settings) {
  std::shared_ptr<TlsContext> made(new TlsContext);
  boost::asio::ssl::context& context = *made->context_;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  made->verifies_ = settings.verify;
  if (!settings.verify) return TlsContextPtr(std::move(made));
  boost::system::error_code ec;
  context.set_verify_mode(boost::asio::ssl::verify_peer, ec);
  if (settings.ca_file.empty()) {
    context.set_default_verify_paths(ec);
    if (ec) return fail(Errc::unavailable, "the system's certificate authorities cannot be read: " + ec.message());
  } else {
    context.load_verify_file(settings.ca_file, ec);
    if (ec) {
      return fail(Errc::unavailable,
                  "certificate authorities in '" + settings.ca_file + "' cannot be read: " + ec.message());
    }
  }
  return TlsContextPtr(std::move(made));
}

void FreeTlsSession::operator()(ssl_session_st* session) const {
  SSL_SESSION_free(session);
}

}  // namespace ragd::net
