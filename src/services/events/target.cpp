#include "services/events/target.h"

#include "services/events/event_path.h"

namespace signalbox::events {
namespace {

std::shared_ptr<const cloud::DeliveryPolicy> policy_of(const TargetRecord& record, std::string rule_arn) {
  auto policy = std::make_shared<cloud::DeliveryPolicy>();
  policy->source_kind = "RULE_ARN";
  policy->source = std::move(rule_arn);
  policy->dead_letter_queue = record.dead_letter_arn.value_or("");
  if (record.max_retries) policy->max_retries = *record.max_retries;
  if (record.max_age_seconds) policy->max_age = std::chrono::seconds(*record.max_age_seconds);
  return policy;
}

Result<void> check_forward(const BusId& from, const BusId& to, const cloud::TargetParameters& parameters) {
  if (parameters.http) return cloud::not_for_this_target("HttpParameters", parameters.id);
  if (parameters.message_group_id) return cloud::not_for_this_target("SqsParameters", parameters.id);
  if (parameters.changes_input) {
    return fail("ValidationException", "Modifying the input for target " + parameters.id + " is not supported.");
  }
  if (from == to) {
    return fail("ValidationException", "Target " + parameters.id + " is the event bus of the rule itself.");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Target>> compile_target(const cloud::EventTargets& kinds, const BusId& bus,
                                                     std::string_view rule, std::string id, TargetRecord record) {
  const auto arn = cloud::Arn::parse(record.arn);
  if (!arn) return fail("ValidationException", "Parameter " + record.arn + " is not valid.");
  const auto to = bus_of(*arn);
  cloud::EventTarget* const kind = to ? nullptr : kinds.find(*arn);
  if (!to && kind == nullptr) {
    return fail("ValidationException",
                "A target of kind " + arn->service + " is not supported yet (target " + id + ": " + record.arn + ").");
  }
  auto input = TargetInput::compile(id, record);
  if (!input) return std::unexpected(std::move(input).error());
  auto http = TargetHttp::compile(id, record.http);
  if (!http) return std::unexpected(std::move(http).error());
  std::optional<json::Path> partition_key;
  if (arn->service == "kinesis") {
    partition_key = parse_event_path(record.partition_key_path.value_or("$.id"));
    if (!partition_key) return fail("ValidationException", "PartitionKeyPath for target " + id + " is invalid.");
  } else if (record.partition_key_path) {
    return cloud::not_for_this_target("KinesisParameters", id);
  }
  auto policy = policy_of(record, bus.rule_arn(rule));
  return std::make_shared<const Target>(Target{std::move(id), std::move(record), *std::move(input), kind, to,
                                               std::move(policy), *std::move(http), std::move(partition_key)});
}

std::string Target::partition_key_of(const MatchedEvent& event) const {
  if (!partition_key) return {};
  auto found = partition_key->select(*event.root);
  if (found.empty()) {
    if (const auto event_id = event.root->find("id")) found.push_back(*event_id);
  }
  if (found.empty()) return {};
  return found.front().is_string() ? found.front().as_string() : std::string(found.front().raw());
}

Result<void> check_target(const Target& target, const BusId& bus) {
  const TargetRecord& record = target.record;
  const cloud::TargetParameters parameters{target.id, record.message_group_id, record.http,
                                           record.input || record.input_path || record.transformer,
                                           record.partition_key_path.has_value()};
  if (target.bus) return check_forward(bus, *target.bus, parameters);
  const auto arn = cloud::Arn::parse(record.arn);
  if (arn->scope() != bus.scope) {
    return fail("ValidationException", "A target in another account or Region is not supported yet (target " +
                                           target.id + ": " + record.arn + ").");
  }
  return target.kind->check(*arn, parameters);
}

}  // namespace signalbox::events
