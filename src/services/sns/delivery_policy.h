// Delivery policies of HTTP and HTTPS endpoints: how often and when to try again, how fast, and with which content type
// ("Creating an HTTP/S delivery policy", Amazon SNS Developer Guide).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cloud/event_target.h"

namespace signalbox::sns {

/// A part that is not set comes from the topic's policy, or else is AWS's default.
struct HttpPolicy {
  std::optional<cloud::RetryPhases> retries;
  std::optional<std::int64_t> max_receives_per_second;
  std::optional<std::string> content_type;
  bool overrides_disabled = false;  // of topics: their subscriptions' own policies do not count
};

/// Three retries, 20 seconds apart.
cloud::RetryPhases default_http_retries();
/// Of what customers manage (SMTP, SMS, mobile push): 50 attempts over 6 hours.
cloud::RetryPhases customer_managed_retries();
inline constexpr std::string_view kDefaultContentType = "text/plain; charset=UTF-8";

/// A topic's DeliveryPolicy attribute; "" sets nothing. Errors: InvalidParameter.
Result<HttpPolicy> read_topic_policy(std::string_view text);
/// A subscription's. Errors: InvalidParameter.
Result<HttpPolicy> read_subscription_policy(std::string_view text);

/// What holds for a subscription.
HttpPolicy effective(const HttpPolicy& topic, const HttpPolicy& subscription);

/// The attribute EffectiveDeliveryPolicy of topics, and of subscriptions.
std::string topic_policy_text(const HttpPolicy& policy);
std::string subscription_policy_text(const HttpPolicy& policy);

}  // namespace signalbox::sns
