// A subscription, ready to be delivered to.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cloud/event_target.h"
#include "services/sns/archive.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/filter_policy.h"
#include "services/sns/records.h"

namespace signalbox::sns {

/// Immutable: a change makes a new one.
struct Subscription {
  SubscriptionId id;
  std::string arn;
  SubscriptionRecord record;
  bool raw = false;
  FilterScope scope = FilterScope::kAttributes;
  std::optional<pattern::Pattern> filter;
  HttpPolicy http;
  std::string dead_letter_queue;  // ARN; "" for none
  std::optional<ReplayPolicy> replay;

  /// Whether endpoints of its kind come to be known as `PendingConfirmation` first.
  bool pending() const { return !record.confirmed; }
};
using SubscriptionPtr = std::shared_ptr<const Subscription>;

/// Reads and checks the record's attributes. Errors: InvalidParameter with AWS's texts.
Result<SubscriptionPtr> compile(SubscriptionId id, SubscriptionRecord record);

/// Takes attribute `name` in; a value that stands for none removes it. Errors: InvalidParameter for what cannot be set.
Result<void> set_attribute(SubscriptionRecord& record, const std::string& name, const std::string& value);

}  // namespace signalbox::sns
