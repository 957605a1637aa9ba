// Listing a stream's shards, and changing them: split, merge, scale.
#include <algorithm>

#include "base/encoding.h"
#include "services/kinesis/core.h"
#include "store/record.h"

namespace signalbox::kinesis {
namespace {

using cloud::Call;

constexpr std::int32_t kDefaultPage = 1000;
constexpr Duration kTokenLife = std::chrono::minutes(5);
constexpr std::uint8_t kTokenVersion = 1;
/// "Scale up to more than 10000 shards in a stream" is among what UpdateShardCount cannot do.
constexpr std::int32_t kMaxShardsOfStream = 10'000;

/// A listing of shards, as its page token keeps it.
struct Listing {
  std::string stream;
  std::uint32_t from = 0;
  std::string filter;
  Time at{};  // of AT_TIMESTAMP and FROM_TIMESTAMP
  Time made{};

  std::string token(Time now) const {
    store::RecordWriter out(kTokenVersion);
    out.text(stream).number(from).text(filter).integer(at.time_since_epoch().count());
    out.integer(now.time_since_epoch().count());
    return to_base64(out.bytes());
  }
  static std::optional<Listing> parse(std::string_view token) {
    const auto bytes = from_base64(token);
    if (!bytes || bytes->empty()) return std::nullopt;
    store::RecordReader in(*bytes, kTokenVersion);
    Listing listing;
    listing.stream = in.text();
    listing.from = static_cast<std::uint32_t>(in.number());
    listing.filter = in.text();
    listing.at = Time(Duration(in.integer()));
    listing.made = Time(Duration(in.integer()));
    if (!in.complete()) return std::nullopt;
    return listing;
  }
};

Result<void> read_filter(Listing& listing, const model::ShardFilter& filter) {
  namespace type = model::shard_filter_type;
  listing.filter = *filter.type;
  const bool by_time = listing.filter == type::kATTIMESTAMP || listing.filter == type::kFROMTIMESTAMP;
  if (by_time != filter.timestamp.has_value()) {
    return invalid_argument(by_time ? "Timestamp must be given with the ShardFilter type " + listing.filter + "."
                                    : "Timestamp cannot be given with the ShardFilter type " + listing.filter + ".");
  }
  if (by_time) listing.at = *filter.timestamp;
  const bool after = listing.filter == type::kAFTERSHARDID;
  if (after != filter.shard_id.has_value()) {
    return invalid_argument(after ? "ShardId must be given with the ShardFilter type " + listing.filter + "."
                                  : "ShardId cannot be given with the ShardFilter type " + listing.filter + ".");
  }
  if (!after) return {};
  const auto index = parse_shard_name(*filter.shard_id);
  if (!index) return invalid_argument("ShardId " + *filter.shard_id + " is not valid.");
  listing.from = std::max(listing.from, *index + 1);
  return {};
}

Result<Listing> listing_of(const Call& call, const model::ListShardsInput& request, Time now) {
  if (request.next_token) {
    if (request.stream_name || request.stream_arn || request.exclusive_start_shard_id || request.shard_filter) {
      return invalid_argument(
          "NextToken and StreamName, StreamARN, ExclusiveStartShardId or ShardFilter cannot be "
          "provided together.");
    }
    const auto listing = Listing::parse(*request.next_token);
    if (!listing) return invalid_argument("The NextToken is not valid.");
    if (now - listing->made > kTokenLife) {
      return fail(model::errors::kExpiredNextTokenException, "The NextToken has expired: it lives for 300 seconds.");
    }
    return *listing;
  }
  const auto name = name_of(call, StreamReference::of(request));
  if (!name) return std::unexpected(name.error());
  Listing listing;
  listing.stream = name->name;
  if (request.exclusive_start_shard_id) {
    const auto after = parse_shard_name(*request.exclusive_start_shard_id);
    if (!after)
      return invalid_argument("ExclusiveStartShardId " + *request.exclusive_start_shard_id + " is not valid.");
    listing.from = *after + 1;
  }
  if (!request.shard_filter) return listing;
  Result<void> filtered = read_filter(listing, *request.shard_filter);
  if (!filtered) return std::unexpected(std::move(filtered).error());
  return listing;
}

bool passes(const Listing& listing, const Stream& stream, const Shard& shard, Time now) {
  namespace type = model::shard_filter_type;
  const std::string& filter = listing.filter;
  if (filter == type::kATLATEST) return shard.open();
  if (filter == type::kATTRIMHORIZON) {
    // Nothing is left of what came before it: its parents, if it has any, are gone.
    const auto gone = [&](const std::optional<std::uint32_t>& parent) {
      return !parent || stream.find_shard(*parent, now) == nullptr;
    };
    return gone(shard.parent) && gone(shard.adjacent_parent);
  }
  const bool reaches = shard.open() || shard.closed >= listing.at;
  if (filter == type::kATTIMESTAMP) return reaches && shard.created <= listing.at;
  if (filter == type::kFROMTIMESTAMP) return reaches;
  return true;  // none, AFTER_SHARD_ID, FROM_TRIM_HORIZON
}

Answer<model::ListShardsOutput> list(Core& core, const Call& call, model::ListShardsInput request) {
  const Time now = core.house.clock.now();
  if (request.stream_id) co_return invalid_argument("StreamId is not supported yet.");
  auto listing = listing_of(call, request, now);
  if (!listing) co_return std::unexpected(listing.error());
  const auto most = static_cast<std::size_t>(request.max_results.value_or(kDefaultPage));
  auto work = [&](Stream& stream) -> Answer<model::ListShardsOutput> {
    if (request.stream_creation_timestamp && *request.stream_creation_timestamp != stream.record.created) {
      co_return no_such_stream(stream.name);
    }
    model::ListShardsOutput output;
    auto& shards = output.shards.emplace();
    for (auto at = stream.layout.shards().lower_bound(listing->from); at != stream.layout.shards().end(); ++at) {
      if (stream.is_expired(at->second, now) || !passes(*listing, stream, at->second, now)) continue;
      if (shards.size() == most) {
        listing->from = at->first;
        output.next_token = listing->token(now);
        break;
      }
      shards.push_back(model_of(stream, at->second));
    }
    co_return output;
  };
  StreamReference reference;
  reference.name = listing->stream;
  co_return co_await at_stream<model::ListShardsOutput>(core, call, std::move(reference), std::ref(work));
}

/// Changes the layout, with nobody putting records meanwhile: what they put must not be in shards that a failed commit
/// never made. In the turn of the stream's changes.
using Change = std::function<void(Layout&, const Occasion&)>;
asio::awaitable<Result<void>> reshard(Core& core, Stream& stream, const Change& change) {
  const Time now = core.house.clock.now();
  Layout changed = stream.layout;
  change(changed, {now, [&] { return stream.next_sequence(now); }});
  store::Batch batch;
  for (const std::uint32_t index : changed.take_changed()) {
    batch.put(shard_key(stream.id, index), store::encode(*changed.at(index)));
  }
  if (batch.empty()) co_return Result<void>();
  stream.resharding = true;
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (committed) stream.layout = std::move(changed);
  stream.resharding = false;
  for (cloud::Wait* wait : stream.waiting_to_put) wait->wake();
  if (committed) arm_trim(core, stream);
  stream.wake_watchers();
  co_return committed;
}

Result<void> check_provisioned(const Stream& stream, std::string_view operation) {
  if (!stream.record.on_demand) return {};
  return fail(
      model::errors::kValidationException,
      std::string(operation) + " is not supported for streams of mode ON_DEMAND, as " + stream.name.name + " is.");
}

/// An open shard by its name.
Result<const Shard*> need_open(const Core& core, const Stream& stream, const std::string& name) {
  const auto shard = need_shard(core, stream, name);
  if (!shard || (*shard)->open()) return shard;
  return invalid_argument("Shard " + name + " in " + described(stream.name) +
                          " has already been merged or split, and thus is not eligible for merging or splitting.");
}

Answer<model::SplitShardResponse> split(Core& core, Stream& stream, const model::SplitShardInput& request) {
  Result<void> possible = check_provisioned(stream, "SplitShard");
  if (!possible) co_return std::unexpected(std::move(possible).error());
  const auto shard = need_open(core, stream, *request.shard_to_split);
  if (!shard) co_return std::unexpected(shard.error());
  const auto second = parse_hash(*request.new_starting_hash_key);
  const Shard& parent = **shard;
  if (!second || *second <= parent.first + 1 || *second >= parent.last) {
    co_return invalid_argument(
        "NewStartingHashKey " + *request.new_starting_hash_key + " used in SplitShard() on shard " +
        *request.shard_to_split + " in " + described(stream.name) +
        " is not both greater than one plus the shard's StartingHashKey " + hash_text(parent.first) +
        " and less than the shard's EndingHashKey " + hash_text(parent.last - 1) + ".");
  }
  if (stream.layout.open_count() >= static_cast<std::size_t>(kMaxShardsOfStream)) {
    co_return fail(model::errors::kLimitExceededException,
                   "A stream can have at most " + std::to_string(kMaxShardsOfStream) + " open shards.");
  }
  const Change change = [&, index = parent.index](Layout& layout, const Occasion& when) {
    layout.split(index, *second, when);
  };
  Result<void> done = co_await reshard(core, stream, change);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return model::SplitShardResponse{};
}

Answer<model::MergeShardsResponse> merge(Core& core, Stream& stream, const model::MergeShardsInput& request) {
  Result<void> possible = check_provisioned(stream, "MergeShards");
  if (!possible) co_return std::unexpected(std::move(possible).error());
  const auto one = need_open(core, stream, *request.shard_to_merge);
  if (!one) co_return std::unexpected(one.error());
  const auto other = need_open(core, stream, *request.adjacent_shard_to_merge);
  if (!other) co_return std::unexpected(other.error());
  const Shard& lower = (*one)->first < (*other)->first ? **one : **other;
  const Shard& upper = (*one)->first < (*other)->first ? **other : **one;
  if (lower.index == upper.index || lower.last + 1 != upper.first) {
    co_return invalid_argument("Shards " + *request.shard_to_merge + " and " + *request.adjacent_shard_to_merge +
                               " in " + described(stream.name) +
                               " are not an adjacent pair of shards eligible for merging");
  }
  const Change change = [index = (*one)->index, adjacent = (*other)->index](Layout& layout, const Occasion& when) {
    layout.merge(index, adjacent, when);
  };
  Result<void> done = co_await reshard(core, stream, change);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return model::MergeShardsResponse{};
}

Answer<model::UpdateShardCountOutput> scale(Core& core, Stream& stream, const model::UpdateShardCountInput& request) {
  Result<void> possible = check_provisioned(stream, "UpdateShardCount");
  if (!possible) co_return std::unexpected(std::move(possible).error());
  const auto current = static_cast<std::int32_t>(stream.layout.open_count());
  const std::int32_t target = *request.target_shard_count;
  if (target > kMaxShardsOfStream || target > 2 * current) {
    co_return fail(model::errors::kLimitExceededException,
                   "UpdateShardCount cannot scale up over double your current open shard count. Current open shard "
                   "count: " +
                       std::to_string(current) + " Target shard count: " + std::to_string(target));
  }
  if (2 * target < current) {
    co_return fail(model::errors::kLimitExceededException,
                   "UpdateShardCount cannot scale down below half your current open shard count. Current open shard "
                   "count: " +
                       std::to_string(current) + " Target shard count: " + std::to_string(target));
  }
  const Change change = [target](Layout& layout, const Occasion& when) {
    layout.scale(static_cast<std::uint32_t>(target), when);
  };
  Result<void> done = co_await reshard(core, stream, change);
  if (!done) co_return std::unexpected(std::move(done).error());
  model::UpdateShardCountOutput output;
  output.stream_name = stream.name.name;
  output.stream_arn = stream.arn;
  output.current_shard_count = current;
  output.target_shard_count = target;
  co_return output;
}

}  // namespace

void register_shard_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kListShards, [&core](const Call& call, model::ListShardsInput request) {
    return list(core, call, std::move(request));
  });
  door.handle(model::kSplitShard, [&core](const Call& call, model::SplitShardInput request) {
    const auto reference = StreamReference::of(request);
    return in_turn<model::SplitShardResponse>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return split(core, stream, request); });
  });
  door.handle(model::kMergeShards, [&core](const Call& call, model::MergeShardsInput request) {
    const auto reference = StreamReference::of(request);
    return in_turn<model::MergeShardsResponse>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return merge(core, stream, request); });
  });
  door.handle(model::kUpdateShardCount, [&core](const Call& call, model::UpdateShardCountInput request) {
    const auto reference = StreamReference::of(request);
    return in_turn<model::UpdateShardCountOutput>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return scale(core, stream, request); });
  });
}

}  // namespace signalbox::kinesis
