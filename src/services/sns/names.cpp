#include "services/sns/names.h"

#include <algorithm>

#include "models/sns.h"

namespace signalbox::sns {
namespace {

namespace errors = models::sns::errors;

constexpr std::size_t kMaxTopicName = 256;
constexpr std::size_t kUuid = 36;
constexpr std::ptrdiff_t kArnElements = 6;

std::ptrdiff_t elements_of(std::string_view arn) {
  return std::ranges::count(arn, ':') + 1;
}

std::unexpected<Error> too_short(const std::string& parameter, std::string_view arn) {
  return invalid(parameter, "An ARN must have at least 6 elements, not " + std::to_string(elements_of(arn)));
}

std::unexpected<Error> not_yours(const std::string& arn) {
  return fail(errors::kAuthorizationErrorException,
              "Not authorized: " + arn + " belongs to another account, which is not supported yet.");
}

}  // namespace

bool is_topic_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxTopicName) return false;
  if (name.ends_with(".fifo")) name.remove_suffix(5);
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::optional<TopicId> read_topic_arn(std::string_view text) {
  auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "sns" || arn->region.empty() || !cloud::is_account_id(arn->account) ||
      !is_topic_name(arn->resource)) {
    return std::nullopt;
  }
  return TopicId{arn->scope(), std::move(arn->resource)};
}

std::optional<SubscriptionId> read_subscription_arn(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.size() - colon - 1 != kUuid) return std::nullopt;
  auto topic = read_topic_arn(text.substr(0, colon));
  if (!topic) return std::nullopt;
  return SubscriptionId{*std::move(topic), std::string(text.substr(colon + 1))};
}

std::unexpected<Error> invalid(const std::string& what) {
  return fail(errors::kInvalidParameterException, "Invalid parameter: " + what);
}

std::unexpected<Error> invalid(const std::string& parameter, const std::string& reason) {
  return invalid(parameter + " Reason: " + reason);
}

std::unexpected<Error> not_found(std::string what) {
  return fail(errors::kNotFoundException, std::move(what));
}

std::unexpected<Error> no_such_topic() {
  return not_found("Topic does not exist");
}

std::unexpected<Error> no_such_subscription() {
  return not_found("Subscription does not exist");
}

std::unexpected<Error> not_supported_yet(const std::string& field, const std::string& why) {
  return invalid(field + ": not supported yet" + why + ".");
}

Result<TopicId> topic_of_request(const cloud::Scope& caller, std::string_view arn) {
  if (elements_of(arn) < kArnElements) return too_short("TopicArn", arn);
  auto id = read_topic_arn(arn);
  if (!id || id->scope.region != caller.region) return invalid("TopicArn");
  if (id->scope.account != caller.account) return not_yours(std::string(arn));
  return *std::move(id);
}

Result<SubscriptionId> subscription_of_request(const cloud::Scope& caller, std::string_view arn) {
  if (elements_of(arn) < kArnElements) return too_short("SubscriptionArn", arn);
  auto id = read_subscription_arn(arn);
  if (!id) return invalid("SubscriptionId");
  if (id->topic.scope.region != caller.region) return invalid("SubscriptionArn");
  if (id->topic.scope.account != caller.account) return not_yours(std::string(arn));
  return *std::move(id);
}

}  // namespace signalbox::sns
