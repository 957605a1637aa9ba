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
    {.operation = "TagQueue", .resource = "$queue", .own_account = true},
    {.operation = "UntagQueue", .resource = "$queue", .own_account = true},
};

constexpr cloud::AccessTable kTable{.prefix = "sqs", .rows = kRows};

std::optional<std::string> queue_arn(const cloud::Call& call, const cloud::InputFields& input) {
  const auto name = queue_of_url(call.scope, input.text("QueueUrl"));
  return name ? std::optional(name->arn()) : std::nullopt;
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

/// Takes from one queue and sends to another, or to all those whose dead letters the first one has ("Configuring
/// queue permissions" of dead-letter queue redrives in the Amazon SQS Developer Guide).
asio::awaitable<Result<cloud::Accesses>> of_start_move(const cloud::Authority& authority, const Sqs& sqs,
                                                       const wire::AnyStructure& in) {
  const auto& request = in.as<models::sqs::StartMessageMoveTaskRequest>();
  cloud::Accesses accesses;
  for (const char* action :
       {"sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}) {
    accesses.push_back({action, *request.source_arn, ""});
  }
  std::vector<std::string> destinations;
  if (request.destination_arn) {
    destinations.push_back(*request.destination_arn);
  } else if (const QueuePointer source = sqs.find_arn(*request.source_arn)) {
    destinations = co_await sqs.sources_of(*source);
  }
  for (const std::string& destination : destinations) accesses.push_back({"sqs:SendMessage", destination, ""});
  for (cloud::Access& access : accesses) {
    cloud::ResourceFacts facts = co_await authority.facts(access.resource);
    // Of the source only the owner may take it all.
    if (access.action == "sqs:SendMessage") access.policy = std::move(facts.policy);
    cloud::add_resource_tags(facts, access.keys);
  }
  co_return accesses;
}

}  // namespace

void describe_access(const cloud::House& house, const Sqs& sqs) {
  cloud::describe(house.authority, models::sqs::kService, kTable,
                  {{"queue", queue_arn}, {"named", named_queue_arn}, {"task", task_queue_arn}});
  house.authority.describe(models::sqs::kStartMessageMoveTask,
                           [&authority = house.authority, &sqs](const cloud::Call&, const wire::AnyStructure& input) {
                             return of_start_move(authority, sqs, input);
                           });
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
