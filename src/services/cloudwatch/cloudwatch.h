// Amazon CloudWatch: metrics and alarms.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::cloudwatch {

struct Core;

class CloudWatch final : public cloud::Service {
 public:
  /// From then on the house's measures are kept.
  explicit CloudWatch(const cloud::House& house);
  ~CloudWatch() override;

  Result<void> load() override;
  void drain() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::cloudwatch
