// The whole server, put together: store, shards, services, door, HTTP.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "server/config.h"

namespace signalbox::server {

class Server {
 public:
  /// Opens the store, loads every service and listens. Errors: those of the configuration, the store and the socket,
  /// in words for an operator.
  static Result<std::unique_ptr<Server>> start(const Config& config, Log& log);

  /// Stops: see stop().
  ~Server();

  /// "http://127.0.0.1:4566", or https
  const std::string& endpoint() const { return endpoint_; }

  /// The file of the certificate that clients are to trust, where the server made its own; else "".
  const std::string& authority_file() const { return authority_file_; }

  /// Reads certificate and key again, and has its own renewed when they end soon. Connections that are open keep what
  /// they began with. After an error everything is as before.
  Result<void> reload_certificates();

  /// Takes no more connections, lets requests in progress finish (at most Config::drain_seconds), and closes the
  /// store with everything committed written out. An error says what was not.
  Result<void> stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  Result<void> open();
  std::unique_ptr<Parts> parts_;
  std::string endpoint_;
  std::string authority_file_;
};

}  // namespace signalbox::server
