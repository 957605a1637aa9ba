#include "cloud/paging.h"
#include "models/scheduler.h"
#include "services/scheduler/core.h"

namespace signalbox::scheduler {
namespace {

namespace m = models::scheduler;
using cloud::Call;

constexpr std::int32_t kMaxSchedules = 100;

std::unexpected<Error> invalid(std::string message) {
  return fail("ValidationException", std::move(message));
}
std::unexpected<Error> no_such_schedule(const ScheduleId& id) {
  return fail("ResourceNotFoundException", "Schedule " + id.name + " does not exist.");
}
std::unexpected<Error> not_supported(std::string_view field) {
  return invalid(std::string(field) + " is not supported yet.");
}

ScheduleId id_of(const Call& call, const std::optional<std::string>& group, const std::optional<std::string>& name) {
  return {call.scope, group.value_or(std::string(kDefaultGroup)), name.value_or("")};
}

Result<TargetRecord> record_of(const m::Target& given, const cloud::Scope& scope) {
  if (given.ecs_parameters) return not_supported("Target.EcsParameters");
  if (given.sage_maker_pipeline_parameters) return not_supported("Target.SageMakerPipelineParameters");
  TargetRecord record;
  record.arn = given.arn.value_or("");
  record.role_arn = given.role_arn.value_or("");
  record.input = given.input;
  if (given.sqs_parameters) record.message_group_id = given.sqs_parameters->message_group_id;
  if (given.kinesis_parameters) record.partition_key = given.kinesis_parameters->partition_key;
  if (given.event_bridge_parameters) {
    record.detail_type = given.event_bridge_parameters->detail_type;
    record.source = given.event_bridge_parameters->source;
    if (record.source && record.source->starts_with("aws.")) {
      return invalid("EventBridgeParameters.Source must not start with aws.");
    }
  }
  if (given.dead_letter_config) record.dead_letter_arn = given.dead_letter_config->arn;
  if (record.dead_letter_arn) {
    const auto queue = cloud::Arn::parse(*record.dead_letter_arn);
    if (!queue || queue->scope() != scope) {
      return invalid(
          "A DeadLetterConfig in another account or Region is not supported yet: " + *record.dead_letter_arn + ".");
    }
  }
  if (given.retry_policy) {
    record.max_retries = given.retry_policy->maximum_retry_attempts.value_or(185);
    record.max_age_seconds = given.retry_policy->maximum_event_age_in_seconds.value_or(86'400);
  }
  return record;
}

constexpr Duration kStartGrace = std::chrono::minutes(5);

/// What CreateSchedule and UpdateSchedule have in common.
template <class Request>
Result<SchedulePtr> compile(Core& core, const Call& call, const Request& request) {
  if (request.kms_key_arn) return not_supported("KmsKeyArn");
  ScheduleRecord record;
  record.description = request.description;
  record.expression = request.schedule_expression.value_or("");
  record.zone = request.schedule_expression_timezone.value_or("UTC");
  record.start = request.start_date;
  record.end = request.end_date;
  if (record.start && *record.start < core.house.clock.now() - kStartGrace) {
    return invalid("The StartDate you specify cannot be earlier than 5 minutes ago.");
  }
  record.enabled = request.state.value_or("ENABLED") == "ENABLED";
  record.delete_after_completion = request.action_after_completion.value_or("NONE") == "DELETE";
  record.client_token = request.client_token.value_or("");
  record.created = record.modified = core.house.clock.now();
  const auto& window = *request.flexible_time_window;
  const bool flexible = window.mode == "FLEXIBLE";
  if (flexible != window.maximum_window_in_minutes.has_value()) {
    return invalid(flexible ? "MaximumWindowInMinutes must be set for a FlexibleTimeWindow of mode FLEXIBLE."
                            : "MaximumWindowInMinutes must not be set for a FlexibleTimeWindow of mode OFF.");
  }
  record.window_minutes = window.maximum_window_in_minutes.value_or(0);
  auto target = record_of(*request.target, call.scope);
  if (!target) return std::unexpected(std::move(target).error());
  record.target = *std::move(target);
  return compile_schedule(core.house, id_of(call, request.group_name, request.name), std::move(record), true);
}

/// Commits a schedule, seen to up to its last change. In the turn of its stripe.
asio::awaitable<Result<void>> save(Core& core, SchedulePtr schedule) {
  // What is due at that very moment still is, however long the turn was waited for: a rate begins with it.
  const Time seen = schedule->record.modified - Duration(1);
  store::Batch batch;
  batch.put(core.schedules.key(schedule->id), store::encode(schedule->record));
  batch.put(seen_key(schedule->id), store::encode(SeenRecord{seen}));
  co_return co_await core.house.store.commit(std::move(batch));
}

asio::awaitable<Result<m::CreateScheduleOutput>> create(Core& core, const Call& call, m::CreateScheduleInput request) {
  const auto compiled = compile(core, call, request);
  if (!compiled) co_return std::unexpected(compiled.error());
  const SchedulePtr& schedule = *compiled;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const GroupPtr group = core.find_group({call.scope, schedule->id.group});
    if (!group || group->deleting) co_return no_such_group(schedule->id.group);
    if (const SchedulePtr other = core.schedules.find(schedule->id)) {
      const bool again =
          !schedule->record.client_token.empty() && other->record.client_token == schedule->record.client_token;
      if (again) co_return Result<void>();
      co_return fail("ConflictException", "Schedule " + schedule->id.name + " already exists.");
    }
    Result<void> saved = co_await save(core, schedule);
    co_return saved;
  };
  Result<void> done = co_await in_turn(core.stripe_of(schedule->id), std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::CreateScheduleOutput output;
  output.schedule_arn = schedule->id.arn();
  co_return output;
}

asio::awaitable<Result<m::UpdateScheduleOutput>> update(Core& core, const Call& call, m::UpdateScheduleInput request) {
  const auto compiled = compile(core, call, request);
  if (!compiled) co_return std::unexpected(compiled.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const SchedulePtr before = core.schedules.find((*compiled)->id);
    if (!before) co_return no_such_schedule((*compiled)->id);
    auto changed = std::make_shared<Schedule>(**compiled);
    changed->record.created = before->record.created;
    changed->record.client_token = before->record.client_token;
    changed->record.modified = core.house.clock.now();  // in its turn: what the old one saw to is not due again
    Result<void> saved = co_await save(core, std::move(changed));
    co_return saved;
  };
  Result<void> done = co_await in_turn(core.stripe_of((*compiled)->id), std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::UpdateScheduleOutput output;
  output.schedule_arn = (*compiled)->id.arn();
  co_return output;
}

asio::awaitable<Result<m::DeleteScheduleOutput>> remove(Core& core, const Call& call, m::DeleteScheduleInput request) {
  const ScheduleId id = id_of(call, request.group_name, request.name);
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (!core.schedules.find(id)) co_return no_such_schedule(id);
    Result<void> erased = co_await erase_schedule(core, id);
    co_return erased;
  };
  Result<void> done = co_await in_turn(core.stripe_of(id), std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteScheduleOutput{};
}

m::Target model_of(const TargetRecord& record) {
  m::Target target;
  target.arn = record.arn;
  target.role_arn = record.role_arn;
  target.input = record.input;
  if (record.message_group_id) target.sqs_parameters.emplace().message_group_id = record.message_group_id;
  if (record.partition_key) target.kinesis_parameters.emplace().partition_key = record.partition_key;
  if (record.source || record.detail_type) {
    auto& event = target.event_bridge_parameters.emplace();
    event.source = record.source;
    event.detail_type = record.detail_type;
  }
  if (record.dead_letter_arn) target.dead_letter_config.emplace().arn = record.dead_letter_arn;
  auto& retries = target.retry_policy.emplace();
  retries.maximum_retry_attempts = static_cast<std::int32_t>(record.max_retries);
  retries.maximum_event_age_in_seconds = static_cast<std::int32_t>(record.max_age_seconds);
  return target;
}

asio::awaitable<Result<m::GetScheduleOutput>> get(Core& core, const Call& call, m::GetScheduleInput request) {
  const ScheduleId id = id_of(call, request.group_name, request.name);
  const SchedulePtr schedule = core.schedules.find(id);
  if (!schedule) co_return no_such_schedule(id);
  const ScheduleRecord& record = schedule->record;
  m::GetScheduleOutput output;
  output.arn = id.arn();
  output.group_name = id.group;
  output.name = id.name;
  output.description = record.description;
  output.schedule_expression = record.expression;
  output.schedule_expression_timezone = record.zone;
  output.start_date = record.start;
  output.end_date = record.end;
  output.state = record.enabled ? "ENABLED" : "DISABLED";
  output.action_after_completion = record.delete_after_completion ? "DELETE" : "NONE";
  auto& window = output.flexible_time_window.emplace();
  window.mode = record.window_minutes > 0 ? "FLEXIBLE" : "OFF";
  if (record.window_minutes > 0) window.maximum_window_in_minutes = static_cast<std::int32_t>(record.window_minutes);
  output.target = model_of(record.target);
  output.creation_date = record.created;
  output.last_modification_date = record.modified;
  co_return output;
}

asio::awaitable<Result<m::ListSchedulesOutput>> list(Core& core, const Call& call, m::ListSchedulesInput request) {
  const std::string group = request.group_name.value_or("");
  if (!group.empty() && !core.find_group({call.scope, group})) co_return no_such_group(group);
  ScheduleId last{call.scope, group, ""};
  if (request.next_token) {
    const auto from = cloud::read_page_token("schedules", *request.next_token);
    const auto slash = from ? from->find('/') : std::string::npos;
    if (slash == std::string::npos) co_return invalid("Invalid NextToken provided.");
    last.group = from->substr(0, slash);
    last.name = from->substr(slash + 1);
  }
  const auto most = static_cast<std::size_t>(request.max_results.value_or(kMaxSchedules));
  m::ListSchedulesOutput output;
  auto& schedules = output.schedules.emplace();
  core.each_schedule(call.scope, group, ScheduleId(last), [&](const SchedulePtr& found) {
    const Schedule& schedule = *found;
    const std::string state = schedule.record.enabled ? "ENABLED" : "DISABLED";
    if (!schedule.id.name.starts_with(request.name_prefix.value_or(""))) return true;
    if (request.state && *request.state != state) return true;
    if (schedules.size() == most) {
      output.next_token = cloud::make_page_token("schedules", last.group + "/" + last.name);
      return false;
    }
    last = schedule.id;
    m::ScheduleSummary& one = schedules.emplace_back();
    one.arn = schedule.id.arn();
    one.name = schedule.id.name;
    one.group_name = schedule.id.group;
    one.state = state;
    one.creation_date = schedule.record.created;
    one.last_modification_date = schedule.record.modified;
    one.target.emplace().arn = schedule.record.target.arn;
    return true;
  });
  co_return output;
}

}  // namespace

void register_schedule_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateSchedule, [&core](const Call& call, m::CreateScheduleInput request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kUpdateSchedule, [&core](const Call& call, m::UpdateScheduleInput request) {
    return update(core, call, std::move(request));
  });
  door.handle(m::kDeleteSchedule, [&core](const Call& call, m::DeleteScheduleInput request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kGetSchedule,
              [&core](const Call& call, m::GetScheduleInput request) { return get(core, call, std::move(request)); });
  door.handle(m::kListSchedules, [&core](const Call& call, m::ListSchedulesInput request) {
    return list(core, call, std::move(request));
  });
}

}  // namespace signalbox::scheduler
