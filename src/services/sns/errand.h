// One notification on its way to an endpoint outside: what the delivery engine keeps of it (cloud/deliveries.h).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cloud/deliveries.h"
#include "services/sns/subscription.h"

namespace signalbox::sns {

/// The kind of such deliveries among event targets. Their targets, one a subscription, phone number or platform
/// endpoint, are named "arn:aws:sns-delivery:REGION:ACCOUNT:WHAT".
inline constexpr const char* kDeliveryKind = "sns-delivery";

using Headers = std::map<std::string, std::string, std::less<>>;

struct Errand {
  /// A direct one has no subscription: Publish named a phone number or a platform endpoint.
  enum class Purpose { kNotification, kConfirmation, kGoodbye, kDirect };
  Purpose purpose = Purpose::kNotification;
  std::string protocol;
  std::string endpoint;  // URL, address, phone number
  Headers headers;       // of HTTP requests and of mail
};

/// The name under which what goes to a subscription stands in line.
std::string lane_of(const SubscriptionId& id);
/// The subscription of a lane; empty optional where it is another's.
std::optional<SubscriptionId> subscription_of_lane(const std::string& lane);

/// How an errand is kept with its delivery, and read back.
std::shared_ptr<const cloud::HttpParameters> pack(const Errand& errand);
Errand unpack(const cloud::HttpParameters& kept);

}  // namespace signalbox::sns
