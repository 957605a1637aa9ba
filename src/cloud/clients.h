// The server's outgoing HTTP: one client a shard.
#pragma once

#include <memory>
#include <vector>

#include "cloud/shards.h"
#include "http/client.h"

namespace signalbox::cloud {

class Clients {
 public:
  Clients(Shards& shards, const http::ClientOptions& options) {
    for (std::size_t i = 0; i < shards.count(); ++i) {
      clients_.push_back(std::make_unique<http::Client>(shards.at(i).loop(), options));
    }
  }
  /// To be used on that shard's thread.
  http::Client& of(const Shard& shard) { return *clients_[shard.index()]; }

 private:
  std::vector<std::unique_ptr<http::Client>> clients_;
};

}  // namespace signalbox::cloud
