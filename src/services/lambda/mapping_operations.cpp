// CreateEventSourceMapping and the others.
#include <algorithm>

#include "models/sqs.h"
#include "pattern/unbounded.h"
#include "services/lambda/changes.h"
#include "services/lambda/configuration.h"
#include "services/lambda/listing.h"
#include "services/lambda/mappings.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;
using Config = model::EventSourceMappingConfiguration;

constexpr std::int32_t kQueueBatch = 10;
constexpr std::int32_t kStreamBatch = 100;
constexpr std::int32_t kMostWithoutWindow = 10;
constexpr std::size_t kMaxFilters = 5;
constexpr std::int32_t kLeastRecordAge = 60;  // seconds

/// Members that do nothing here.
Result<void> refuse(const model::CreateEventSourceMappingRequest& request, bool stream) {
  if (request.topics) return not_supported("Topics");
  if (request.queues) return not_supported("Queues");
  if (request.source_access_configurations) return not_supported("SourceAccessConfigurations");
  if (request.self_managed_event_source) return not_supported("SelfManagedEventSource");
  if (request.amazon_managed_kafka_event_source_config) return not_supported("AmazonManagedKafkaEventSourceConfig");
  if (request.self_managed_kafka_event_source_config) return not_supported("SelfManagedKafkaEventSourceConfig");
  if (request.document_db_event_source_config) return not_supported("DocumentDBEventSourceConfig");
  if (request.kms_key_arn) return not_supported("KMSKeyArn");
  if (request.metrics_config) return not_supported("MetricsConfig");
  if (request.logging_config) return not_supported("LoggingConfig");
  if (request.provisioned_poller_config) return not_supported("ProvisionedPollerConfig");
  if (request.tumbling_window_in_seconds.value_or(0) != 0) return not_supported("TumblingWindowInSeconds");
  const auto only_for = [](std::string_view field, std::string_view what) {
    return invalid("Unsupported parameter for this event source: " + std::string(field) + " is for " +
                   std::string(what) + ".");
  };
  if (stream) {
    if (request.scaling_config) return only_for("ScalingConfig", "queues");
    return {};
  }
  if (request.parallelization_factor.value_or(1) != 1) return only_for("ParallelizationFactor", "streams");
  if (request.starting_position) return only_for("StartingPosition", "streams");
  if (request.bisect_batch_on_function_error.value_or(false)) return only_for("BisectBatchOnFunctionError", "streams");
  if (request.maximum_record_age_in_seconds) return only_for("MaximumRecordAgeInSeconds", "streams");
  if (request.maximum_retry_attempts) return only_for("MaximumRetryAttempts", "streams");
  if (request.destination_config && request.destination_config->on_failure) {
    return only_for("DestinationConfig", "streams");
  }
  return {};
}

Result<void> read_stream_settings(const Core& core, const model::CreateEventSourceMappingRequest& request,
                                  MappingConfig& config) {
  if (!request.starting_position) {
    return invalid(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
        "Member must not be null.");
  }
  config.starting_position = *request.starting_position;
  const bool at_time = config.starting_position == model::event_source_position::kATTIMESTAMP;
  if (at_time != request.starting_position_timestamp.has_value()) {
    return invalid("StartingPositionTimestamp must be given with StartingPosition AT_TIMESTAMP, and only then.");
  }
  config.starting_time = request.starting_position_timestamp.value_or(Time{});
  config.at_once = static_cast<std::size_t>(request.parallelization_factor.value_or(1));
  config.bisects = request.bisect_batch_on_function_error.value_or(false);
  if (const auto retries = request.maximum_retry_attempts; retries && *retries >= 0) config.max_retries = *retries;
  if (const auto age = request.maximum_record_age_in_seconds; age && *age >= 0) {
    config.max_age = std::chrono::seconds(*age);
  }
  if (!request.destination_config) return {};
  if (!request.destination_config->on_failure) return {};
  config.on_failure = request.destination_config->on_failure->destination.value_or("");
  if (config.on_failure.empty()) return {};
  return check_destination(core, config.function.function, config.on_failure, true);
}

/// What only requests are held to: mappings that were made before these rules go on.
Result<void> check_settings(const model::CreateEventSourceMappingRequest& request, const MappingConfig& config) {
  if (request.destination_config && request.destination_config->on_success) {
    return invalid("Unsupported DestinationConfig parameter for given event source mapping type.");
  }
  if (const std::int32_t age = request.maximum_record_age_in_seconds.value_or(-1); age >= 0 && age < kLeastRecordAge) {
    return invalid("MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)");
  }
  if (config.source.ends_with(".fifo") && request.maximum_batching_window_in_seconds.value_or(0) > 0) {
    return invalid("Batching window is not supported for FIFO queues");
  }
  return {};
}

Result<void> read_filters(const model::CreateEventSourceMappingRequest& request, MappingConfig& config) {
  if (!request.filter_criteria || !request.filter_criteria->filters) return {};
  if (request.filter_criteria->filters->size() > kMaxFilters) return invalid("A mapping can have at most 5 filters.");
  for (const auto& filter : *request.filter_criteria->filters) {
    auto compiled = pattern::compile_unbounded(filter.pattern.value_or(""));
    if (!compiled) return invalid("Invalid filter pattern definition.");
    config.filters.push_back(*std::move(compiled));
  }
  return {};
}

Config shown(const Mapping& mapping) {
  const auto& request = mapping.record.request;
  const MappingConfig& config = *mapping.config;
  Config out;
  out.uuid = mapping.id;
  out.event_source_mapping_arn = cloud::make_arn("lambda", mapping.scope, "event-source-mapping:" + mapping.id);
  out.event_source_arn = config.source;
  out.function_arn = config.function.function.arn(config.function.qualifier);
  out.batch_size = static_cast<std::int32_t>(config.batch_size);
  out.maximum_batching_window_in_seconds = request.maximum_batching_window_in_seconds.value_or(0);
  out.filter_criteria = request.filter_criteria;
  out.last_modified = mapping.record.modified;
  out.state = mapping.record.enabled ? "Enabled" : "Disabled";
  out.function_response_types = request.function_response_types.value_or(std::vector<std::string>());
  out.scaling_config = request.scaling_config;
  // Queues and streams are told of in different words, and only streams of what came of the last batch.
  out.state_transition_reason = config.from_stream ? "User action" : "USER_INITIATED";
  if (!config.from_stream) return out;
  out.last_processing_result = mapping.last_result;
  out.starting_position = request.starting_position;
  out.starting_position_timestamp = request.starting_position_timestamp;
  out.parallelization_factor = static_cast<std::int32_t>(config.at_once);
  out.bisect_batch_on_function_error = config.bisects;
  out.maximum_retry_attempts = request.maximum_retry_attempts.value_or(-1);
  out.maximum_record_age_in_seconds = request.maximum_record_age_in_seconds.value_or(-1);
  out.tumbling_window_in_seconds = 0;
  auto& destinations = out.destination_config.emplace();
  destinations = request.destination_config.value_or(model::DestinationConfig());
  if (!destinations.on_failure) destinations.on_failure.emplace();
  return out;
}

std::unexpected<Error> no_such_mapping() {
  return fail("ResourceNotFoundException", "The resource you requested does not exist.", 404);
}

/// In AWS's words for each kind of source.
std::unexpected<Error> exists_already(const MappingConfig& config, const std::string& id) {
  const std::string function = config.function.function.name;
  const std::string what = config.from_stream ? "The event source arn (\" " + config.source + " \") and function (\" " +
                                                    function + " \") provided mapping already exists."
                                              : "An event source mapping with SQS arn (\" " + config.source +
                                                    " \") and function (\" " + function + " \") already exists.";
  return fail("ResourceConflictException", what + " Please update or delete the existing mapping with UUID " + id, 409);
}

/// What a queue hands out must not come back while the function still works on it. Errors:
/// InvalidParameterValueException.
asio::awaitable<Result<void>> check_timeouts(const Core& core, const MappingConfig& config) {
  namespace sqs = models::sqs;
  const auto queue = config.from_stream ? std::nullopt : cloud::Arn::parse(config.source);
  const auto* const read = core.house.door.handler_of(*sqs::kGetQueueAttributes.operation);
  const FunctionPtr function = core.find(config.function.function);
  const VersionPtr version = function ? function->resolve(config.function.qualifier, 1) : nullptr;
  if (!queue || read == nullptr || !version) co_return Result<void>();
  Call call;
  call.scope = queue->scope();
  sqs::GetQueueAttributesRequest request;
  request.queue_url = "http://localhost/" + queue->account + "/" + queue->resource;
  request.attribute_names = {std::string(sqs::queue_attribute_name::kVisibilityTimeout)};
  wire::AnyStructure input(*sqs::kGetQueueAttributes.operation->input, std::move(request));
  Result<wire::AnyStructure> answer = co_await (*read)(call, std::move(input));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  const auto& attributes = answer->as<sqs::GetQueueAttributesResult>().attributes;
  const std::int64_t visible = attributes ? std::stoll(attributes->at("VisibilityTimeout")) : 0;
  const std::int64_t timeout = version->config.timeout.value_or(0);
  if (visible >= timeout) co_return Result<void>();
  co_return invalid("Queue visibility timeout: " + std::to_string(visible) +
                    " seconds is less than Function timeout: " + std::to_string(timeout) + " seconds");
}

asio::awaitable<Result<Config>> create(Core& core, const Call& call, model::CreateEventSourceMappingRequest request) {
  Result<void> tags = check_tags(request.tags.value_or(decltype(request.tags)::value_type()));
  if (!tags) co_return std::unexpected(std::move(tags).error());
  auto config = compile_mapping(core, call.scope, request, true);
  if (!config) co_return std::unexpected(std::move(config).error());
  for (const MappingPtr& other : core.mappings->mappings_of(call.scope)) {
    const FunctionReference& function = other->config->function;
    if (other->config->source != (*config)->source || function.function != (*config)->function.function ||
        function.qualifier != (*config)->function.qualifier) {
      continue;
    }
    co_return exists_already(**config, other->id);
  }
  Result<void> may = co_await may_read(core, *config);
  if (may) may = co_await check_timeouts(core, **config);
  if (!may) co_return std::unexpected(std::move(may).error());
  std::string id = core.house.random.uuid();
  cloud::Shard& owner = core.house.shards.owner("lambda:mapping:" + id);
  auto mapping = std::make_shared<Mapping>(std::move(id), call.scope, owner);
  mapping->record = {core.house.random.next(), core.house.clock.now(), request.enabled.value_or(true),
                     std::move(request)};
  mapping->config = *std::move(config);
  store::Batch batch;
  batch.put(mapping_key(mapping->scope, mapping->id), store::encode(mapping->record));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  core.mappings->put(mapping);
  Config answer = shown(*mapping);
  answer.state = "Creating";
  owner.post([&core, mapping] { mapping->owner.spawn("lambda.mapping-start", restart(core, mapping)); });
  co_return answer;
}

/// Runs `work()` on the mapping's shard, when no other change is under way.
template <class Work>
asio::awaitable<Result<Config>> in_turn_of(MappingPtr mapping, Work work) {
  auto alone = [&]() -> asio::awaitable<Result<Config>> {
    const auto turn = co_await mapping->changes.take();
    if (mapping->deleted) co_return no_such_mapping();
    co_return co_await work();
  };
  co_return co_await cloud::on(mapping->owner, std::ref(alone));
}

void put_onto(model::CreateEventSourceMappingRequest& request, const model::UpdateEventSourceMappingRequest& update) {
  const auto set = [](auto& to, const auto& from) {
    if (from) to = from;
  };
  set(request.function_name, update.function_name);
  set(request.batch_size, update.batch_size);
  set(request.filter_criteria, update.filter_criteria);
  set(request.maximum_batching_window_in_seconds, update.maximum_batching_window_in_seconds);
  set(request.destination_config, update.destination_config);
  set(request.maximum_record_age_in_seconds, update.maximum_record_age_in_seconds);
  set(request.bisect_batch_on_function_error, update.bisect_batch_on_function_error);
  set(request.maximum_retry_attempts, update.maximum_retry_attempts);
  set(request.parallelization_factor, update.parallelization_factor);
  set(request.source_access_configurations, update.source_access_configurations);
  set(request.tumbling_window_in_seconds, update.tumbling_window_in_seconds);
  set(request.function_response_types, update.function_response_types);
  set(request.scaling_config, update.scaling_config);
  set(request.kms_key_arn, update.kms_key_arn);
  set(request.metrics_config, update.metrics_config);
  set(request.logging_config, update.logging_config);
  set(request.provisioned_poller_config, update.provisioned_poller_config);
}

asio::awaitable<Result<Config>> update(Core& core, const Call& call, model::UpdateEventSourceMappingRequest request) {
  const MappingPtr mapping = core.mappings->find(call.scope, *request.uuid);
  if (!mapping) co_return no_such_mapping();
  co_return co_await in_turn_of(mapping, [&]() -> asio::awaitable<Result<Config>> {
    MappingRecord record = mapping->record;
    const bool was_enabled = record.enabled;
    put_onto(record.request, request);
    if (request.enabled) record.enabled = *request.enabled;
    record.modified = core.house.clock.now();
    auto config = compile_mapping(core, mapping->scope, record.request, true);
    if (!config) co_return std::unexpected(std::move(config).error());
    Result<void> may = co_await may_read(core, *config);
    if (may) may = co_await check_timeouts(core, **config);
    if (!may) co_return std::unexpected(std::move(may).error());
    co_await stop(core, mapping);
    store::Batch batch;
    batch.put(mapping_key(mapping->scope, mapping->id), store::encode(record));
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (committed) {
      mapping->record = std::move(record);
      mapping->config = *std::move(config);
    }
    co_await start(core, mapping);
    if (!committed) co_return std::unexpected(std::move(committed).error());
    Config answer = shown(*mapping);
    const bool enabled = mapping->record.enabled;
    answer.state = enabled == was_enabled ? "Updating" : enabled ? "Enabling" : "Disabling";
    co_return answer;
  });
}

asio::awaitable<Result<Config>> remove(Core& core, const Call& call, model::DeleteEventSourceMappingRequest request) {
  const MappingPtr mapping = core.mappings->find(call.scope, *request.uuid);
  if (!mapping) co_return no_such_mapping();
  co_return co_await in_turn_of(mapping, [&]() -> asio::awaitable<Result<Config>> {
    co_await stop(core, mapping);
    store::Batch batch;
    batch.erase(mapping_key(mapping->scope, mapping->id));
    const store::Key positions = store::Key(kPositionSpace).number(mapping->record.number);
    batch.erase_range(positions, positions.end());
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) {
      co_await start(core, mapping);
      co_return std::unexpected(std::move(committed).error());
    }
    mapping->deleted = true;
    core.mappings->erase(mapping);
    Config answer = shown(*mapping);
    answer.state = "Deleting";
    co_return answer;
  });
}

asio::awaitable<Result<Config>> get(Core& core, const Call& call, model::GetEventSourceMappingRequest request) {
  const MappingPtr mapping = core.mappings->find(call.scope, *request.uuid);
  if (!mapping) co_return no_such_mapping();
  co_return co_await cloud::on(mapping->owner, [&]() -> asio::awaitable<Result<Config>> { co_return shown(*mapping); });
}

asio::awaitable<Result<model::ListEventSourceMappingsResponse>> list(Core& core, const Call& call,
                                                                     model::ListEventSourceMappingsRequest request) {
  std::optional<FunctionReference> function;
  if (request.function_name) {
    auto named = read_function(call.scope, *request.function_name);
    if (!named) co_return std::unexpected(std::move(named).error());
    function = *std::move(named);
  }
  std::vector<std::pair<std::string, Config>> all;
  for (const MappingPtr& mapping : core.mappings->mappings_of(call.scope)) {
    co_await cloud::on(mapping->owner, [&]() -> asio::awaitable<void> {
      const bool its_source = !request.event_source_arn || *request.event_source_arn == mapping->config->source;
      const FunctionReference& is = mapping->config->function;
      const bool its_function = !function || (function->function == is.function && function->qualifier == is.qualifier);
      if (its_source && its_function) all.emplace_back(mapping->id, shown(*mapping));
      co_return;
    });
  }
  auto page = page_of("lambda.mappings", std::move(all), request.marker, request.max_items);
  if (!page) co_return std::unexpected(std::move(page).error());
  co_return model::ListEventSourceMappingsResponse{std::move(page->next), std::move(page->items)};
}

}  // namespace

Result<MappingConfigPtr> compile_mapping(const Core& core, const cloud::Scope& scope,
                                         const model::CreateEventSourceMappingRequest& request, bool check) {
  auto config = std::make_shared<MappingConfig>();
  config->source = request.event_source_arn.value_or("");
  const auto arn = cloud::Arn::parse(config->source);
  if (!arn || (arn->service != "sqs" && arn->service != "kinesis")) {
    if (!request.event_source_arn || !arn) return invalid("Unrecognized event source.");
    return invalid("An event source such as " + config->source + " is not supported yet.");
  }
  if (arn->scope() != scope) return invalid("Event sources in other accounts and Regions are not supported yet.");
  config->from_stream = arn->service == "kinesis";
  auto function = read_function(scope, *request.function_name);
  if (!function) return std::unexpected(std::move(function).error());
  config->function = *std::move(function);
  Result<void> good = check ? check_settings(request, *config) : Result<void>();
  if (good) good = refuse(request, config->from_stream);
  if (good && config->from_stream) good = read_stream_settings(core, request, *config);
  if (good) good = read_filters(request, *config);
  if (!good) return std::unexpected(std::move(good).error());
  const std::int32_t batch = request.batch_size.value_or(config->from_stream ? kStreamBatch : kQueueBatch);
  config->window = std::chrono::seconds(request.maximum_batching_window_in_seconds.value_or(0));
  if (!config->from_stream && batch > kMostWithoutWindow && config->window.count() == 0) {
    return invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10");
  }
  config->batch_size = static_cast<std::size_t>(batch);
  const auto types = request.function_response_types.value_or(std::vector<std::string>());
  config->reports_failures = std::ranges::count(types, "ReportBatchItemFailures") != 0;
  if (request.scaling_config && request.scaling_config->maximum_concurrency) {
    config->most_at_once = static_cast<std::size_t>(*request.scaling_config->maximum_concurrency);
  }
  if (!check) return config;
  const FunctionPtr is = core.find(config->function.function);
  if (!is || !is->resolve(config->function.qualifier, 1)) {
    return no_such_function(config->function.function.arn(config->function.qualifier));
  }
  const cloud::PipeEnds& ends = core.house.pipe_ends;
  const bool exists = config->from_stream ? ends.streams && ends.streams->exists(config->source)
                                          : ends.queues && ends.queues->exists(config->source);
  if (!exists && config->from_stream) return invalid("Stream not found: " + config->source);
  if (!exists) {
    return invalid(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
        "Message: The specified queue does not exist.");
  }
  return config;
}

asio::awaitable<Result<Tags>> change_mapping_tags(Core& core, cloud::Scope scope, std::string id,
                                                  cloud::TagChange change) {
  const MappingPtr mapping = core.mappings->find(scope, id);
  const auto none = [&] {
    return fail("ResourceNotFoundException",
                "Event source mapping not found: " + cloud::make_arn("lambda", scope, "event-source-mapping:" + id),
                404);
  };
  if (!mapping) co_return none();
  auto alone = [&]() -> asio::awaitable<Result<Tags>> {
    const auto turn = co_await mapping->changes.take();
    if (mapping->deleted) co_return none();
    MappingRecord record = mapping->record;
    auto& tags = record.request.tags ? *record.request.tags : record.request.tags.emplace();
    if (!change) co_return tags;
    Result<void> done = change(tags);
    if (!done) co_return std::unexpected(std::move(done).error());
    store::Batch batch;
    batch.put(mapping_key(mapping->scope, mapping->id), store::encode(record));
    done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    mapping->record = std::move(record);
    co_return *mapping->record.request.tags;
  };
  co_return co_await cloud::on(mapping->owner, std::ref(alone));
}

void register_mapping_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kCreateEventSourceMapping,
              [&core](const Call& call, model::CreateEventSourceMappingRequest request) {
                return create(core, call, std::move(request));
              });
  door.handle(model::kUpdateEventSourceMapping,
              [&core](const Call& call, model::UpdateEventSourceMappingRequest request) {
                return update(core, call, std::move(request));
              });
  door.handle(model::kDeleteEventSourceMapping,
              [&core](const Call& call, model::DeleteEventSourceMappingRequest request) {
                return remove(core, call, std::move(request));
              });
  door.handle(model::kGetEventSourceMapping, [&core](const Call& call, model::GetEventSourceMappingRequest request) {
    return get(core, call, std::move(request));
  });
  door.handle(model::kListEventSourceMappings,
              [&core](const Call& call, model::ListEventSourceMappingsRequest request) {
                return list(core, call, std::move(request));
              });
}

}  // namespace signalbox::lambda
