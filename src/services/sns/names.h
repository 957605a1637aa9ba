// What topics and subscriptions are called.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cloud/scope.h"

namespace signalbox::sns {

struct TopicId {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const TopicId&) const = default;
  std::string arn() const { return cloud::make_arn("sns", scope, name); }
  bool fifo() const { return name.ends_with(".fifo"); }
};

struct SubscriptionId {
  TopicId topic;
  std::string id;  // a UUID
  auto operator<=>(const SubscriptionId&) const = default;
  std::string arn() const { return topic.arn() + ":" + id; }
};

/// Whether a topic may be called that: 1 to 256 letters, digits, '-' and '_', of which a FIFO topic's last are ".fifo".
bool is_topic_name(std::string_view name);

/// Empty optional for what is no topic's ARN.
std::optional<TopicId> read_topic_arn(std::string_view arn);
/// Empty optional for what is no subscription's ARN.
std::optional<SubscriptionId> read_subscription_arn(std::string_view arn);

/// "Invalid parameter: ..."
std::unexpected<Error> invalid(const std::string& what);
/// "Invalid parameter: PARAMETER Reason: ..."
std::unexpected<Error> invalid(const std::string& parameter, const std::string& reason);
std::unexpected<Error> not_found(std::string what);
std::unexpected<Error> no_such_topic();
std::unexpected<Error> no_such_subscription();
/// For a field that does nothing here. Names it.
std::unexpected<Error> not_supported_yet(const std::string& field, const std::string& why = "");

/// The topic that a request names. Errors: InvalidParameter for what is no topic's ARN or one of another Region,
/// AuthorizationError for one of another account.
Result<TopicId> topic_of_request(const cloud::Scope& caller, std::string_view arn);
/// The same for subscriptions.
Result<SubscriptionId> subscription_of_request(const cloud::Scope& caller, std::string_view arn);

}  // namespace signalbox::sns
