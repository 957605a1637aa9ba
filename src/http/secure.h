// Which of the connections that handlers see are encrypted.
#pragma once

#include "http/message.h"

namespace signalbox::http {

/// A client's connection, as this server's handlers get it.
class ClientConnection : public Connection {
 public:
  explicit ClientConnection(bool encrypted) : secure_(encrypted) {}
  bool secure() const { return secure_; }

 protected:
  bool secure_ = false;
};

/// Whether a request on this connection came over TLS.
inline bool is_secure(const Connection& connection) {
  const auto* const client = dynamic_cast<const ClientConnection*>(&connection);
  return client != nullptr && client->secure();
}

}  // namespace signalbox::http
