// A certificate authority of the test's own, and TLS servers' contexts with certificates it has signed.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace ragd::fakes {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using ServerContext = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

class TestCa {
 public:
  TestCa() : key_(EVP_EC_gen("P-256")), certificate_(make("ragd test authority", "", key_.get(), kDay, nullptr)) {}

  /// For a file that TlsSettings::ca_file names.
  [[nodiscard]] std::string pem() const {
    const std::unique_ptr<BIO, FreeWith<BIO_free>> out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate_.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);  // NOLINT: OpenSSL's macro
    return {text, static_cast<std::size_t>(size)};
  }

  /// `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1". A negative `lifetime` has passed already.
  [[nodiscard]] ServerContext server(const std::string& names, long lifetime = kDay) const {
    ServerContext context(SSL_CTX_new(TLS_server_method()));
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = make("ragd test server", names, key.get(), lifetime, certificate_.get());
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    constexpr unsigned char kContext[] = "ragd";
    SSL_CTX_set_session_id_context(context.get(), kContext, sizeof kContext);
    return context;
  }

  static constexpr long kDay = 86'400;

 private:
  /// Without an issuer it is the authority's own.
  [[nodiscard]] Certificate make(const char* subject, const std::string& names, EVP_PKEY* key, long lifetime,
                                 X509* issuer) const {
    Certificate certificate(X509_new());
    X509* const x509 = certificate.get();
    X509_set_version(x509, X509_VERSION_3);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x509), -2 * kDay);
    X509_gmtime_adj(X509_getm_notAfter(x509), lifetime);
    X509_NAME* const name = X509_get_subject_name(x509);
    const auto* const text = reinterpret_cast<const unsigned char*>(subject);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509* const signer = issuer != nullptr ? issuer : x509;
    X509_set_issuer_name(x509, X509_get_subject_name(signer));
    X509_set_pubkey(x509, key);
    add(x509, signer, NID_basic_constraints, issuer != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
    if (!names.empty()) add(x509, signer, NID_subject_alt_name, names.c_str());
    X509_sign(x509, key_.get(), EVP_sha256());
    return certificate;
  }

  static void add(X509* to, X509* issuer, int what, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
    if (extension == nullptr) std::abort();
    X509_add_ext(to, extension, -1);
    X509_EXTENSION_free(extension);
  }

  Key key_;
  Certificate certificate_;
};

}  // namespace ragd::fakes
