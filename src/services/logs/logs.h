// Amazon CloudWatch Logs: log groups and streams, events in and out, filters, retention.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::logs {

struct Core;
class Queries;

class Logs final : public cloud::Service {
 public:
  explicit Logs(const cloud::House& house);
  ~Logs() override;
  Result<void> load() override;
  void stop() override;

 private:
  std::unique_ptr<Core> core_;
  std::unique_ptr<Queries> queries_;
};

}  // namespace signalbox::logs
