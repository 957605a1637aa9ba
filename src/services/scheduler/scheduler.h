// Amazon EventBridge Scheduler: schedules, once or again and again, that invoke a target.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::scheduler {

struct Core;

class Scheduler final : public cloud::Service {
 public:
  explicit Scheduler(const cloud::House& house);
  ~Scheduler() override;

  /// Reads groups and schedules and sets their alarms. The kinds of targets must be known by now: construct all
  /// services first. Errors: code "StoreError" for a record that cannot be read.
  Result<void> load() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::scheduler
