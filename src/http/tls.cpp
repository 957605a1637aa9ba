#include "http/tls.h"

#include <openssl/err.h>

#include <boost/asio/ssl/context.hpp>
#include <string_view>

namespace signalbox::http {
namespace {

namespace ssl = boost::asio::ssl;

/// Forward secrecy and authenticated encryption only; of TLS 1.3 all are. HTTP/2 wants no others (RFC 9113, 9.2.2).
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// In the order of our preference, as ALPN writes it: each name behind its length.
constexpr std::string_view kProtocols = "\x02h2\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(kProtocols.data()),
                                          static_cast<unsigned>(kProtocols.size()), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::unexpected<Error> tls_error(const std::string& file, const std::string& why) {
  ERR_clear_error();
  return fail("TlsError", file + " " + why);
}

}  // namespace

Result<std::shared_ptr<TlsContext>> read_tls(const std::string& certificate_file, const std::string& key_file) {
  auto context = std::make_shared<TlsContext>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                  SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  boost::system::error_code problem;
  if (SSL_CTX_set_cipher_list(native, kCiphers) != 1) return tls_error("OpenSSL", "has none of the ciphers wanted.");
  context->use_certificate_chain_file(certificate_file, problem);
  if (problem) return tls_error(certificate_file, "is no certificate in PEM: " + problem.message() + ".");
  context->use_private_key_file(key_file, ssl::context::pem, problem);
  if (problem) return tls_error(key_file, "is no key in PEM of that certificate: " + problem.message() + ".");
  if (SSL_CTX_check_private_key(native) != 1) return tls_error(key_file, "is not the key of " + certificate_file + ".");
  return context;
}

}  // namespace signalbox::http
