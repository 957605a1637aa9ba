// Tags of streams, by both of the APIs that AWS has for them.
#include "services/kinesis/core.h"

namespace signalbox::kinesis {

Result<void> put_tags(Tags& tags, const cloud::TagList& given) {
  constexpr cloud::TagRules kRules{
      [](const std::string& key) { return invalid_argument("Tag keys must not start with aws: as " + key + " does."); },
      [] { return invalid_argument("A stream can have at most 50 tags."); }};
  return cloud::put_tags(tags, given, kRules);
}

namespace {

using cloud::Call;

/// Of whom tags are: the stream, or one of its consumers.
struct Tagged {
  Stream& stream;
  Consumer* consumer;
  const Tags& tags() const { return consumer != nullptr ? consumer->tags : stream.record.tags; }
};

Answer<void> save(Core& core, Tagged tagged, Tags tags) {
  Stream& stream = tagged.stream;
  store::Batch batch;
  if (tagged.consumer != nullptr) {
    Consumer changed = *tagged.consumer;
    changed.tags = std::move(tags);
    batch.put(consumer_key(stream.id, changed.name), store::encode(changed));
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (committed) *tagged.consumer = std::move(changed);
    co_return committed;
  }
  StreamRecord changed = stream.record;
  changed.tags = std::move(tags);
  batch.put(stream_key(stream.name), store::encode(changed));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (committed) stream.record = std::move(changed);
  co_return committed;
}

Answer<Tags> change_tags(Core& core, const Call& call, StreamReference reference, std::optional<std::string> consumer,
                         cloud::TagChange change) {
  auto work = [&](Stream& stream) -> Answer<Tags> {
    const Tagged tagged{stream, consumer ? find_consumer(stream, *consumer) : nullptr};
    if (consumer && tagged.consumer == nullptr) {
      co_return fail(model::errors::kResourceNotFoundException, "Consumer " + *consumer + " not found.");
    }
    Tags tags = tagged.tags();
    if (!change) co_return tags;
    Result<void> changed = change(tags);
    if (changed) changed = co_await save(core, tagged, tags);
    if (!changed) co_return std::unexpected(std::move(changed).error());
    co_return tags;
  };
  co_return co_await in_turn<Tags>(core, call, reference, std::ref(work));
}

Answer<Tags> change_resource(Core& core, const Call& call, std::string arn, cloud::TagChange change) {
  const auto stream_arn = stream_of_consumer(arn);
  StreamReference reference;
  reference.arn = stream_arn ? *stream_arn : arn;
  std::optional<std::string> consumer;
  if (stream_arn) consumer = std::move(arn);
  co_return co_await change_tags(core, call, std::move(reference), std::move(consumer), std::move(change));
}

Answer<model::AddTagsToStreamResponse> add(Core& core, const Call& call, model::AddTagsToStreamInput request) {
  cloud::TagChange change = [&](Tags& tags) { return put_tags(tags, cloud::tag_list(request.tags)); };
  const auto done = co_await change_tags(core, call, StreamReference::of(request), {}, std::move(change));
  if (!done) co_return std::unexpected(done.error());
  co_return model::AddTagsToStreamResponse{};
}

Answer<model::RemoveTagsFromStreamResponse> remove(Core& core, const Call& call,
                                                   model::RemoveTagsFromStreamInput request) {
  cloud::TagChange change = [&](Tags& tags) -> Result<void> {
    for (const std::string& key : *request.tag_keys) tags.erase(key);
    return {};
  };
  const auto done = co_await change_tags(core, call, StreamReference::of(request), {}, std::move(change));
  if (!done) co_return std::unexpected(done.error());
  co_return model::RemoveTagsFromStreamResponse{};
}

Answer<model::ListTagsForStreamOutput> list(Core& core, const Call& call, model::ListTagsForStreamInput request) {
  const auto all = co_await change_tags(core, call, StreamReference::of(request), {}, {});
  if (!all) co_return std::unexpected(all.error());
  model::ListTagsForStreamOutput output;
  auto& tags = output.tags.emplace();
  output.has_more_tags = false;
  const auto most = static_cast<std::size_t>(request.limit.value_or(static_cast<std::int32_t>(cloud::kMaxTags)));
  for (auto at = all->upper_bound(request.exclusive_start_tag_key.value_or("")); at != all->end(); ++at) {
    if (tags.size() == most) {
      output.has_more_tags = true;
      break;
    }
    model::Tag& tag = tags.emplace_back();
    tag.key = at->first;
    tag.value = at->second;
  }
  co_return output;
}

}  // namespace

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kAddTagsToStream, [&core](const Call& call, model::AddTagsToStreamInput request) {
    return add(core, call, std::move(request));
  });
  door.handle(model::kRemoveTagsFromStream, [&core](const Call& call, model::RemoveTagsFromStreamInput request) {
    return remove(core, call, std::move(request));
  });
  door.handle(model::kListTagsForStream, [&core](const Call& call, model::ListTagsForStreamInput request) {
    return list(core, call, std::move(request));
  });
  cloud::Tagging tagging;
  tagging.change = [&core](const Call& call, std::string_view, std::string arn, cloud::TagChange change) {
    return change_resource(core, call, std::move(arn), std::move(change));
  };
  tagging.put = put_tags;
  cloud::serve_tags(door, model::kTagResource, model::kUntagResource, model::kListTagsForResource, std::move(tagging));
}

}  // namespace signalbox::kinesis
