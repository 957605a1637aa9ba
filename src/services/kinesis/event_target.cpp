#include "services/kinesis/event_target.h"

#include "services/kinesis/put.h"

namespace signalbox::kinesis {
namespace {

constexpr std::size_t kMaxPartitionKey = 256;
constexpr std::string_view kResource = "stream/";

std::optional<StreamName> name_of_target(const std::string& target) {
  const auto arn = cloud::Arn::parse(target);
  if (!arn || !arn->resource.starts_with(kResource)) return std::nullopt;
  return StreamName{arn->scope(), arn->resource.substr(kResource.size())};
}

/// Why a record cannot be taken; empty when it can.
std::string refusal(const Stream& stream, const NewRecord& record) {
  if (record.partition_key.empty() || record.partition_key.size() > kMaxPartitionKey) {
    return "The partition key must have 1 to " + std::to_string(kMaxPartitionKey) + " bytes.";
  }
  const Result<void> checked = check_size(stream, record);
  return checked ? "" : checked.error().message;
}

}  // namespace

Result<void> StreamTarget::check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const {
  if (parameters.http) return cloud::not_for_this_target("HttpParameters", parameters.id);
  if (parameters.message_group_id) return cloud::not_for_this_target("SqsParameters", parameters.id);
  if (target.resource.starts_with(kResource)) return {};
  return fail("ValidationException", "Parameter " + target.text() + " is not valid. Reason: it names no stream.");
}

asio::awaitable<cloud::Appended> StreamTarget::append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                                      store::Batch& batch) {
  cloud::Appended appended;
  const auto none_taken = [&] {
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      appended.undelivered.push_back({i, "NO_RESOURCE", "The stream " + target + " does not exist."});
    }
  };
  const auto name = name_of_target(target);
  const StreamPtr stream = name ? core_.find(*name) : nullptr;
  if (!stream) {
    none_taken();
    co_return appended;
  }
  std::optional<std::uint64_t> mark;
  auto place_all = [&]() -> asio::awaitable<void> {
    co_await wait_for_resharding(core_, *stream);
    if (stream->deleted) {
      none_taken();
      co_return;
    }
    const Time now = core_.house.clock.now();
    mark = begin_flight(*stream, now);
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      const cloud::EventDelivery& delivery = deliveries[i];
      const NewRecord record{delivery.partition_key, delivery.payload, hash_of(delivery.partition_key)};
      const std::string why = refusal(*stream, record);
      if (!why.empty()) {
        appended.undelivered.push_back({i, "INVALID_PARAMETER", why});
        continue;
      }
      charge(*stream, record);
      place(*stream, record, now, batch);
      stream->measures.tell_incoming(size_of(record));
    }
    arm_trim(core_, *stream);
  };
  co_await cloud::on(stream->owner, std::ref(place_all));
  if (!mark) co_return appended;
  core_.figures.records_put.add(deliveries.size() - appended.undelivered.size());
  appended.after = [stream, mark = *mark](bool) {
    if (stream->owner.is_current()) return end_flight(*stream, mark);
    stream->owner.post([stream, mark] { end_flight(*stream, mark); });
  };
  co_return appended;
}

}  // namespace signalbox::kinesis
