#include "services/sns/subscription.h"

#include <algorithm>

#include "json/json.h"

namespace signalbox::sns {
namespace {

constexpr std::string_view kAttributes[] = {"DeliveryPolicy",     "FilterPolicy",  "FilterPolicyScope",
                                            "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy"};

const std::string& text_of(const SubscriptionRecord& record, std::string_view name) {
  static const std::string kNone;
  const auto found = record.attributes.find(name);
  return found == record.attributes.end() ? kNone : found->second;
}

bool is_http(const std::string& protocol) {
  return protocol == "http" || protocol == "https";
}

Result<bool> read_raw(const SubscriptionRecord& record) {
  std::string text = text_of(record, "RawMessageDelivery");
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text.empty() || text == "false") return false;
  if (text != "true") {
    return invalid("RawMessageDelivery: Invalid value [" + text + "]. Must be true or false.");
  }
  if (record.protocol != "sqs" && !is_http(record.protocol) && record.protocol != "firehose") {
    return invalid("RawMessageDelivery",
                   "Delivery protocol [" + record.protocol + "] does not support raw message delivery.");
  }
  return true;
}

Result<FilterScope> read_scope(const SubscriptionRecord& record) {
  const std::string& text = text_of(record, "FilterPolicyScope");
  if (text.empty() || text == "MessageAttributes") return FilterScope::kAttributes;
  if (text == "MessageBody") return FilterScope::kBody;
  return invalid("FilterPolicyScope: Invalid value [" + text + "]. Please use either MessageBody or MessageAttributes");
}

/// "{"deadLetterTargetArn": ARN}" of a queue in the same account and Region, and of the topic's kind.
Result<std::string> read_redrive(const SubscriptionId& id, const SubscriptionRecord& record) {
  const std::string& text = text_of(record, "RedrivePolicy");
  if (text.empty()) return std::string();
  json::Document document;
  const auto root = document.parse(text);
  if (!root || !root->is_object()) return invalid("RedrivePolicy: failed to parse JSON.");
  const auto target = root->find("deadLetterTargetArn");
  if (!target || !target->is_string() || root->size() != 1) {
    return invalid("RedrivePolicy: deadLetterTargetArn must be there, and nothing else");
  }
  const auto arn = cloud::Arn::parse(target->as_string());
  if (!arn || arn->service != "sqs") return invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn");
  if (arn->scope() != id.topic.scope) {
    return invalid("RedrivePolicy: deadLetterTargetArn must be a queue in the same account and Region");
  }
  if (arn->resource.ends_with(".fifo") != id.topic.fifo()) {
    return invalid("RedrivePolicy: must use a " + std::string(id.topic.fifo() ? "FIFO" : "Standard") +
                   " queue as DLQ for a " + (id.topic.fifo() ? "FIFO" : "Standard") + " topic");
  }
  return arn->text();
}

}  // namespace

Result<SubscriptionPtr> compile(SubscriptionId id, SubscriptionRecord record) {
  auto made = std::make_shared<Subscription>();
  const auto raw = read_raw(record);
  if (!raw) return std::unexpected(raw.error());
  made->raw = *raw;
  const auto scope = read_scope(record);
  if (!scope) return std::unexpected(scope.error());
  made->scope = *scope;
  if (const std::string& filter = text_of(record, "FilterPolicy"); !filter.empty()) {
    auto compiled = compile_filter(filter, *scope);
    if (!compiled) return std::unexpected(std::move(compiled).error());
    made->filter = *std::move(compiled);
  }
  const std::string& policy = text_of(record, "DeliveryPolicy");
  if (!policy.empty() && !is_http(record.protocol)) {
    return invalid("DeliveryPolicy", "Delivery policies are for HTTP and HTTPS endpoints only");
  }
  auto http = read_subscription_policy(policy);
  if (!http) return std::unexpected(std::move(http).error());
  made->http = *std::move(http);
  auto queue = read_redrive(id, record);
  if (!queue) return std::unexpected(std::move(queue).error());
  made->dead_letter_queue = *std::move(queue);
  if (const std::string& replay = text_of(record, "ReplayPolicy"); !replay.empty()) {
    const auto policy_of_replay = read_replay_policy(replay);
    if (!policy_of_replay) return std::unexpected(policy_of_replay.error());
    made->replay = *policy_of_replay;
  }
  made->arn = id.arn();
  made->id = std::move(id);
  made->record = std::move(record);
  return made;
}

Result<void> set_attribute(SubscriptionRecord& record, const std::string& name, const std::string& value) {
  if (name == "SubscriptionRoleArn") return not_supported_yet(name, ": there are no Firehose subscriptions");
  if (std::ranges::count(kAttributes, std::string_view(name)) == 0) return invalid("AttributeName");
  // A filter policy is taken away by one without keys.
  const bool none = value.empty() || ((name == "FilterPolicy" || name == "ReplayPolicy") && value == "{}");
  if (none) {
    record.attributes.erase(name);
  } else {
    record.attributes[name] = value;
  }
  return {};
}

}  // namespace signalbox::sns
