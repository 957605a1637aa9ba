// Subscribers outside this server: what each protocol is sent, and how.
#pragma once

#include "cloud/deliveries.h"
#include "services/sns/core.h"
#include "services/sns/envelope.h"
#include "services/sns/errand.h"
#include "services/sns/message.h"
#include "services/sns/platform.h"

namespace signalbox::sns {

/// The notification of a message for a subscription.
cloud::EventDelivery to_outside(const Core& core, const Message& message, const Subscription& subscription,
                                const TopicState& topic, Envelopes& envelopes);
/// What asks an endpoint to confirm. After Signer::prepare().
cloud::EventDelivery confirmation(const Core& core, const Subscription& subscription, const TopicState& topic);
/// What tells an endpoint that its subscription has ended, and how to have it back. Only of HTTP and HTTPS.
cloud::EventDelivery goodbye(const Core& core, const Subscription& subscription, const TopicState& topic);

/// Where all of them wait for their turn.
class SubscriberTarget final : public cloud::OutsideTarget {
 public:
  explicit SubscriberTarget(Core& core) : OutsideTarget(core.house.deliveries), core_(core) {}

  /// Refuses: nobody but topics delivers to subscriptions.
  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override;
  asio::awaitable<cloud::Attempt> attempt(std::string target, const cloud::Delivery& delivery,
                                          cloud::Shard& shard) override;
  void ended(const std::string& target, const cloud::Delivery& delivery, bool delivered) override;
  /// The throttle policy of the subscription.
  std::int64_t rate(const std::string& target) const override;

 private:
  /// Whether somebody still waits for it.
  bool is_wanted(const std::string& target, const Errand& errand) const;
  SubscriptionPtr subscription_of(const std::string& target) const;
  asio::awaitable<cloud::Attempt> attempt_sms(const std::string& target, const Errand& errand,
                                              const std::string& message, cloud::Shard& shard);
  asio::awaitable<cloud::Attempt> attempt_push(const Errand& errand, const std::string& message, cloud::Shard& shard);

  Core& core_;
};

/// A message for a phone number or a device that no topic is asked about: its line, and what stands in it.
struct Direct {
  std::string lane;
  cloud::EventDelivery delivery;
};
/// Errors: none; the number was read by read_phone_number.
Direct to_phone(const cloud::Scope& scope, const std::string& number, const Message& message);
Direct to_device(const EndpointId& device, const Message& message);

// E-mail (outside_mail.cpp).
/// Where a browser confirms, or ends, a subscription.
std::string confirm_page(const std::string& url, const Subscription& subscription);
std::string unsubscribe_page(const std::string& url, const Subscription& subscription);
/// Fills the headers of the mail that brings a message, and adds to its body what stands below.
void write_mail(Errand& errand, std::string& body, const Message& message, const Subscription& subscription,
                const TopicState& topic, const std::string& url);
/// The same of the mail that asks for confirmation; `body` is that of email-json, and replaced for email.
void write_confirmation_mail(Errand& errand, std::string& body, const Subscription& subscription,
                             const TopicState& topic, const std::string& id, const std::string& url);
asio::awaitable<cloud::Attempt> attempt_mail(mail::Sender& sender, const std::string& from, Time now,
                                             const Errand& errand, std::string body);

// SMS and push (outside_gateways.cpp).
using Fields = std::map<std::string, std::string, std::less<>>;
/// The body of a request to a gateway: a JSON object of texts.
std::string gateway_request(const Fields& fields);
struct GatewayAnswer {
  cloud::Attempt attempt;
  bool gone = false;  // the gateway says that the number, or device, takes no messages any more (410)
};
asio::awaitable<GatewayAnswer> ask_gateway(http::Client& client, std::string url, std::string body);

/// Sends one HTTP notification.
asio::awaitable<cloud::Attempt> attempt_http(http::Client& client, const Errand& errand, std::string body);

}  // namespace signalbox::sns
