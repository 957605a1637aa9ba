#include "services/sns/outside.h"

#include <algorithm>

namespace signalbox::sns {
namespace {

using Outcome = cloud::Attempt::Outcome;
using Purpose = Errand::Purpose;

/// Longer than any delivery policy's retries take.
constexpr auto kMaxAge = std::chrono::hours(24 * 30);

std::shared_ptr<const cloud::DeliveryPolicy> policy_of(const Subscription& subscription, const TopicState& topic) {
  auto policy = std::make_shared<cloud::DeliveryPolicy>();
  policy->source = subscription.id.topic.arn();
  policy->dead_letter_queue = subscription.dead_letter_queue;
  policy->target = subscription.arn;
  policy->phases = subscription.record.protocol.starts_with("http")
                       ? effective(topic.settings.http, subscription.http).retries.value_or(default_http_retries())
                       : customer_managed_retries();
  policy->max_retries = policy->phases.retries();
  policy->max_age = kMaxAge;
  return policy;
}

Headers http_headers(const Subscription& subscription, const TopicState& topic, std::string_view type,
                     const std::string& message_id) {
  const HttpPolicy policy = effective(topic.settings.http, subscription.http);
  Headers headers = {{"Content-Type", policy.content_type.value_or(std::string(kDefaultContentType))},
                     {"User-Agent", "Amazon Simple Notification Service Agent"},
                     {"Accept-Encoding", "gzip,deflate"},
                     {"x-amz-sns-message-type", std::string(type)},
                     {"x-amz-sns-message-id", message_id},
                     {"x-amz-sns-topic-arn", subscription.id.topic.arn()}};
  if (!subscription.pending()) headers["x-amz-sns-subscription-arn"] = subscription.arn;
  return headers;
}

/// What a gateway is told of a message beside its text.
Headers fields_of(const Message& message) {
  Headers fields = {{"messageId", message.id}};
  if (!message.attributes) return fields;
  constexpr std::pair<std::string_view, const char*> kFields[] = {
      {"AWS.SNS.SMS.SenderID", "senderId"}, {"AWS.SNS.SMS.SMSType", "smsType"},
      {"AWS.SNS.SMS.MaxPrice", "maxPrice"}, {"AWS.MM.SMS.OriginationNumber", "originationNumber"},
      {"AWS.MM.SMS.EntityId", "entityId"},  {"AWS.MM.SMS.TemplateId", "templateId"}};
  for (const auto& [name, attribute] : *message.attributes) {
    const auto* const known = std::ranges::find(kFields, name, &std::pair<std::string_view, const char*>::first);
    if (known != std::end(kFields)) {
      fields[known->second] = attribute.value;
    } else if (name.starts_with("AWS.SNS.MOBILE.")) {
      fields[name] = attribute.value;
    }
  }
  return fields;
}

std::shared_ptr<const cloud::DeliveryPolicy> direct_policy(const cloud::Scope& scope) {
  auto policy = std::make_shared<cloud::DeliveryPolicy>();
  policy->source = cloud::make_arn("sns", scope, "direct-publish");
  policy->phases = customer_managed_retries();
  policy->max_retries = policy->phases.retries();
  policy->max_age = kMaxAge;
  return policy;
}

cloud::EventDelivery delivery_of(std::string payload, Errand errand, const Subscription& subscription,
                                 const TopicState& topic) {
  cloud::EventDelivery delivery{std::move(payload), "", ""};
  errand.protocol = subscription.record.protocol;
  errand.endpoint = subscription.record.endpoint;
  delivery.policy = policy_of(subscription, topic);
  delivery.http = pack(errand);
  return delivery;
}

}  // namespace

cloud::EventDelivery to_outside(const Core& core, const Message& message, const Subscription& subscription,
                                const TopicState& topic, Envelopes& envelopes) {
  const std::string& protocol = subscription.record.protocol;
  Errand errand;
  std::string payload;
  if (protocol.starts_with("http")) {
    errand.headers = http_headers(subscription, topic, "Notification", message.id);
    if (subscription.raw) errand.headers["x-amz-sns-rawdelivery"] = "true";
    payload = subscription.raw ? message.text_for(protocol) : envelopes.for_subscription(subscription);
  } else if (protocol.starts_with("email")) {
    payload = protocol == "email" ? message.text_for(protocol) : envelopes.for_subscription(subscription);
    write_mail(errand, payload, message, subscription, topic, core.house.site.url());
  } else {
    errand.headers = fields_of(message);
    errand.headers["topicArn"] = subscription.id.topic.arn();
    errand.headers["subscriptionArn"] = subscription.arn;
    const auto device = read_endpoint_arn(subscription.record.endpoint);
    payload = message.text_for(device ? device->application.platform : protocol);
  }
  return delivery_of(std::move(payload), std::move(errand), subscription, topic);
}

Direct to_phone(const cloud::Scope& scope, const std::string& number, const Message& message) {
  Direct direct{cloud::make_arn(kDeliveryKind, scope, "sms/" + number), {message.text_for("sms"), "", ""}};
  direct.delivery.http = pack({Purpose::kDirect, "sms", number, fields_of(message)});
  direct.delivery.policy = direct_policy(scope);
  return direct;
}

Direct to_device(const EndpointId& device, const Message& message) {
  const ApplicationId& application = device.application;
  Direct direct{cloud::make_arn(kDeliveryKind, application.scope,
                                "endpoint/" + application.platform + "/" + application.name + "/" + device.id),
                {message.text_for(application.platform), "", ""}};
  direct.delivery.http = pack({Purpose::kDirect, "application", device.arn(), fields_of(message)});
  direct.delivery.policy = direct_policy(application.scope);
  return direct;
}

cloud::EventDelivery confirmation(const Core& core, const Subscription& subscription, const TopicState& topic) {
  const std::string id = core.house.random.uuid();
  const std::string& url = core.house.site.url();
  Errand errand{Purpose::kConfirmation, "", "", {}};
  std::string payload = confirmation_text(subscription, ConfirmationKind::kSubscribe, id, core.house.clock.now(),
                                          topic.settings.signature_version, core.signer, url);
  if (subscription.record.protocol.starts_with("email")) {
    write_confirmation_mail(errand, payload, subscription, topic, id, url);
  } else {
    errand.headers = http_headers(subscription, topic, "SubscriptionConfirmation", id);
  }
  return delivery_of(std::move(payload), std::move(errand), subscription, topic);
}

cloud::EventDelivery goodbye(const Core& core, const Subscription& subscription, const TopicState& topic) {
  const std::string id = core.house.random.uuid();
  Errand errand{Purpose::kGoodbye, "", "", http_headers(subscription, topic, "UnsubscribeConfirmation", id)};
  std::string payload = confirmation_text(subscription, ConfirmationKind::kUnsubscribe, id, core.house.clock.now(),
                                          topic.settings.signature_version, core.signer, core.house.site.url());
  return delivery_of(std::move(payload), std::move(errand), subscription, topic);
}

Result<void> SubscriberTarget::check(const cloud::Arn& target, const cloud::TargetParameters&) const {
  return fail("ValidationException", "Only topics deliver to " + target.text() + ".");
}

namespace {

std::string message_id_of(const Errand& errand) {
  for (const char* name : {"x-amz-sns-message-id", "Message-ID", "messageId"}) {
    const auto found = errand.headers.find(name);
    if (found != errand.headers.end()) return found->second;
  }
  return "";
}

}  // namespace

SubscriptionPtr SubscriberTarget::subscription_of(const std::string& target) const {
  const auto id = subscription_of_lane(target);
  const TopicPtr topic = id ? core_.topics.find(id->topic) : nullptr;
  return topic ? topic->find(id->id) : nullptr;
}

std::int64_t SubscriberTarget::rate(const std::string& target) const {
  const SubscriptionPtr subscription = subscription_of(target);
  if (!subscription) return 0;
  const TopicPtr topic = core_.topics.find(subscription->id.topic);
  const auto state = topic ? topic->state() : nullptr;
  return state ? effective(state->settings.http, subscription->http).max_receives_per_second.value_or(0) : 0;
}

void SubscriberTarget::ended(const std::string&, const cloud::Delivery& delivery, bool delivered) {
  if (unpack(delivery.http).purpose != Purpose::kNotification) return;
  const TopicPtr topic = core_.topics.find_arn(delivery.policy.source);
  if (!topic) return;
  const Errand errand = unpack(delivery.http);
  log_status(core_, *topic, errand.protocol,
             {{message_id_of(errand), delivery.payload, errand.endpoint, delivered,
               delivered ? delivery.attempts : delivery.attempts + 1, delivery.begun, delivery.last_message}});
  TopicMeasures& measures = topic->measures(core_.house.measures);
  (delivered ? measures.delivered : measures.failed)->add(1);
  if (!delivered && !delivery.policy.dead_letter_queue.empty()) measures.redriven->add(1);
}

bool SubscriberTarget::is_wanted(const std::string& target, const Errand& errand) const {
  if (errand.purpose == Purpose::kGoodbye || errand.purpose == Purpose::kDirect) return true;
  const SubscriptionPtr subscription = subscription_of(target);
  return subscription && (errand.purpose == Purpose::kNotification || subscription->pending());
}

asio::awaitable<cloud::Attempt> SubscriberTarget::attempt(std::string target, const cloud::Delivery& delivery,
                                                          cloud::Shard& shard) {
  const Errand errand = unpack(delivery.http);
  // What is for a subscription that has ended, or asks one that has confirmed, is done with.
  if (!is_wanted(target, errand)) co_return cloud::Attempt{};
  if (errand.protocol == "http" || errand.protocol == "https") {
    cloud::Attempt done = co_await attempt_http(core_.house.clients.of(shard), errand, delivery.payload);
    co_return done;
  }
  if (errand.protocol.starts_with("email") && core_.options.mail != nullptr) {
    cloud::Attempt done = co_await attempt_mail(*core_.options.mail, core_.options.mail_from, core_.house.clock.now(),
                                                errand, delivery.payload);
    co_return done;
  }
  if (errand.protocol == "sms" && !core_.options.sms_gateway.empty()) {
    cloud::Attempt done = co_await attempt_sms(target, errand, delivery.payload, shard);
    co_return done;
  }
  if (errand.protocol == "application" && !core_.options.push_gateway.empty()) {
    cloud::Attempt done = co_await attempt_push(errand, delivery.payload, shard);
    co_return done;
  }
  // The server was started without what it was subscribed with; it may be again with it.
  co_return cloud::Attempt{Outcome::kRetry, "SDK_CLIENT_ERROR", "There is no way to " + errand.protocol + " now."};
}

asio::awaitable<cloud::Attempt> SubscriberTarget::attempt_sms(const std::string& target, const Errand& errand,
                                                              const std::string& message, cloud::Shard& shard) {
  const cloud::Scope scope = cloud::Arn::parse(target)->scope();
  const std::string number = read_phone_number(errand.endpoint).value_or(errand.endpoint);
  const auto out = is_opted_out(core_, scope, number);
  if (!out) co_return cloud::Attempt{Outcome::kRetry, "INTERNAL_ERROR", out.error().message};
  if (*out) co_return cloud::Attempt{Outcome::kFailed, "NO_PERMISSIONS", "The phone number is opted out."};
  Fields fields = errand.headers;
  const auto standard = sms_attributes(core_, scope);
  if (!standard) co_return cloud::Attempt{Outcome::kRetry, "INTERNAL_ERROR", standard.error().message};
  if (const auto sender = standard->find("DefaultSenderID"); sender != standard->end()) {
    fields.try_emplace("senderId", sender->second);
  }
  const auto type = standard->find("DefaultSMSType");
  fields.try_emplace("smsType", type == standard->end() ? "Promotional" : type->second);
  fields["phoneNumber"] = number;
  fields["message"] = message;
  fields["account"] = scope.account;
  fields["region"] = scope.region;
  GatewayAnswer answer =
      co_await ask_gateway(core_.house.clients.of(shard), core_.options.sms_gateway, gateway_request(fields));
  if (answer.gone) {
    const Result<void> noted = co_await set_opted_out(core_, scope, number, true);
    if (!noted) co_return cloud::Attempt{Outcome::kRetry, "INTERNAL_ERROR", noted.error().message};
  }
  co_return std::move(answer.attempt);
}

asio::awaitable<cloud::Attempt> SubscriberTarget::attempt_push(const Errand& errand, const std::string& message,
                                                               cloud::Shard& shard) {
  const auto id = read_endpoint_arn(errand.endpoint);
  if (!id) co_return cloud::Attempt{Outcome::kFailed, "INVALID_PARAMETER", "The endpoint is none."};
  const Platforms platforms(core_);
  const auto device = platforms.endpoint(*id);
  const auto application = platforms.application(id->application);
  if (!device || !application)
    co_return cloud::Attempt{Outcome::kRetry, "INTERNAL_ERROR", "The endpoint cannot be read."};
  if (!*device || !*application) co_return cloud::Attempt{Outcome::kFailed, "NO_RESOURCE", "Endpoint does not exist"};
  const auto enabled = [](const Attributes& attributes) {
    const auto found = attributes.find("Enabled");
    return found == attributes.end() || found->second == "true";
  };
  if (!enabled(**device) || !enabled((*application)->attributes)) {
    co_return cloud::Attempt{Outcome::kFailed, "NO_PERMISSIONS", "Endpoint is disabled"};
  }
  Fields fields = errand.headers;
  fields["message"] = message;
  fields["platform"] = id->application.platform;
  fields["applicationArn"] = id->application.arn();
  fields["endpointArn"] = errand.endpoint;
  fields["token"] = (*device)->at("Token");
  if (const auto data = (*device)->find("CustomUserData"); data != (*device)->end())
    fields["customUserData"] = data->second;
  fields["platformPrincipal"] = (*application)->principal;
  fields["platformCredential"] = (*application)->credential;
  GatewayAnswer answer =
      co_await ask_gateway(core_.house.clients.of(shard), core_.options.push_gateway, gateway_request(fields));
  if (answer.gone) co_await disable(core_, *id);
  co_return std::move(answer.attempt);
}

}  // namespace signalbox::sns
