// Changing a stream: how long it keeps records, how large they may be, its mode.
#include "services/kinesis/core.h"

namespace signalbox::kinesis {
namespace {

using cloud::Call;

constexpr std::int32_t kMinRetention = 24;
constexpr std::int32_t kMaxRetention = 8760;

/// Commits the stream with another record. In the turn of its changes.
asio::awaitable<Result<void>> save(Core& core, Stream& stream, StreamRecord changed) {
  store::Batch batch;
  batch.put(stream_key(stream.name), store::encode(changed));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (committed) stream.record = std::move(changed);
  co_return committed;
}

Result<void> check_retention(std::int32_t hours) {
  if (hours < kMinRetention) {
    return invalid_argument("Minimum allowed retention period is " + std::to_string(kMinRetention) +
                            " hours. Requested retention period (" + std::to_string(hours) + " hours) is too short.");
  }
  if (hours > kMaxRetention) {
    return invalid_argument("Maximum allowed retention period is " + std::to_string(kMaxRetention) +
                            " hours. Requested retention period (" + std::to_string(hours) + " hours) is too long.");
  }
  return {};
}

asio::awaitable<Result<void>> change_retention(Core& core, Stream& stream, std::int32_t hours, bool increase) {
  Result<void> checked = check_retention(hours);
  if (!checked) co_return checked;
  const std::int32_t before = stream.record.retention_hours;
  const std::string requested = "Requested retention period (" + std::to_string(hours) + " hours) for stream " +
                                stream.name.name + " can not be ";
  if (increase && hours < before) {
    co_return invalid_argument(requested + "shorter than existing retention period (" + std::to_string(before) +
                               " hours). Use DecreaseRetentionPeriod API.");
  }
  if (!increase && hours > before) {
    co_return invalid_argument(requested + "longer than existing retention period (" + std::to_string(before) +
                               " hours). Use IncreaseRetentionPeriod API.");
  }
  if (hours == before) co_return Result<void>();
  StreamRecord changed = stream.record;
  changed.trimmed = stream.horizon(core.house.clock.now());  // what is gone does not come back
  changed.retention_hours = hours;
  Result<void> saved = co_await save(core, stream, std::move(changed));
  if (!saved) co_return saved;
  if (const StreamPtr pointer = core.find(stream.name)) trim(core, pointer);
  co_return saved;
}

/// There is no KMS: any key that is named stands for the server's own, by which records are sealed in the store.
Result<StreamRecord> encrypted(const Stream& stream, const std::string& type, const std::string& key) {
  if (type != model::encryption_type::kKMS) return invalid_argument("EncryptionType must be KMS, not " + type + ".");
  StreamRecord changed = stream.record;
  changed.key_id = key;
  return changed;
}

Result<StreamRecord> unencrypted(const Stream& stream, const std::string& type, const std::string& key) {
  if (type != model::encryption_type::kKMS) return invalid_argument("EncryptionType must be KMS, not " + type + ".");
  if (stream.is_encrypted() && key != stream.record.key_id) {
    return invalid_argument("The KeyId " + key + " is not that by which " + described(stream.name) + " is encrypted.");
  }
  StreamRecord changed = stream.record;
  changed.key_id.clear();
  return changed;
}

constexpr const char* kShardMetrics[] = {"IncomingBytes",
                                         "IncomingRecords",
                                         "IteratorAgeMilliseconds",
                                         "OutgoingBytes",
                                         "OutgoingRecords",
                                         "ReadProvisionedThroughputExceeded",
                                         "WriteProvisionedThroughputExceeded"};

/// Tells more of the shards' metrics, or fewer.
Answer<model::EnhancedMonitoringOutput> monitor(Core& core, Stream& stream, const std::vector<std::string>& metrics,
                                                bool enable) {
  StreamRecord changed = stream.record;
  std::set<std::string> named(metrics.begin(), metrics.end());
  if (named.contains(model::metrics_name::kALL)) named = {std::begin(kShardMetrics), std::end(kShardMetrics)};
  for (const std::string& metric : named) {
    if (enable) changed.shard_metrics.insert(metric);
    if (!enable) changed.shard_metrics.erase(metric);
  }
  const auto list = [](const auto& set) { return std::vector<std::string>(set.begin(), set.end()); };
  model::EnhancedMonitoringOutput output;
  output.stream_name = stream.name.name;
  output.stream_arn = stream.arn;
  output.current_shard_level_metrics = list(stream.record.shard_metrics);
  output.desired_shard_level_metrics = list(changed.shard_metrics);
  Result<void> saved = co_await save(core, stream, std::move(changed));
  if (!saved) co_return std::unexpected(std::move(saved).error());
  co_return output;
}

template <class Request>
Answer<model::EnhancedMonitoringOutput> monitor(Core& core, const Call& call, Request request, bool enable) {
  auto work = [&](Stream& stream) { return monitor(core, stream, *request.shard_level_metrics, enable); };
  co_return co_await in_turn<model::EnhancedMonitoringOutput>(core, call, StreamReference::of(request), std::ref(work));
}

/// Answers with an empty structure.
template <class Out, class Request, class Change>
Answer<Out> change(Core& core, const Call& call, Request request, Change work) {
  const auto reference = StreamReference::of(request);
  auto change_it = [&](Stream& stream) -> Answer<Out> {
    Result<void> changed = co_await work(stream, request);
    if (!changed) co_return std::unexpected(std::move(changed).error());
    co_return Out{};
  };
  co_return co_await in_turn<Out>(core, call, reference, std::ref(change_it));
}

}  // namespace

void register_setting_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kIncreaseStreamRetentionPeriod,
              [&core](const Call& call, model::IncreaseStreamRetentionPeriodInput request) {
                return change<model::IncreaseStreamRetentionPeriodResponse>(
                    core, call, std::move(request), [&core](Stream& stream, const auto& wanted) {
                      return change_retention(core, stream, *wanted.retention_period_hours, true);
                    });
              });
  door.handle(model::kDecreaseStreamRetentionPeriod,
              [&core](const Call& call, model::DecreaseStreamRetentionPeriodInput request) {
                return change<model::DecreaseStreamRetentionPeriodResponse>(
                    core, call, std::move(request), [&core](Stream& stream, const auto& wanted) {
                      return change_retention(core, stream, *wanted.retention_period_hours, false);
                    });
              });
  door.handle(model::kStartStreamEncryption, [&core](const Call& call, model::StartStreamEncryptionInput request) {
    return change<model::StartStreamEncryptionResponse>(
        core, call, std::move(request), [&core](Stream& stream, const auto& wanted) -> asio::awaitable<Result<void>> {
          auto changed = encrypted(stream, *wanted.encryption_type, *wanted.key_id);
          if (!changed) co_return std::unexpected(std::move(changed).error());
          co_return co_await save(core, stream, *std::move(changed));
        });
  });
  door.handle(model::kStopStreamEncryption, [&core](const Call& call, model::StopStreamEncryptionInput request) {
    return change<model::StopStreamEncryptionResponse>(
        core, call, std::move(request), [&core](Stream& stream, const auto& wanted) -> asio::awaitable<Result<void>> {
          auto changed = unencrypted(stream, *wanted.encryption_type, *wanted.key_id);
          if (!changed) co_return std::unexpected(std::move(changed).error());
          co_return co_await save(core, stream, *std::move(changed));
        });
  });
  door.handle(model::kEnableEnhancedMonitoring,
              [&core](const Call& call, model::EnableEnhancedMonitoringInput request) {
                return monitor(core, call, std::move(request), true);
              });
  door.handle(model::kDisableEnhancedMonitoring,
              [&core](const Call& call, model::DisableEnhancedMonitoringInput request) {
                return monitor(core, call, std::move(request), false);
              });
  door.handle(model::kUpdateStreamMode, [&core](const Call& call, model::UpdateStreamModeInput request) {
    return change<model::UpdateStreamModeResponse>(
        core, call, std::move(request), [&core](Stream& stream, const auto& wanted) -> asio::awaitable<Result<void>> {
          if (wanted.warm_throughput_mi_bps) co_return invalid_argument("WarmThroughputMiBps is not supported yet.");
          StreamRecord changed = stream.record;
          changed.on_demand = wanted.stream_mode_details->stream_mode == model::stream_mode::kONDEMAND;
          co_return co_await save(core, stream, std::move(changed));
        });
  });
  door.handle(model::kUpdateMaxRecordSize, [&core](const Call& call, model::UpdateMaxRecordSizeInput request) {
    return change<model::UpdateMaxRecordSizeResponse>(core, call, std::move(request),
                                                      [&core](Stream& stream, const auto& wanted) {
                                                        StreamRecord changed = stream.record;
                                                        changed.max_record_kib = *wanted.max_record_size_in_ki_b;
                                                        return save(core, stream, std::move(changed));
                                                      });
  });
}

}  // namespace signalbox::kinesis
