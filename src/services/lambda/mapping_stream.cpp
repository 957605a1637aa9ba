#include "services/lambda/mapping_stream.h"

#include "base/time_text.h"
#include "cloud/outbox.h"
#include "json/json.h"
#include "services/lambda/invoke.h"
#include "services/lambda/mapping_batch.h"

namespace signalbox::lambda {
namespace {

/// "Retaining records of failed batches" in the Lambda Developer Guide.
std::string failure_record(const Mapping& mapping, const MappingLane& lane, std::span<const cloud::SourceEvent> events,
                           std::string_view condition, const Outcome& outcome, std::int64_t count, Time now) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("requestContext");
  writer.begin_object();
  writer.member("requestId", outcome.request_id);
  writer.member("functionArn", lane.config->function.function.arn(lane.config->function.qualifier));
  writer.member("condition", condition);
  writer.key("approximateInvokeCount");
  writer.number(count);
  writer.end_object();
  if (!outcome.version.empty()) {
    writer.key("responseContext");
    writer.begin_object();
    writer.key("statusCode");
    writer.number(std::int64_t{200});
    writer.member("executedVersion", outcome.version);
    writer.member("functionError", "Unhandled");
    writer.end_object();
  }
  writer.member("version", "1.0");
  writer.member("timestamp", to_iso8601_millis(now));
  writer.key("KinesisBatchInfo");
  writer.begin_object();
  writer.member("shardId", lane.shard_name);
  writer.member("startSequenceNumber", events.front().id);
  writer.member("endSequenceNumber", events.back().id);
  writer.member("approximateArrivalOfFirstRecord", to_iso8601_millis(events.front().arrived));
  writer.member("approximateArrivalOfLastRecord", to_iso8601_millis(events.back().arrived));
  writer.key("batchSize");
  writer.number(static_cast<std::int64_t>(events.size()));
  writer.member("streamArn", mapping.config->source);
  writer.end_object();
  writer.end_object();
  return out;
}

}  // namespace

asio::awaitable<cloud::AfterCommit> tell_of_failure(Core& core, MappingPtr mapping, MappingLanePtr lane,
                                                    std::vector<cloud::SourceEvent> events, std::string condition,
                                                    Outcome outcome, std::int64_t count, store::Batch& batch) {
  core.house.log.warning("an event source mapping gave up records",
                         {{"mapping", mapping->id}, {"condition", condition}, {"from", events.front().id}});
  const std::string& to = lane->config->on_failure;
  if (to.empty()) co_return cloud::AfterCommit();
  const FunctionPtr function = core.find(lane->config->function.function);
  const auto arn = cloud::Arn::parse(to);
  cloud::EventDelivery letter;
  letter.payload = failure_record(*mapping, *lane, events, condition, outcome, count, core.house.clock.now());
  letter.sender = "lambda.amazonaws.com";
  letter.source_arn = lane->config->function.function.arn();
  cloud::Outbox outbox(core.house, {.service = "lambda.amazonaws.com"});
  outbox.add(arn ? core.house.event_targets.find(*arn) : nullptr, to, std::move(letter),
             function ? function->latest->config.role.value_or("") : "");
  cloud::Settlement settlement;
  const auto failures = co_await outbox.append(batch, settlement);
  for (const cloud::Outbox::Failure& lost : failures) {
    core.house.log.warning("word of a failed batch cannot be sent", {{"mapping", mapping->id}, {"why", lost.message}});
  }
  co_return cloud::Settlement::as_one(std::move(settlement));
}

asio::awaitable<Outcome> run_batch(Core& core, MappingLanePtr lane, std::vector<cloud::SourceEvent> events) {
  const MappingConfigPtr config = lane->config;
  Outcome outcome;
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (passes(*config, events[i])) wanted.push_back(i);
  }
  outcome.through = events.size();
  outcome.good = true;
  if (wanted.empty()) co_return outcome;
  const FunctionPtr function = core.find(config->function.function);
  Run run;
  run.request_id = outcome.request_id = core.house.random.uuid();
  run.payload = records_of(*config, function ? function->latest->config.role.value_or("") : "", events, wanted);
  Result<Invoked> invoked = no_such_function(config->function.function.arn());
  if (function) invoked = co_await invoke(core, function, config->function.qualifier, std::move(run));
  if (!invoked || !invoked->result.error.empty()) {
    outcome.through = 0;
    outcome.good = false;
    outcome.why = invoked ? "Function call failed" : invoked.error().message;
    if (invoked) outcome.version = invoked->version;
    co_return outcome;
  }
  outcome.version = invoked->version;
  if (!config->reports_failures) co_return outcome;
  const auto failed = failed_events(*config, invoked->result.payload, events, wanted);
  if (failed && failed->empty()) co_return outcome;
  outcome.through = failed ? *failed->begin() : 0;
  outcome.good = false;
  outcome.why = "Function reported failures";
  co_return outcome;
}

}  // namespace signalbox::lambda
