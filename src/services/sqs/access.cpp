#include "services/sqs/access.h"

#include "base/encoding.h"
#include "cloud/access_table.h"
#include "cloud/policy_memo.h"
#include "models/sqs.h"
#include "services/sqs/sqs.h"

namespace signalbox::sqs {
namespace {

/// "Cross-account permissions don't apply to the following actions" (Amazon SQS Developer Guide): those of the owner
/// alone.
constexpr cloud::AccessRow kRows[] = {
    {.operation = "AddPermission", .resource = "$queue", .own_account = true},
    {.operation = "CancelMessageMoveTask", .resource = "$task", .own_account = true},
    {.operation = "ChangeMessageVisibility", .resource = "$queue"},
    {.operation = "ChangeMessageVisibilityBatch", .resource = "$queue", .action = "sqs:ChangeMessageVisibility"},
    {.operation = "CreateQueue", .resource = "{QueueName}", .tagging = "sqs:TagQueue"},
    {.operation = "DeleteMessage", .resource = "$queue"},
    {.operation = "DeleteMessageBatch", .resource = "$queue", .action = "sqs:DeleteMessage"},
    {.operation = "DeleteQueue", .resource = "$queue", .own_account = true},
    {.operation = "GetQueueAttributes", .resource = "$queue"},
    {.operation = "GetQueueUrl", .resource = "$named"},
    {.operation = "ListDeadLetterSourceQueues", .resource = "$queue"},
    {.operation = "ListMessageMoveTasks", .resource = "@SourceArn", .own_account = true},
    {.operation = "ListQueueTags", .resource = "$queue", .own_account = true},
    {.operation = "ListQueues"},
    {.operation = "PurgeQueue", .resource = "$queue"},
    {.operation = "ReceiveMessage", .resource = "$queue"},
    {.operation = "RemovePermission", .resource = "$queue", .own_account = true},
    {.operation = "SendMessage", .resource = "$queue"},
    {.operation = "SendMessageBatch", .resource = "$queue", .action = "sqs:SendMessage"},
    {.operation = "SetQueueAttributes", .resource = "$queue", .own_account = true},
    {.operation = "StartMessageMoveTask",
     .resource = "@SourceArn",
     .action = "sqs:StartMessageMoveTask sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes",
     .own_account = true},
    {.operation = "TagQueue", .resource = "$queue", .own_account = true},
    {.operation = "UntagQueue", .resource = "$queue", .own_account = true},
};

constexpr cloud::AccessTable kTable{.prefix = "sqs", .rows = kRows};

/// Account and name are the last two parts of a queue's URL; a name alone is the caller's own queue's.
std::optional<std::string> queue_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const std::string url = input.text("QueueUrl");
  if (url.empty()) return std::nullopt;
  cloud::Scope scope = call.scope;
  const auto last = url.rfind('/');
  const std::string name = last == std::string::npos ? url : url.substr(last + 1);
  if (last != std::string::npos && last > 0) {
    const auto before = url.rfind('/', last - 1);
    const std::string account = url.substr(before + 1, last - before - 1);
    if (cloud::is_account_id(account)) scope.account = account;
  }
  return cloud::make_arn("sqs", scope, name);
}

std::optional<std::string> named_queue_arn(const cloud::Call& call, const cloud::InputFields& input) {
  cloud::Scope scope = call.scope;
  const std::string owner = input.text("QueueOwnerAWSAccountId");
  if (!owner.empty()) scope.account = owner;
  return cloud::make_arn("sqs", scope, input.text("QueueName"));
}

/// The source of a task that moves messages: its handle says it, and is refused where that is not so.
std::optional<std::string> task_queue_arn(const cloud::Call&, const cloud::InputFields& input) {
  const auto text = from_base64(input.text("TaskHandle"));
  json::Document document;
  const auto handle = document.parse(text ? std::string_view(*text) : "");
  const auto source = handle && handle->is_object() ? handle->find("sourceArn") : std::nullopt;
  if (!source || !source->is_string()) return std::nullopt;
  return source->as_string();
}

}  // namespace

void describe_access(const cloud::House& house, const Sqs& sqs) {
  cloud::describe(house.authority, models::sqs::kService, kTable,
                  {{"queue", queue_arn}, {"named", named_queue_arn}, {"task", task_queue_arn}});
  const auto memo = std::make_shared<cloud::PolicyMemo>();
  house.authority.know("sqs", [&sqs, memo](std::string arn) -> asio::awaitable<cloud::ResourceFacts> {
    cloud::ResourceFacts facts;
    const QueuePointer queue = sqs.find_arn(arn);
    if (!queue) co_return facts;
    co_await cloud::on(queue->owner, [&]() -> asio::awaitable<void> {
      const auto policy = queue->attributes.find("Policy");
      if (policy != queue->attributes.end()) facts.policy = memo->get(arn, policy->second);
      facts.tags.assign(queue->tags.begin(), queue->tags.end());
      co_return;
    });
    co_return facts;
  });
}

}  // namespace signalbox::sqs
