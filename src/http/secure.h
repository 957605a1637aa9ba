// Which of the connections that handlers see are encrypted, or private otherwise.
#pragma once

#include <string_view>

#include "http/message.h"

namespace signalbox::http {

/// Who can read what passes on a connection.
enum class Privacy {
  kNone,
  kTls,
  kInside,  // it begins within this server's own sandboxes
};

/// A client's connection, as this server's handlers get it.
class ClientConnection : public Connection {
 public:
  explicit ClientConnection(Privacy privacy, std::string_view tls_version = {})
      : privacy_(privacy), tls_version_(tls_version) {}
  Privacy privacy() const { return privacy_; }
  /// "1.3", known after the handshake; "" without TLS.
  std::string_view tls_version() const { return tls_version_; }

 protected:
  /// `version` is a literal.
  void set_tls_version(std::string_view version) { tls_version_ = version; }

 private:
  const Privacy privacy_;
  std::string_view tls_version_;
};

inline Privacy privacy_of(const Connection& connection) {
  const auto* const client = dynamic_cast<const ClientConnection*>(&connection);
  return client != nullptr ? client->privacy() : Privacy::kNone;
}

inline std::string_view tls_version_of(const Connection& connection) {
  const auto* const client = dynamic_cast<const ClientConnection*>(&connection);
  return client != nullptr ? client->tls_version() : std::string_view();
}

/// Whether a request on this connection came over TLS.
inline bool is_secure(const Connection& connection) {
  return privacy_of(connection) == Privacy::kTls;
}

}  // namespace signalbox::http
