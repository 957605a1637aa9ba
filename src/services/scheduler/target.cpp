#include "services/scheduler/target.h"

#include <algorithm>

#include "base/time_text.h"
#include "json/json.h"
#include "wire/constraints.h"
#include "wire/json_codec.h"

namespace signalbox::scheduler {
namespace {

using Outcome = cloud::Attempt::Outcome;

constexpr std::string_view kUniversal = "aws-sdk:";
constexpr std::string_view kPutEvents = "arn:aws:scheduler:::aws-sdk:eventbridge:putEvents";
constexpr const char* kRole = "role";
constexpr const char* kPrincipal = "scheduler.amazonaws.com";
constexpr std::string_view kAttempt = "<aws.scheduler.attempt-number>";

/// "Unsupported API actions" of universal targets (EventBridge Scheduler User Guide): those that only read.
constexpr std::string_view kReadOnly[] = {"get",
                                          "describe",
                                          "list",
                                          "poll",
                                          "receive",
                                          "search",
                                          "scan",
                                          "query",
                                          "select",
                                          "read",
                                          "lookup",
                                          "discover",
                                          "validate",
                                          "batchGet",
                                          "batchDescribe",
                                          "batchRead",
                                          "transactGet",
                                          "adminGet",
                                          "adminList",
                                          "testMigration",
                                          "retrieve",
                                          "testConnection",
                                          "translateDocument",
                                          "isAuthorized",
                                          "invokeModel"};

/// What the SDKs call a service, where that is not our name for it.
std::string_view own_name(std::string_view sdk_name) {
  return sdk_name == "eventbridge" || sdk_name == "cloudwatchevents" ? std::string_view("events") : sdk_name;
}

/// Kinds of targets that take part in the batch in which a schedule fires.
bool is_in_batch(std::string_view service) {
  return service == "sqs" || service == "sns" || service == "kinesis" || service == "lambda";
}

std::unexpected<Error> invalid_target(std::string message) {
  return fail("ValidationException", std::move(message));
}

/// The operation that a universal target's ARN names.
Result<const wire::Operation*> operation_of(const cloud::Door& door, const cloud::Arn& target) {
  const std::string_view rest = std::string_view(target.resource).substr(kUniversal.size());
  const auto colon = rest.find(':');
  const std::string_view service_name = rest.substr(0, colon);
  std::string action(colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1));
  if (action.empty() || action[0] < 'a' || action[0] > 'z') {
    return invalid_target("Provided Arn " + target.text() + " is not in correct format.");
  }
  for (const std::string_view prefix : kReadOnly) {
    const bool whole_word =
        action.size() == prefix.size() ||
        (action.size() > prefix.size() && action[prefix.size()] >= 'A' && action[prefix.size()] <= 'Z');
    if (action.starts_with(prefix) && whole_word) {
      return invalid_target("The action " + action + " is not supported: schedules invoke no actions that only read.");
    }
  }
  action[0] = static_cast<char>(action[0] - 'a' + 'A');
  for (const wire::Service* service : door.services()) {
    if (service->id != own_name(service_name)) continue;
    const wire::Operation* operation = service->find_operation(action);
    if (operation != nullptr) return operation;
  }
  return invalid_target(target.text() + " names an API that this server does not have.");
}

/// The operation's input, as its SDK would send it. Errors: ValidationException.
Result<wire::AnyStructure> input_of(const wire::Operation& operation, const std::string& text) {
  json::Document document;
  const auto root = document.parse(text.empty() ? std::string_view("{}") : std::string_view(text));
  if (!root || !root->is_object()) return invalid_target("Invalid RequestJson provided. Reason: it is no JSON object.");
  wire::AnyStructure input = operation.new_input();
  Result<void> done = wire::read_json(*operation.input, *root, input.data());
  if (done) done = wire::check_constraints(*operation.service, *operation.input, input.data());
  if (!done) return invalid_target("Invalid RequestJson provided. Reason: " + done.error().message);
  for (const auto& [key, value] : root->members()) {
    const bool known =
        std::ranges::any_of(operation.input->members, [&](const wire::Member& member) { return key.is(member.name); });
    if (!known) {
      return invalid_target("Invalid RequestJson provided. Reason: The field '" + key.as_string() +
                            "' is not supported for api '" + std::string(operation.name) + "'.");
    }
  }
  return input;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

/// The PutEvents request of a schedule whose target is an event bus.
std::string put_events_of(const TargetRecord& target, const std::string& detail) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.key("Entries");
  writer.begin_array();
  writer.begin_object();
  writer.member("EventBusName", target.arn);
  writer.member("Source", target.source.value_or(""));
  writer.member("DetailType", target.detail_type.value_or(""));
  writer.member("Detail", detail);
  writer.end_object();
  writer.end_array();
  writer.end_object();
  return text;
}

Result<void> check_target(const cloud::House& house, const Target& target, const TargetRecord& record,
                          const cloud::Arn& arn) {
  const bool bus = target.is_bus;
  if (bus && (!record.source || !record.detail_type)) {
    return invalid_target("EventBridgeParameters is required for the target " + record.arn + ".");
  }
  if (!bus && (record.source || record.detail_type)) {
    return invalid_target("EventBridgeParameters is not supported for the target " + record.arn + ".");
  }
  const bool stream = arn.service == "kinesis";
  if (stream != record.partition_key.has_value()) {
    return invalid_target(std::string("KinesisParameters is ") + (stream ? "required" : "not supported") +
                          " for the target " + record.arn + ".");
  }
  if (is_in_batch(arn.service)) {
    return target.kind->check(arn, {record.arn, record.message_group_id, std::nullopt, false, stream});
  }
  if (record.message_group_id)
    return invalid_target("SqsParameters is not supported for the target " + record.arn + ".");
  if (bus) {
    json::Document document;
    const auto detail = document.parse(record.input.value_or("{}"));
    if (detail && detail->is_object()) return {};
    return invalid_target("Input of a schedule for an event bus must be a JSON object.");
  }
  const auto operation = operation_of(house.door, arn);
  if (!operation) return std::unexpected(operation.error());
  const auto input = input_of(**operation, record.input.value_or(""));
  if (!input) return std::unexpected(input.error());
  return {};
}

/// Calls that did a part only say so in their answers.
bool has_failed_entries(const wire::AnyStructure& output) {
  for (const wire::Member& member : output.shape().members) {
    if (member.name != "FailedEntryCount") continue;
    const void* count = member.find(output.data());
    return count != nullptr && *static_cast<const std::int32_t*>(count) > 0;
  }
  return false;
}

}  // namespace

std::shared_ptr<const cloud::DeliveryPolicy> policy_of(const ScheduleId& schedule, const TargetRecord& record) {
  auto policy = std::make_shared<cloud::DeliveryPolicy>();
  policy->source_kind = "SCHEDULE_ARN";
  policy->source = schedule.arn();
  policy->dead_letter_queue = record.dead_letter_arn.value_or("");
  policy->target = record.arn;
  policy->max_retries = record.max_retries;
  policy->max_age = std::chrono::seconds(record.max_age_seconds);
  return policy;
}

Result<Target> compile_target(const cloud::House& house, const ScheduleId& schedule, const TargetRecord& record,
                              bool check) {
  const auto arn = cloud::Arn::parse(record.arn);
  if (!arn) return invalid_target("Provided Arn is not in correct format.");
  Target target{nullptr, arn->service == "events" && arn->resource.starts_with("event-bus/")};
  const bool universal = arn->service == "scheduler" && arn->resource.starts_with(kUniversal);
  if (!target.is_bus && !is_in_batch(arn->service) && !universal) {
    return invalid_target("A target of kind " + arn->service + " is not supported yet: " + record.arn + ".");
  }
  if (!universal && arn->scope() != schedule.scope) {
    return invalid_target("A target in another account or Region is not supported yet: " + record.arn + ".");
  }
  target.kind = house.event_targets.find(*cloud::Arn::parse(target.goes_to(record)));
  if (target.kind == nullptr) return invalid_target("There are no targets of kind " + arn->service + ".");
  if (!check) return target;
  Result<void> checked = check_target(house, target, record, *arn);
  if (!checked) return std::unexpected(std::move(checked).error());
  return target;
}

std::string Target::goes_to(const TargetRecord& record) const {
  return is_bus ? std::string(kPutEvents) : record.arn;
}

cloud::EventDelivery Target::delivery(const ScheduleId& schedule, const TargetRecord& record, Time scheduled,
                                      const std::string& execution_id) const {
  std::string input = record.input.value_or("{}");
  replace_all(input, "<aws.scheduler.schedule-arn>", schedule.arn());
  replace_all(input, "<aws.scheduler.scheduled-time>", to_iso8601(scheduled));
  replace_all(input, "<aws.scheduler.execution-id>", execution_id);
  // How often it was tried, only the one who tries knows; what is in the batch is there at once.
  if (!kind->is_outside()) replace_all(input, kAttempt, "1");
  cloud::EventDelivery delivery{is_bus ? put_events_of(record, input) : std::move(input),
                                record.message_group_id.value_or(""), ""};
  delivery.policy = policy_of(schedule, record);
  delivery.by_role = true;
  delivery.partition_key = record.partition_key.value_or("");
  if (kind->is_outside()) {
    // Whom it is done as: the schedule may be gone by then.
    auto kept = std::make_shared<cloud::HttpParameters>();
    kept->headers[kRole] = record.role_arn;
    delivery.http = std::move(kept);
  }
  return delivery;
}

Result<void> UniversalTarget::check(const cloud::Arn& target, const cloud::TargetParameters&) const {
  return invalid_target("Only schedules have targets such as " + target.text() + ".");
}

asio::awaitable<cloud::Attempt> UniversalTarget::attempt(std::string target, const cloud::Delivery& delivery,
                                                         cloud::Shard&) {
  const auto arn = cloud::Arn::parse(target);
  const auto schedule = cloud::Arn::parse(delivery.policy.source);
  const auto operation = operation_of(house_.door, *arn);
  if (!operation) co_return cloud::Attempt{Outcome::kFailed, operation.error().code, operation.error().message};
  std::string text = delivery.payload;
  replace_all(text, kAttempt, std::to_string(delivery.attempts + 1));
  auto input = input_of(**operation, text);
  if (!input) co_return cloud::Attempt{Outcome::kFailed, input.error().code, input.error().message};
  cloud::Call call;
  call.scope = schedule->scope();
  const auto role = delivery.http.headers.find(kRole);
  auto principal = house_.sessions.principal_of({role == delivery.http.headers.end() ? "" : role->second, kPrincipal,
                                                 "", delivery.policy.source, call.scope.account});
  if (!principal && house_.authority.verifying()) {
    co_return cloud::Attempt{Outcome::kFailed, principal.error().code, principal.error().message};
  }
  call.principal = principal ? *std::move(principal) : cloud::Principal::service(kPrincipal);
  call.invoked_by = kPrincipal;
  call.request_id = house_.random.uuid();
  call.endpoint = "http://localhost";
  const auto done = co_await house_.door.call(call, **operation, *std::move(input));
  if (!done) {
    const bool passes = done.error().http_status >= 500 || done.error().code.find("Throttl") != std::string::npos ||
                        done.error().code == "InternalFailure" || done.error().code == "LimitExceededException";
    co_return cloud::Attempt{passes && done.error().http_status != 501 ? Outcome::kRetry : Outcome::kFailed,
                             done.error().code, done.error().message};
  }
  if (has_failed_entries(*done)) {
    co_return cloud::Attempt{Outcome::kFailed, "INVALID_PARAMETER", "An entry of the request was refused."};
  }
  co_return cloud::Attempt{};
}

}  // namespace signalbox::scheduler
