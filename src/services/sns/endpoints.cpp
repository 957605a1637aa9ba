#include "services/sns/endpoints.h"

#include <algorithm>

#include "cloud/scope.h"
#include "mail/letter.h"
#include "models/sns.h"
#include "services/sns/http_endpoint.h"
#include "services/sns/platform.h"

namespace signalbox::sns {
namespace {

constexpr std::string_view kProtocols[] = {"http", "https",       "email",  "email-json", "sms",
                                           "sqs",  "application", "lambda", "firehose"};
constexpr std::size_t kMaxEndpoint = 2048;

Result<void> check_queue(const TopicId& topic, const std::string& endpoint) {
  const auto arn = cloud::Arn::parse(endpoint);
  if (!arn || arn->service != "sqs" || arn->region.empty() || !cloud::is_account_id(arn->account) ||
      arn->resource.empty()) {
    return invalid("SQS endpoint ARN");
  }
  if (arn->account != topic.scope.account) return not_supported_yet("Endpoint", " in another account: " + endpoint);
  if (arn->resource.ends_with(".fifo") && !topic.fifo()) {
    return invalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics");
  }
  return {};
}

Result<void> check_function(const Core& core, const TopicId& topic, const std::string& endpoint) {
  const auto arn = cloud::Arn::parse(endpoint);
  if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:"))
    return invalid("Lambda endpoint ARN");
  if (arn->account != topic.scope.account) return not_supported_yet("Endpoint", " in another account: " + endpoint);
  if (core.house.event_targets.find(*arn) == nullptr) return not_supported_yet("Protocol lambda");
  return {};
}

Result<void> check_url(const std::string& protocol, const std::string& endpoint) {
  if (!endpoint.starts_with(protocol + "://")) return invalid("Endpoint must match the specified protocol");
  if (HttpEndpoint::parse(endpoint)) return {};
  return invalid("Endpoint", "The URL is not valid");
}

std::unexpected<Error> no_way(const std::string& protocol, const std::string& what) {
  return invalid("Protocol " + protocol + ": this server has no " + what);
}

Result<void> check_address(const Core& core, const std::string& protocol, const std::string& endpoint) {
  if (!mail::is_address(endpoint)) return invalid("Email address");
  if (core.options.mail == nullptr) return no_way(protocol, "SMTP server (--smtp)");
  return {};
}

Result<void> check_number(const Core& core, const std::string& endpoint) {
  // As AWS says it: without the words that its other errors begin with.
  if (!is_sms_endpoint(endpoint)) {
    return fail(models::sns::errors::kInvalidParameterException, "Invalid SMS endpoint: " + endpoint);
  }
  if (core.options.sms_gateway.empty()) return no_way("sms", "SMS gateway (--sns-sms-gateway)");
  return {};
}

Result<void> check_device(const Core& core, const TopicId& topic, const std::string& endpoint) {
  if (core.options.push_gateway.empty()) return no_way("application", "push gateway (--sns-push-gateway)");
  const auto id = read_endpoint_arn(endpoint);
  if (!id || id->application.scope != topic.scope) return invalid("Application endpoint arn invalid: " + endpoint);
  const auto device = Platforms(core).endpoint(*id);
  if (!device) return std::unexpected(device.error());
  if (*device) return {};
  return invalid("Endpoint", "Endpoint does not exist for endpoint arn " + endpoint);
}

}  // namespace

Result<void> check_endpoint(const Core& core, const TopicId& topic, const std::string& protocol,
                            const std::string& endpoint) {
  if (std::ranges::count(kProtocols, std::string_view(protocol)) == 0) {
    return invalid("Amazon SNS does not support this protocol string: " + protocol);
  }
  if (endpoint.empty() || endpoint.size() > kMaxEndpoint) return invalid("Endpoint");
  if (protocol == "sqs") return check_queue(topic, endpoint);
  if (topic.fifo()) {
    return invalid("Invalid protocol type: " + protocol);
  }
  if (protocol == "http" || protocol == "https") return check_url(protocol, endpoint);
  if (protocol.starts_with("email")) return check_address(core, protocol, endpoint);
  if (protocol == "sms") return check_number(core, endpoint);
  if (protocol == "application") return check_device(core, topic, endpoint);
  if (protocol == "lambda") return check_function(core, topic, endpoint);
  return not_supported_yet("Protocol " + protocol);
}

bool must_confirm(const std::string& protocol) {
  return protocol == "http" || protocol == "https" || protocol.starts_with("email");
}

}  // namespace signalbox::sns
