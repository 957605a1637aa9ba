#include "services/sns/access.h"

#include "cloud/access_table.h"
#include "cloud/policy_memo.h"
#include "models/sns.h"
#include "services/sns/core.h"
#include "services/sns/topic_attributes.h"

namespace signalbox::sns {
namespace {

constexpr std::string_view kTopic = "@TopicArn";
constexpr std::string_view kTagged = "@ResourceArn";

constexpr cloud::AccessRow kAccessRows[] = {
    {.operation = "AddPermission", .resource = kTopic},
    {.operation = "CheckIfPhoneNumberIsOptedOut"},
    {.operation = "ConfirmSubscription", .resource = kTopic},
    {.operation = "CreatePlatformApplication"},
    {.operation = "CreatePlatformEndpoint"},
    {.operation = "CreateTopic", .resource = "{Name}", .roles = "$created", .tagging = "sns:TagResource"},
    {.operation = "DeleteEndpoint"},
    {.operation = "DeletePlatformApplication"},
    {.operation = "DeleteTopic", .resource = kTopic},
    {.operation = "GetDataProtectionPolicy", .resource = kTagged},
    {.operation = "GetEndpointAttributes"},
    {.operation = "GetPlatformApplicationAttributes"},
    {.operation = "GetSMSAttributes"},
    {.operation = "GetSMSSandboxAccountStatus"},
    {.operation = "GetSubscriptionAttributes"},
    {.operation = "GetTopicAttributes", .resource = kTopic},
    {.operation = "ListEndpointsByPlatformApplication"},
    {.operation = "ListPhoneNumbersOptedOut"},
    {.operation = "ListPlatformApplications"},
    {.operation = "ListSubscriptions"},
    {.operation = "ListSubscriptionsByTopic", .resource = kTopic},
    {.operation = "ListTagsForResource", .resource = kTagged},
    {.operation = "ListTopics"},
    {.operation = "OptInPhoneNumber"},
    {.operation = "Publish", .resource = "@TopicArn|@TargetArn"},
    {.operation = "PublishBatch", .resource = kTopic, .action = "sns:Publish"},
    {.operation = "RemovePermission", .resource = kTopic},
    {.operation = "SetEndpointAttributes"},
    {.operation = "SetPlatformApplicationAttributes"},
    {.operation = "SetSMSAttributes"},
    {.operation = "SetSubscriptionAttributes"},
    {.operation = "SetTopicAttributes", .resource = kTopic, .roles = "$feedback"},
    {.operation = "Subscribe", .resource = kTopic, .keys = "sns:Protocol=Protocol sns:Endpoint=Endpoint"},
    {.operation = "TagResource", .resource = kTagged},
    {.operation = "Unsubscribe"},
    {.operation = "UntagResource", .resource = kTagged},
};

constexpr cloud::AccessTable kTable{.prefix = "sns", .rows = kAccessRows, .passed_to = "sns.amazonaws.com"};

/// The role of a topic's delivery status logging, where that is what is set.
std::optional<std::string> feedback_role(const cloud::Call&, const cloud::InputFields& input) {
  std::string value = input.text("AttributeValue");
  if (!input.text("AttributeName").ends_with("FeedbackRoleArn") || value.empty()) return std::nullopt;
  return value;
}

/// Those of a topic that is made with such attributes.
std::optional<std::string> created_roles(const cloud::Call&, const cloud::InputFields& input) {
  const auto& request = *static_cast<const models::sns::CreateTopicInput*>(input.value());
  std::string roles;
  for (const auto& [name, value] : request.attributes.value_or(Attributes())) {
    if (name.ends_with("FeedbackRoleArn")) roles.append(value).append(" ");
  }
  return roles;
}

std::string policy_of(const Topic& topic, const TopicState& state) {
  const auto found = state.record.attributes.find("Policy");
  return found == state.record.attributes.end() ? default_policy(topic.id) : found->second;
}

}  // namespace

void describe_access(const Core& core) {
  cloud::describe(core.house.authority, models::sns::kService, kTable,
                  {{"feedback", feedback_role}, {"created", created_roles}});
  const auto memo = std::make_shared<cloud::PolicyMemo>();
  core.house.authority.know("sns", [&core, memo](std::string arn) -> asio::awaitable<cloud::ResourceFacts> {
    cloud::ResourceFacts facts;
    const TopicPtr topic = core.topics.find_arn(arn);
    const auto state = topic ? topic->state() : nullptr;
    if (!state) co_return facts;
    facts.policy = memo->get(arn, policy_of(*topic, *state));
    facts.tags.assign(state->record.tags.begin(), state->record.tags.end());
    co_return facts;
  });
}

}  // namespace signalbox::sns
