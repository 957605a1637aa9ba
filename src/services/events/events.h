// Amazon EventBridge (CloudWatch Events): event buses, rules, targets, PutEvents.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::events {

struct Core;

struct Options {
  /// The events of API calls reach every rule and archive whose pattern they match, as with a trail on AWS; else those
  /// only whose pattern asks for such events by source, detail-type or the call's name.
  bool api_calls_to_all_rules = false;
};

class Events final : public cloud::Service {
 public:
  explicit Events(const cloud::House& house, const Options& options = {});
  ~Events() override;

  /// Reads buses, rules and targets. The kinds of targets must be known by now: construct all services first.
  /// Errors: code "StoreError" for a record that cannot be read.
  Result<void> load() override;
  void drain() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::events
