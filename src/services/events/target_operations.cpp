#include <algorithm>

#include "models/events.h"
#include "services/events/core.h"
#include "services/events/page.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

using TargetTexts = std::map<std::string, std::string, std::less<>>;

/// AWS's quota of targets of a rule.
constexpr std::size_t kMaxTargets = 5;

/// Parameters of other kinds of targets, and what is not done yet.
Result<void> check_parameters(const m::Target& target) {
  const std::string id = target.id.value_or("");
  if (target.run_command_parameters) return cloud::not_for_this_target("RunCommandParameters", id);
  if (target.ecs_parameters) return cloud::not_for_this_target("EcsParameters", id);
  if (target.batch_parameters) return cloud::not_for_this_target("BatchParameters", id);
  if (target.redshift_data_parameters) return cloud::not_for_this_target("RedshiftDataParameters", id);
  if (target.sage_maker_pipeline_parameters) return cloud::not_for_this_target("SageMakerPipelineParameters", id);
  if (target.app_sync_parameters) return cloud::not_for_this_target("AppSyncParameters", id);
  return {};
}

/// A dead-letter queue is a standard queue of the same Region.
Result<void> check_dead_letters(const Core& core, const Call& call, const m::Target& target) {
  if (!target.dead_letter_config || !target.dead_letter_config->arn) return {};
  const std::string& text = *target.dead_letter_config->arn;
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "sqs" || core.house.event_targets.queues() == nullptr ||
      arn->resource.ends_with(".fifo")) {
    return fail("ValidationException",
                "Parameter DeadLetterConfig.Arn is not valid. Reason: " + text + " is not a standard SQS queue.");
  }
  if (arn->scope() != call.scope) {
    return not_supported_yet("A DeadLetterConfig in another account or Region",
                             " (target " + target.id.value_or("") + ": " + text + ")");
  }
  return {};
}

TargetRecord record_of(const m::Target& target) {
  TargetRecord record;
  record.arn = target.arn.value_or("");
  record.role_arn = target.role_arn;
  record.input = target.input;
  record.input_path = target.input_path;
  if (target.input_transformer) {
    record.transformer = Transformer{target.input_transformer->input_paths_map.value_or(decltype(Transformer::paths){}),
                                     target.input_transformer->input_template.value_or("")};
  }
  if (target.sqs_parameters) record.message_group_id = target.sqs_parameters->message_group_id;
  if (target.kinesis_parameters) record.partition_key_path = target.kinesis_parameters->partition_key_path;
  if (target.dead_letter_config) record.dead_letter_arn = target.dead_letter_config->arn;
  if (target.retry_policy) {
    record.max_retries = target.retry_policy->maximum_retry_attempts;
    record.max_age_seconds = target.retry_policy->maximum_event_age_in_seconds;
  }
  if (target.http_parameters) {
    const m::HttpParameters& given = *target.http_parameters;
    record.http = {given.path_parameter_values.value_or(std::vector<std::string>()),
                   given.header_parameters.value_or(TargetTexts()),
                   given.query_string_parameters.value_or(TargetTexts())};
  }
  return record;
}

m::Target model_of(const Target& target) {
  const TargetRecord& record = target.record;
  m::Target out;
  out.id = target.id;
  out.arn = record.arn;
  out.role_arn = record.role_arn;
  out.input = record.input;
  out.input_path = record.input_path;
  if (record.transformer) {
    auto& transformer = out.input_transformer.emplace();
    if (!record.transformer->paths.empty()) transformer.input_paths_map = record.transformer->paths;
    transformer.input_template = record.transformer->input_template;
  }
  if (record.dead_letter_arn) out.dead_letter_config.emplace().arn = record.dead_letter_arn;
  if (record.max_retries || record.max_age_seconds) {
    auto& policy = out.retry_policy.emplace();
    if (record.max_retries) policy.maximum_retry_attempts = static_cast<std::int32_t>(*record.max_retries);
    if (record.max_age_seconds) {
      policy.maximum_event_age_in_seconds = static_cast<std::int32_t>(*record.max_age_seconds);
    }
  }
  if (record.http) {
    auto& http = out.http_parameters.emplace();
    if (!record.http->path_values.empty()) http.path_parameter_values = record.http->path_values;
    if (!record.http->headers.empty()) http.header_parameters = record.http->headers;
    if (!record.http->query.empty()) http.query_string_parameters = record.http->query;
  }
  if (record.message_group_id) out.sqs_parameters.emplace().message_group_id = record.message_group_id;
  if (record.partition_key_path) out.kinesis_parameters.emplace().partition_key_path = record.partition_key_path;
  return out;
}

using TargetPtr = std::shared_ptr<const Target>;

Result<TargetPtr> checked_target(const Core& core, const Call& call, const BusId& bus, const std::string& rule,
                                 const m::Target& given) {
  const std::string id = given.id.value_or("");
  const std::string text = given.arn.value_or("");
  if (!cloud::Arn::parse(text)) {
    return fail("ValidationException",
                "Parameter " + text + " is not valid. Reason: Provided Arn is not in correct format.");
  }
  if (auto checked = check_parameters(given); !checked) return std::unexpected(std::move(checked).error());
  if (auto checked = check_dead_letters(core, call, given); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  auto target = compile_target(core.house.event_targets, bus, rule, id, record_of(given));
  if (!target) return std::unexpected(std::move(target).error());
  if (auto checked = check_target(**target, bus); !checked) return std::unexpected(std::move(checked).error());
  return *std::move(target);
}

void put_sorted(std::vector<std::shared_ptr<const Target>>& targets, const std::shared_ptr<const Target>& target) {
  const auto at = std::lower_bound(targets.begin(), targets.end(), target,
                                   [](const auto& a, const auto& b) { return a->id < b->id; });
  if (at != targets.end() && (*at)->id == target->id) {
    *at = target;
  } else {
    targets.insert(at, target);
  }
}

asio::awaitable<Result<m::PutTargetsResponse>> put_targets(Core& core, const Call& call, m::PutTargetsRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  m::PutTargetsResponse response;
  response.failed_entries.emplace();
  response.failed_entry_count = 0;
  std::vector<TargetPtr> put;
  for (const m::Target& given : request.targets.value_or(std::vector<m::Target>())) {
    auto checked = checked_target(core, call, (*bus)->id(), request.rule.value_or(""), given);
    if (!checked) co_return std::unexpected(std::move(checked).error());
    put.push_back(*std::move(checked));
  }

  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (auto own = (*bus)->check_not_managed(request.rule.value_or("")); !own) co_return own;
    const auto rule = (*bus)->need_rule(request.rule.value_or(""));
    if (!rule) co_return std::unexpected(rule.error());
    auto changed = std::make_shared<Rule>(**rule);
    store::Batch batch;
    for (const auto& target : put) {
      put_sorted(changed->targets, target);
      batch.put(target_key((*bus)->id(), changed->name, target->id), store::encode(target->record));
    }
    if (changed->targets.size() > kMaxTargets) co_return limit_exceeded();
    if (batch.empty()) co_return Result<void>();
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) (*bus)->put_rule(changed);
    co_return done;
  };
  Result<void> done = co_await in_turn(*bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return response;
}

asio::awaitable<Result<m::RemoveTargetsResponse>> remove_targets(Core& core, const Call& call,
                                                                 m::RemoveTargetsRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  m::RemoveTargetsResponse response;
  auto& failed = response.failed_entries.emplace();
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (auto own = (*bus)->check_not_managed(request.rule.value_or("")); !own) co_return own;
    const auto rule = (*bus)->need_rule(request.rule.value_or(""));
    if (!rule) co_return std::unexpected(rule.error());
    auto changed = std::make_shared<Rule>(**rule);
    store::Batch batch;
    for (const std::string& id : request.ids.value_or(std::vector<std::string>())) {
      if (std::erase_if(changed->targets, [&](const auto& target) { return target->id == id; }) > 0) {
        batch.erase(target_key((*bus)->id(), changed->name, id));
        continue;
      }
      m::RemoveTargetsResultEntry& entry = failed.emplace_back();
      entry.target_id = id;
      entry.error_code = "ResourceNotFoundException";
      entry.error_message = "Rule '" + changed->name + "' does not have a target with the Id '" + id + "'.";
    }
    if (batch.empty()) co_return Result<void>();
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) (*bus)->put_rule(changed);
    co_return done;
  };
  Result<void> done = co_await in_turn(*bus, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  response.failed_entry_count = static_cast<std::int32_t>(failed.size());
  co_return response;
}

asio::awaitable<Result<m::ListTargetsByRuleResponse>> list_targets(Core& core, const Call& call,
                                                                   m::ListTargetsByRuleRequest request) {
  const auto bus = find_bus(core, call.scope, request.event_bus_name);
  if (!bus) co_return std::unexpected(bus.error());
  Result<RulePtr> rule = co_await on_shard(*bus, [&] { return (*bus)->need_any_rule(request.rule.value_or("")); });
  if (!rule) co_return std::unexpected(std::move(rule).error());
  std::map<std::string, std::shared_ptr<const Target>, std::less<>> targets;
  for (const auto& target : (*rule)->targets) targets[target->id] = target;
  m::ListTargetsByRuleResponse response;
  auto& list = response.targets.emplace();
  auto next = page(targets, {"targets", "", request.next_token, request.limit},
                   [&](const std::string&, const std::shared_ptr<const Target>& target) {
                     list.push_back(model_of(*target));
                     return true;
                   });
  if (!next) co_return std::unexpected(std::move(next).error());
  response.next_token = *std::move(next);
  co_return response;
}

}  // namespace

void register_target_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPutTargets, [&core](const Call& call, m::PutTargetsRequest request) {
    return put_targets(core, call, std::move(request));
  });
  door.handle(m::kRemoveTargets, [&core](const Call& call, m::RemoveTargetsRequest request) {
    return remove_targets(core, call, std::move(request));
  });
  door.handle(m::kListTargetsByRule, [&core](const Call& call, m::ListTargetsByRuleRequest request) {
    return list_targets(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
