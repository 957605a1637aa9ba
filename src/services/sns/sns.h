// Amazon SNS: topics, subscriptions, and the messages that go from the ones to the others.
#pragma once

#include <memory>

#include "cloud/services.h"
#include "services/sns/options.h"

namespace signalbox::sns {

struct Core;

class Sns final : public cloud::Service {
 public:
  Sns(const cloud::House& house, const Options& options);
  ~Sns() override;

  /// Reads topics and subscriptions. Errors: code "StoreError" for a record that cannot be read.
  Result<void> load() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::sns
