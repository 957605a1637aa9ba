// Amazon EventBridge (CloudWatch Events): event buses, rules, targets, PutEvents.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::events {

struct Core;

class Events final : public cloud::Service {
 public:
  explicit Events(const cloud::House& house);
  ~Events() override;

  /// Reads buses, rules and targets. The kinds of targets must be known by now: construct all services first.
  /// Errors: code "StoreError" for a record that cannot be read.
  Result<void> load() override;
  void drain() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::events
