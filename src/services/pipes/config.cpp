#include "services/pipes/config.h"

#include <algorithm>

#include "pattern/unbounded.h"

namespace signalbox::pipes {
namespace {

constexpr std::size_t kMaxFilters = 5;
constexpr std::int32_t kStreamBatch = 100;
constexpr std::int32_t kQueueBatch = 10;

std::unexpected<Error> not_supported(std::string_view field) {
  return invalid(std::string(field) + " is not supported yet.");
}
std::unexpected<Error> not_for(std::string_view field, const std::string& arn) {
  return invalid(std::string(field) + " is not valid for " + arn + ".");
}

/// Collects the first error of many small checks.
class Checks {
 public:
  void require(bool good, std::string message) {
    if (good || failed_) return;
    failed_ = Error{"ValidationException", std::move(message)};
  }
  Parameter parameter(const std::optional<std::string>& text, std::string_view field) {
    auto parsed = Parameter::parse(text.value_or(""));
    require(parsed.has_value(), std::string(field) + " holds a path that cannot be read: " + text.value_or("") + ".");
    return parsed ? *std::move(parsed) : Parameter();
  }
  InputTemplate input(const std::optional<std::string>& text) {
    auto compiled = InputTemplate::compile(text.value_or(""));
    if (!compiled && !failed_) failed_ = compiled.error();
    return compiled ? *std::move(compiled) : InputTemplate();
  }
  /// HttpParameters of a target or an enrichment.
  template <class Http>
  HttpTemplate http(const Http& given) {
    HttpTemplate out;
    if (given.path_parameter_values) {
      for (const auto& text : *given.path_parameter_values) {
        out.path_values.push_back(parameter(text, "PathParameterValues"));
      }
    }
    if (given.header_parameters) {
      for (const auto& [name, text] : *given.header_parameters) out.headers[name] = parameter(text, "HeaderParameters");
    }
    if (given.query_string_parameters) {
      for (const auto& [name, text] : *given.query_string_parameters) {
        out.query[name] = parameter(text, "QueryStringParameters");
      }
    }
    return out;
  }
  Result<void> done() const {
    if (failed_) return std::unexpected(*failed_);
    return {};
  }

 private:
  std::optional<Error> failed_;
};

/// Parameters of kinds of sources and targets that do not work.
Result<void> refuse(const model::CreatePipeRequest& request) {
  if (request.kms_key_identifier) return not_supported("KmsKeyIdentifier");
  if (request.log_configuration) return not_supported("LogConfiguration");
  const auto source = request.source_parameters.value_or(model::PipeSourceParameters());
  if (source.dynamo_db_stream_parameters) return not_supported("SourceParameters.DynamoDBStreamParameters");
  if (source.active_mq_broker_parameters) return not_supported("SourceParameters.ActiveMQBrokerParameters");
  if (source.rabbit_mq_broker_parameters) return not_supported("SourceParameters.RabbitMQBrokerParameters");
  if (source.managed_streaming_kafka_parameters) {
    return not_supported("SourceParameters.ManagedStreamingKafkaParameters");
  }
  if (source.self_managed_kafka_parameters) return not_supported("SourceParameters.SelfManagedKafkaParameters");
  const auto target = request.target_parameters.value_or(model::PipeTargetParameters());
  if (target.step_function_state_machine_parameters) {
    return not_supported("TargetParameters.StepFunctionStateMachineParameters");
  }
  if (target.ecs_task_parameters) return not_supported("TargetParameters.EcsTaskParameters");
  if (target.batch_job_parameters) return not_supported("TargetParameters.BatchJobParameters");
  if (target.redshift_data_parameters) return not_supported("TargetParameters.RedshiftDataParameters");
  if (target.sage_maker_pipeline_parameters) return not_supported("TargetParameters.SageMakerPipelineParameters");
  if (target.cloud_watch_logs_parameters) return not_supported("TargetParameters.CloudWatchLogsParameters");
  if (target.timestream_parameters) return not_supported("TargetParameters.TimestreamParameters");
  return {};
}

/// AWS: "Supported batchable targets".
std::int32_t largest_batch(const Config& config, const cloud::Arn& target) {
  if (config.target.http || (config.enrichment && !config.enrichment->function)) return 1;
  if (config.target.kind->is_outside()) return 1;
  if (target.service == "kinesis") return 500;
  if (target.service == "logs" || target.service == "lambda") return 10'000;
  return 10;
}

Result<void> read_stream_source(Config& config, const model::PipeSourceParameters& parameters) {
  if (!parameters.kinesis_stream_parameters) {
    return invalid("SourceParameters.KinesisStreamParameters must be given for " + config.source + ".");
  }
  const auto& given = *parameters.kinesis_stream_parameters;
  if (given.parallelization_factor.value_or(1) != 1) {
    return not_supported("SourceParameters.KinesisStreamParameters.ParallelizationFactor above 1");
  }
  namespace position = model::kinesis_stream_start_position;
  config.start = *given.starting_position == position::kLATEST        ? Config::Start::kLatest
                 : *given.starting_position == position::kATTIMESTAMP ? Config::Start::kAtTimestamp
                                                                      : Config::Start::kTrimHorizon;
  if ((config.start == Config::Start::kAtTimestamp) != given.starting_position_timestamp.has_value()) {
    return invalid("StartingPositionTimestamp must be given with StartingPosition AT_TIMESTAMP, and only then.");
  }
  config.start_time = given.starting_position_timestamp.value_or(Time{});
  if (const auto age = given.maximum_record_age_in_seconds; age && *age >= 0) {
    config.max_age = std::chrono::seconds(*age);
  }
  if (const auto retries = given.maximum_retry_attempts; retries && *retries >= 0) config.max_retries = *retries;
  if (given.dead_letter_config) config.dead_letter_arn = given.dead_letter_config->arn.value_or("");
  return {};
}

Result<void> read_source(Config& config, const cloud::House& house, const PipeName& pipe,
                         const model::CreatePipeRequest& request, bool check) {
  config.source = *request.source;
  const auto arn = cloud::Arn::parse(config.source);
  if (!arn || (arn->service != "sqs" && arn->service != "kinesis")) {
    return invalid("A source such as " + config.source + " is not supported yet.");
  }
  if (arn->scope() != pipe.scope) {
    return invalid("A source in another account or Region is not supported: " + config.source + ".");
  }
  const auto parameters = request.source_parameters.value_or(model::PipeSourceParameters());
  config.from_stream = arn->service == "kinesis";
  if (config.from_stream && parameters.sqs_queue_parameters) return not_for("SqsQueueParameters", config.source);
  if (!config.from_stream && parameters.kinesis_stream_parameters) {
    return not_for("KinesisStreamParameters", config.source);
  }
  if (config.from_stream) {
    if (auto read = read_stream_source(config, parameters); !read) return read;
  }
  const bool exists = config.from_stream ? house.pipe_ends.streams && house.pipe_ends.streams->exists(config.source)
                                         : house.pipe_ends.queues && house.pipe_ends.queues->exists(config.source);
  if (check && !exists) return fail("NotFoundException", "The source " + config.source + " does not exist.");
  if (!parameters.filter_criteria || !parameters.filter_criteria->filters) return {};
  if (parameters.filter_criteria->filters->size() > kMaxFilters) return invalid("A pipe can have at most 5 filters.");
  for (const auto& filter : *parameters.filter_criteria->filters) {
    auto compiled = pattern::compile_unbounded(filter.pattern.value_or(""));
    if (!compiled) return invalid("Invalid filter pattern. " + compiled.error().message);
    config.filters.push_back(*std::move(compiled));
  }
  return {};
}

Result<void> read_enrichment(Config& config, const cloud::House& house, const model::CreatePipeRequest& request,
                             bool check) {
  const std::string arn = request.enrichment.value_or("");
  if (arn.empty()) {
    if (request.enrichment_parameters) return invalid("EnrichmentParameters cannot be given without Enrichment.");
    return {};
  }
  const auto parsed = cloud::Arn::parse(arn);
  const bool function = parsed && parsed->service == "lambda" && house.functions.available();
  if (function && check) {
    if (auto may = house.functions.may_invoke(arn, {}); !may) return fail("NotFoundException", may.error().message);
  }
  if (function) {
    const auto given = request.enrichment_parameters.value_or(model::PipeEnrichmentParameters());
    if (given.http_parameters) return not_for("EnrichmentParameters.HttpParameters", arn);
    Checks checks;
    config.enrichment.emplace();
    config.enrichment->arn = arn;
    config.enrichment->function = true;
    config.enrichment->input = checks.input(given.input_template);
    return checks.done();
  }
  if (!parsed || parsed->service != "events" || !parsed->resource.starts_with("api-destination/") ||
      !house.pipe_ends.api_destinations) {
    return invalid("An enrichment such as " + arn + " is not supported yet.");
  }
  if (check) {
    if (auto exists = house.pipe_ends.api_destinations->check(arn); !exists) return exists;
  }
  const auto given = request.enrichment_parameters.value_or(model::PipeEnrichmentParameters());
  Checks checks;
  config.enrichment.emplace();
  config.enrichment->arn = arn;
  config.enrichment->input = checks.input(given.input_template);
  if (given.http_parameters) config.enrichment->http = checks.http(*given.http_parameters);
  return checks.done();
}

Result<void> read_target_parameters(Target& target, const cloud::Arn& arn, const model::PipeTargetParameters& given) {
  Checks checks;
  target.input = checks.input(given.input_template);
  if (const auto& stream = given.kinesis_stream_parameters) {
    if (arn.service != "kinesis") return not_for("KinesisStreamParameters", target.arn);
    target.partition_key = checks.parameter(stream->partition_key, "PartitionKey");
  }
  checks.require(arn.service != "kinesis" || !target.partition_key.empty(),
                 "TargetParameters.KinesisStreamParameters.PartitionKey must be given for " + target.arn + ".");
  if (const auto& queue = given.sqs_queue_parameters) {
    if (arn.service != "sqs") return not_for("SqsQueueParameters", target.arn);
    target.message_group_id = checks.parameter(queue->message_group_id, "MessageGroupId");
    target.deduplication_id = checks.parameter(queue->message_deduplication_id, "MessageDeduplicationId");
  }
  const bool bus = arn.service == "events" && arn.resource.starts_with("event-bus/");
  if (const auto& event = given.event_bridge_event_bus_parameters) {
    if (!bus) return not_for("EventBridgeEventBusParameters", target.arn);
    if (event->endpoint_id) return not_supported("EventBridgeEventBusParameters.EndpointId");
    target.source = checks.parameter(event->source, "Source");
    checks.require(!event->source.value_or("").starts_with("aws."), "Source must not start with aws.");
    target.detail_type = checks.parameter(event->detail_type, "DetailType");
    target.time = checks.parameter(event->time, "Time");
    for (const auto& resource : event->resources.value_or(std::vector<std::string>())) {
      target.resources.push_back(checks.parameter(resource, "Resources"));
    }
  }
  const bool http = arn.service == "events" && arn.resource.starts_with("api-destination/");
  if (given.http_parameters && !http) return not_for("HttpParameters", target.arn);
  if (http) target.http.emplace();
  target.function = arn.service == "lambda";
  if (given.lambda_function_parameters && !target.function) return not_for("LambdaFunctionParameters", target.arn);
  const auto& function = given.lambda_function_parameters;
  target.waits = target.function && (!function || function->invocation_type.value_or("REQUEST_RESPONSE") ==
                                                      model::pipe_target_invocation_type::kREQUESTRESPONSE);
  if (given.http_parameters) target.http = checks.http(*given.http_parameters);
  return checks.done();
}

Result<void> read_target(Config& config, const cloud::House& house, const PipeName& pipe,
                         const model::CreatePipeRequest& request, bool check) {
  Target& target = config.target;
  target.arn = *request.target;
  const auto arn = cloud::Arn::parse(target.arn);
  if (arn && arn->service != "scheduler") target.kind = house.event_targets.find(*arn);
  if (target.kind == nullptr) return invalid("A target such as " + target.arn + " is not supported yet.");
  if (arn->scope() != pipe.scope) {
    return invalid("A target in another account or Region is not supported: " + target.arn + ".");
  }
  const auto given = request.target_parameters.value_or(model::PipeTargetParameters());
  if (auto read = read_target_parameters(target, *arn, given); !read) return read;
  if (!check) return {};
  cloud::TargetParameters parameters;
  parameters.id = pipe.name;
  if (!target.message_group_id.empty()) parameters.message_group_id = given.sqs_queue_parameters->message_group_id;
  return target.kind->check(*arn, parameters);
}

/// The batch, which depends on all the rest.
Result<void> read_batch(Config& config, const model::CreatePipeRequest& request) {
  const std::int32_t largest = largest_batch(config, *cloud::Arn::parse(config.target.arn));
  const auto parameters = request.source_parameters.value_or(model::PipeSourceParameters());
  std::optional<std::int32_t> size;
  std::optional<std::int32_t> window;
  if (const auto& stream = parameters.kinesis_stream_parameters) {
    size = stream->batch_size;
    window = stream->maximum_batching_window_in_seconds;
  } else if (const auto& queue = parameters.sqs_queue_parameters) {
    size = queue->batch_size;
    window = queue->maximum_batching_window_in_seconds;
  }
  if (size.value_or(1) > largest) {
    return invalid("BatchSize " + std::to_string(*size) + " is larger than " + std::to_string(largest) +
                   ", the largest batch that the target " + config.target.arn +
                   (config.enrichment ? " with an enrichment" : "") + " supports.");
  }
  const std::int32_t usual = std::min(largest, config.from_stream ? kStreamBatch : kQueueBatch);
  config.batch_size = static_cast<std::size_t>(size.value_or(usual));
  config.window = std::chrono::seconds(window.value_or(0));
  return {};
}

Result<void> check_dead_letters(const Config& config, const cloud::House& house, const PipeName& pipe) {
  if (config.dead_letter_arn.empty()) return {};
  const auto arn = cloud::Arn::parse(config.dead_letter_arn);
  if (arn && arn->service == "sqs" && arn->scope() == pipe.scope && house.event_targets.queues() != nullptr &&
      !arn->resource.ends_with(".fifo")) {
    return {};
  }
  return invalid("DeadLetterConfig.Arn " + config.dead_letter_arn +
                 " is not supported: it must be a standard queue of the same account and Region.");
}

}  // namespace

std::unexpected<Error> invalid(std::string message) {
  return fail("ValidationException", std::move(message));
}

cloud::HttpParameters HttpTemplate::apply(json::Value event) const {
  cloud::HttpParameters out;
  for (const Parameter& value : path_values) out.path_values.push_back(value.apply(event));
  for (const auto& [name, value] : headers) out.headers[name] = value.apply(event);
  for (const auto& [name, value] : query) out.query[name] = value.apply(event);
  return out;
}

Result<ConfigPtr> compile_config(const cloud::House& house, const PipeName& pipe,
                                 const model::CreatePipeRequest& request, bool check) {
  auto config = std::make_shared<Config>();
  Result<void> done = refuse(request);
  if (done) done = read_source(*config, house, pipe, request, check);
  if (done) done = read_enrichment(*config, house, request, check);
  if (done) done = read_target(*config, house, pipe, request, check);
  if (done) done = read_batch(*config, request);
  if (done) done = check_dead_letters(*config, house, pipe);
  if (!done) return std::unexpected(std::move(done).error());
  config->surroundings = {pipe.arn(),         pipe.name, config->source, request.enrichment.value_or(""),
                          config->target.arn, ""};
  return config;
}

}  // namespace signalbox::pipes
