#include "services/kinesis/core.h"

#include <mutex>

namespace signalbox::kinesis {

Figures::Figures(Metrics& metrics)
    : records_put(metrics.counter("signalbox_kinesis_records_put_total", "Records put into streams.")),
      records_read(metrics.counter("signalbox_kinesis_records_read_total", "Records that GetRecords answered.")),
      throttled(metrics.counter("signalbox_kinesis_throttled_total",
                                "Records and calls refused because of the throughput of a shard.")) {}

StreamPtr Core::find(const StreamName& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = streams_.find(name);
  return found == streams_.end() ? nullptr : found->second;
}

StreamPtr Core::find_id(const cloud::Scope& scope, std::uint64_t id) const {
  const std::shared_lock lock(mutex_);
  for (auto at = streams_.lower_bound({scope, ""}); at != streams_.end() && at->first.scope == scope; ++at) {
    if (at->second->id == id) return at->second;
  }
  return nullptr;
}

std::vector<StreamPtr> Core::streams_of(const cloud::Scope& scope) const {
  std::vector<StreamPtr> streams;
  const std::shared_lock lock(mutex_);
  for (auto at = streams_.lower_bound({scope, ""}); at != streams_.end() && at->first.scope == scope; ++at) {
    streams.push_back(at->second);
  }
  return streams;
}

void Core::put(const StreamPtr& stream) {
  const std::unique_lock lock(mutex_);
  streams_[stream->name] = stream;
}

void Core::erase(const StreamName& name) {
  const std::unique_lock lock(mutex_);
  streams_.erase(name);
}

std::string described(const StreamName& name) {
  return "stream " + name.name + " under account " + name.scope.account;
}

std::unexpected<Error> no_such_stream(const StreamName& name) {
  return fail(model::errors::kResourceNotFoundException,
              "Stream " + name.name + " under account " + name.scope.account + " not found.");
}

std::unexpected<Error> no_such_shard(const Stream& stream, const std::string& shard) {
  return fail(model::errors::kResourceNotFoundException,
              "Could not find shard " + shard + " in " + described(stream.name) + ".");
}

std::unexpected<Error> invalid_argument(std::string message) {
  return fail(model::errors::kInvalidArgumentException, std::move(message));
}

Result<StreamName> name_of(const cloud::Call& call, const StreamReference& reference) {
  if (reference.id) return invalid_argument("StreamId is not supported yet.");
  if (!reference.arn) {
    if (!reference.name) return invalid_argument("Either StreamARN or StreamName must be provided.");
    return StreamName{call.scope, *reference.name};
  }
  constexpr std::string_view kResource = "stream/";
  const auto arn = cloud::Arn::parse(*reference.arn);
  if (!arn || arn->service != "kinesis" || !arn->resource.starts_with(kResource)) {
    return invalid_argument("StreamARN " + *reference.arn + " is not valid.");
  }
  StreamName name{arn->scope(), arn->resource.substr(kResource.size())};
  if (reference.name && *reference.name != name.name) {
    return invalid_argument("StreamName " + *reference.name + " and StreamARN " + *reference.arn +
                            " name different streams.");
  }
  // Streams of other accounts and Regions are not to be seen.
  if (name.scope != call.scope) return no_such_stream(name);
  return name;
}

Result<StreamPtr> find_stream(const Core& core, const cloud::Call& call, const StreamReference& reference) {
  const auto name = name_of(call, reference);
  if (!name) return std::unexpected(name.error());
  StreamPtr stream = core.find(*name);
  if (!stream) return no_such_stream(*name);
  return stream;
}

Result<const Shard*> need_shard(const Core& core, const Stream& stream, const std::string& name) {
  const auto index = parse_shard_name(name);
  const Shard* const shard = index ? stream.find_shard(*index, core.house.clock.now()) : nullptr;
  if (shard == nullptr) return no_such_shard(stream, name);
  return shard;
}

model::Shard model_of(const Stream& stream, const Shard& shard) {
  model::Shard out;
  out.shard_id = shard_name(shard.index);
  // A parent that is expired is named nowhere else.
  if (shard.parent) out.parent_shard_id = shard_name(*shard.parent);
  if (shard.adjacent_parent) out.adjacent_parent_shard_id = shard_name(*shard.adjacent_parent);
  auto& range = out.hash_key_range.emplace();
  range.starting_hash_key = hash_text(shard.first);
  range.ending_hash_key = hash_text(shard.last);
  auto& sequences = out.sequence_number_range.emplace();
  sequences.starting_sequence_number = stream.sequence_text(shard.starting, shard.index);
  if (shard.ending) sequences.ending_sequence_number = stream.sequence_text(*shard.ending, shard.index);
  return out;
}

}  // namespace signalbox::kinesis
