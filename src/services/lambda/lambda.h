// AWS Lambda: functions that run in sandboxes of this host.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cloud/identity.h"
#include "cloud/services.h"

namespace signalbox::lambda {

struct Options {
  std::string folder;  // for packages, within the data folder
  /// Functions of an account that run at once: "ConcurrentExecutions".
  std::int32_t concurrency = 100;
  /// Where the server listens; asked for when a sandbox is made.
  std::function<std::uint16_t()> port;
  /// Has the server take requests from a listening socket, until what it returns goes; of a shard's number.
  std::function<std::shared_ptr<void>(int listening, std::size_t shard)> serve;
  /// Tells who calls a function URL.
  const cloud::Identification* identification = nullptr;
};

struct Core;

class Lambda final : public cloud::Service {
 public:
  Lambda(const cloud::House& house, Options options);
  ~Lambda() override;

  /// Reads functions, layers and mappings, and removes packages that nothing names any more. Errors: code "StoreError".
  Result<void> load() override;
  /// Mappings take nothing more.
  void drain() override;
  /// Ends every sandbox.
  void stop() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::lambda
