// AWS CloudTrail: a record of every call, its event history, and events of calls on the bus.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::cloudtrail {

struct Core;

class CloudTrail final : public cloud::Service {
 public:
  /// From now on the door tells it of each call.
  explicit CloudTrail(const cloud::House& house);
  ~CloudTrail() override;

  /// Every service must be known to the door by now: construct all of them first. Errors: code "StoreError" for a
  /// record that cannot be read.
  Result<void> load() override;
  void stop() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::cloudtrail
