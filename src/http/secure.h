// Which of the connections that handlers see are encrypted, or private otherwise.
#pragma once

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
  explicit ClientConnection(Privacy privacy) : privacy_(privacy) {}
  Privacy privacy() const { return privacy_; }

 private:
  const Privacy privacy_;
};

inline Privacy privacy_of(const Connection& connection) {
  const auto* const client = dynamic_cast<const ClientConnection*>(&connection);
  return client != nullptr ? client->privacy() : Privacy::kNone;
}

/// Whether a request on this connection came over TLS.
inline bool is_secure(const Connection& connection) {
  return privacy_of(connection) == Privacy::kTls;
}

}  // namespace signalbox::http
