#include "cloud/paging.h"
#include "models/logs.h"
#include "services/logs/ingest.h"
#include "services/logs/subscription.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

/// AWS's quota of subscription filters of a log group.
constexpr std::size_t kMaxSubscriptionFilters = 2;
constexpr std::int32_t kMaxSubscriptions = 50;

Result<Subscription> subscription_of(const Core& core, const Call& call,
                                     const m::PutSubscriptionFilterRequest& request) {
  if (request.apply_on_transformed_logs.value_or(false))
    return not_supported("applyOnTransformedLogs", "there are no transformers");
  if (request.field_selection_criteria) return not_supported("fieldSelectionCriteria", "it is not done yet");
  if (request.emit_system_fields) return not_supported("emitSystemFields", "it is not done yet");
  const std::string destination = request.destination_arn.value_or("");
  const auto arn = cloud::Arn::parse(destination);
  if (!arn) return invalid("Invalid destinationArn: " + destination + ".");
  const bool function = arn->service == "lambda";
  if ((arn->service != "kinesis" && !function) || core.house.event_targets.find(*arn) == nullptr) {
    return not_supported("destinationArn " + destination, "this server has no such kind of destination for log events");
  }
  if (arn->scope() != call.scope) {
    return not_supported("destinationArn " + destination, "it is of another account or Region");
  }
  if (function && request.role_arn) return invalid("destinationArn for vendor lambda cannot be used with roleArn");
  if (!function && !request.role_arn) {
    return invalid("destinationArn for vendor kinesis cannot be used without roleArn");
  }
  auto pattern = filter::Pattern::compile(request.filter_pattern.value_or(""));
  if (!pattern) return std::unexpected(std::move(pattern).error());
  Subscription made;
  made.pattern = *std::move(pattern);
  made.record.name = request.filter_name.value_or("");
  made.record.pattern = request.filter_pattern.value_or("");
  made.record.destination = destination;
  made.record.role = request.role_arn.value_or("");
  made.record.random = request.distribution == m::distribution::kRandom;
  made.record.created = millis_of(core.house.clock.now());
  return made;
}

/// A stream is sent a word; of a function it is only asked whether it may be run.
asio::awaitable<Result<void>> try_destination(Core& core, GroupPtr group, const Subscription& made, store::Batch& batch,
                                              cloud::Settlement& settlement) {
  const std::string& destination = made.record.destination;
  const auto arn = cloud::Arn::parse(destination);
  if (arn->service == "lambda") {
    const cloud::Invoker invoker{"logs.amazonaws.com", source_of(*group)};
    if (core.house.functions.may_invoke(destination, invoker)) co_return Result<void>();
    co_return invalid(
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
        "function.");
  }
  cloud::Outbox outbox(core.house, {.service = "logs.amazonaws.com"});
  outbox.add(core.house.event_targets.find(*arn), destination, control_message(core, *group, made), made.record.role);
  const auto failures = co_await outbox.append(batch, settlement);
  if (failures.empty()) co_return Result<void>();
  co_return invalid(
      "Could not deliver test message to specified Kinesis stream. Check if the given Kinesis stream is in ACTIVE "
      "state.");
}

/// Stores the filter and tries its destination, in one commit.
asio::awaitable<Result<void>> put_here(Core& core, GroupPtr group, Subscription made) {
  const auto turn = co_await group->turns.take();
  if (group->deleted) co_return no_such_group();
  const auto before = group->subscriptions.find(made.record.name);
  if (before == group->subscriptions.end() && group->subscriptions.size() >= kMaxSubscriptionFilters) {
    co_return fail("LimitExceededException", "Resource limit exceeded.");
  }
  if (before != group->subscriptions.end()) made.record.created = before->second.record.created;
  store::Batch batch;
  batch.put(subscription_key(group->id, made.record.name), store::encode(made.record));
  cloud::Settlement settlement;
  Result<void> tried = co_await try_destination(core, group, made, batch, settlement);
  if (!tried) co_return tried;
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  settlement.settle(done.has_value());
  std::string name = made.record.name;
  if (done) group->subscriptions.insert_or_assign(std::move(name), std::move(made));
  co_return done;
}

asio::awaitable<Result<m::PutSubscriptionFilterResponse>> put(Core& core, const Call& call,
                                                              m::PutSubscriptionFilterRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name);
  if (!group) co_return std::unexpected(group.error());
  auto made = subscription_of(core, call, request);
  if (!made) co_return std::unexpected(std::move(made).error());
  auto work = [&] { return put_here(core, *group, *std::move(made)); };
  Result<void> done = co_await with_group(*group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutSubscriptionFilterResponse{};
}

asio::awaitable<Result<m::DeleteSubscriptionFilterResponse>> remove(Core& core, const Call& call,
                                                                    m::DeleteSubscriptionFilterRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name);
  if (!group) co_return std::unexpected(group.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await (*group)->turns.take();
    const std::string& name = *request.filter_name;
    if (!(*group)->subscriptions.contains(name)) {
      co_return fail("ResourceNotFoundException", "The specified subscription filter does not exist.");
    }
    store::Batch batch;
    batch.erase(subscription_key((*group)->id, name));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) (*group)->subscriptions.erase(name);
    co_return done;
  };
  Result<void> done = co_await with_group(*group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteSubscriptionFilterResponse{};
}

m::SubscriptionFilter shown(const Group& group, const SubscriptionRecord& record) {
  m::SubscriptionFilter out;
  out.filter_name = record.name;
  out.log_group_name = group.name;
  out.filter_pattern = record.pattern;
  out.destination_arn = record.destination;
  if (!record.role.empty()) out.role_arn = record.role;
  out.distribution = record.random ? m::distribution::kRandom : m::distribution::kByLogStream;
  out.apply_on_transformed_logs = false;
  out.creation_time = record.created;
  return out;
}

asio::awaitable<Result<m::DescribeSubscriptionFiltersResponse>> describe(
    Core& core, const Call& call, m::DescribeSubscriptionFiltersRequest request) {
  const auto group = named_group(core, call.scope, request.log_group_name);
  if (!group) co_return std::unexpected(group.error());
  std::string last;
  if (request.next_token) {
    const auto read = cloud::read_page_token("subscriptions", *request.next_token);
    if (!read) co_return invalid("The specified nextToken is invalid.");
    last = *read;
  }
  auto work = [&]() -> asio::awaitable<Result<m::DescribeSubscriptionFiltersResponse>> {
    m::DescribeSubscriptionFiltersResponse response;
    auto& list = response.subscription_filters.emplace();
    const auto most = static_cast<std::size_t>(request.limit.value_or(kMaxSubscriptions));
    for (const auto& [name, subscription] : (*group)->subscriptions) {
      if (name <= last || !name.starts_with(request.filter_name_prefix.value_or(""))) continue;
      if (list.size() == most) {
        response.next_token = cloud::make_page_token("subscriptions", *list.back().filter_name);
        break;
      }
      list.push_back(shown(**group, subscription.record));
    }
    co_return response;
  };
  co_return co_await with_group(*group, std::ref(work));
}

}  // namespace

void register_subscription_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPutSubscriptionFilter, [&core](const Call& call, m::PutSubscriptionFilterRequest request) {
    return put(core, call, std::move(request));
  });
  door.handle(m::kDeleteSubscriptionFilter, [&core](const Call& call, m::DeleteSubscriptionFilterRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeSubscriptionFilters,
              [&core](const Call& call, m::DescribeSubscriptionFiltersRequest request) {
                return describe(core, call, std::move(request));
              });
}

}  // namespace signalbox::logs
