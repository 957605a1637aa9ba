// Tags of streams, by both of the APIs that AWS has for them.
#include "cloud/reserved_tags.h"
#include "services/kinesis/core.h"

namespace signalbox::kinesis {

Result<void> merge_tags(Tags& tags, const Tags& more) {
  for (const auto& [key, value] : more) {
    if (cloud::is_reserved_tag(key)) return invalid_argument("Tag keys must not start with aws: as " + key + " does.");
    tags[key] = value;
  }
  if (tags.size() <= kMaxTags) return {};
  return invalid_argument("A stream can have at most " + std::to_string(kMaxTags) + " tags.");
}

namespace {

using cloud::Call;

template <class Out, class Request, class Work>
Answer<Out> with_tags(Core& core, const Call& call, Request request, Work work) {
  const auto reference = StreamReference::of(request);
  auto look = [&](Stream& stream) { return work(stream, std::as_const(request)); };
  co_return co_await in_turn<Out>(core, call, reference, std::ref(look));
}

/// Of whom a request's tags are: the stream, or one of its consumers.
struct Tagged {
  Stream& stream;
  Consumer* consumer;
  const Tags& tags() const { return consumer != nullptr ? consumer->tags : stream.record.tags; }
};

std::unexpected<Error> no_such_consumer(const std::string& arn) {
  return fail(model::errors::kResourceNotFoundException, "Consumer " + arn + " not found.");
}

template <class Out, class Request, class Work>
Answer<Out> with_resource(Core& core, const Call& call, Request request, Work work) {
  const auto stream_arn = stream_of_consumer(*request.resource_arn);
  StreamReference reference;
  reference.arn = stream_arn ? *stream_arn : *request.resource_arn;
  auto look = [&](Stream& stream) -> Answer<Out> {
    Consumer* const consumer = stream_arn ? find_consumer(stream, *request.resource_arn) : nullptr;
    if (stream_arn && consumer == nullptr) co_return no_such_consumer(*request.resource_arn);
    co_return co_await work(Tagged{stream, consumer}, std::as_const(request));
  };
  co_return co_await in_turn<Out>(core, call, reference, std::ref(look));
}

template <class Out>
Answer<Out> save(Core& core, Tagged tagged, Tags tags) {
  Stream& stream = tagged.stream;
  if (tagged.consumer != nullptr) {
    Consumer changed = *tagged.consumer;
    changed.tags = std::move(tags);
    store::Batch batch;
    batch.put(consumer_key(stream.id, changed.name), store::encode(changed));
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
    *tagged.consumer = std::move(changed);
    co_return Out{};
  }
  StreamRecord changed = stream.record;
  changed.tags = std::move(tags);
  store::Batch batch;
  batch.put(stream_key(stream.name), store::encode(changed));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  stream.record = std::move(changed);
  co_return Out{};
}

template <class Out>
Answer<Out> add(Core& core, Tagged tagged, const Tags& more) {
  Tags tags = tagged.tags();
  Result<void> merged = merge_tags(tags, more);
  if (!merged) co_return std::unexpected(std::move(merged).error());
  co_return co_await save<Out>(core, tagged, std::move(tags));
}

template <class Out>
Answer<Out> remove(Core& core, Tagged tagged, const std::vector<std::string>& keys) {
  Tags tags = tagged.tags();
  for (const std::string& key : keys) tags.erase(key);
  co_return co_await save<Out>(core, tagged, std::move(tags));
}

model::Tag model_of(const std::pair<const std::string, std::string>& tag) {
  model::Tag out;
  out.key = tag.first;
  out.value = tag.second;
  return out;
}

Answer<model::ListTagsForStreamOutput> list(Stream& stream, const model::ListTagsForStreamInput& request) {
  model::ListTagsForStreamOutput output;
  auto& tags = output.tags.emplace();
  output.has_more_tags = false;
  const auto most = static_cast<std::size_t>(request.limit.value_or(static_cast<std::int32_t>(kMaxTags)));
  for (auto at = stream.record.tags.upper_bound(request.exclusive_start_tag_key.value_or(""));
       at != stream.record.tags.end(); ++at) {
    if (tags.size() == most) {
      output.has_more_tags = true;
      break;
    }
    tags.push_back(model_of(*at));
  }
  co_return output;
}

}  // namespace

void register_tag_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kAddTagsToStream, [&core](const Call& call, model::AddTagsToStreamInput request) {
    return with_tags<model::AddTagsToStreamResponse>(
        core, call, std::move(request), [&core](Stream& stream, const model::AddTagsToStreamInput& wanted) {
          return add<model::AddTagsToStreamResponse>(core, Tagged{stream, nullptr}, *wanted.tags);
        });
  });
  door.handle(model::kTagResource, [&core](const Call& call, model::TagResourceInput request) {
    return with_resource<model::TagResourceResponse>(
        core, call, std::move(request), [&core](Tagged tagged, const model::TagResourceInput& wanted) {
          return add<model::TagResourceResponse>(core, tagged, *wanted.tags);
        });
  });
  door.handle(model::kRemoveTagsFromStream, [&core](const Call& call, model::RemoveTagsFromStreamInput request) {
    return with_tags<model::RemoveTagsFromStreamResponse>(
        core, call, std::move(request), [&core](Stream& stream, const model::RemoveTagsFromStreamInput& wanted) {
          return remove<model::RemoveTagsFromStreamResponse>(core, Tagged{stream, nullptr}, *wanted.tag_keys);
        });
  });
  door.handle(model::kUntagResource, [&core](const Call& call, model::UntagResourceInput request) {
    return with_resource<model::UntagResourceResponse>(
        core, call, std::move(request), [&core](Tagged tagged, const model::UntagResourceInput& wanted) {
          return remove<model::UntagResourceResponse>(core, tagged, *wanted.tag_keys);
        });
  });
  door.handle(model::kListTagsForStream, [&core](const Call& call, model::ListTagsForStreamInput request) {
    return with_tags<model::ListTagsForStreamOutput>(
        core, call, std::move(request),
        [](Stream& stream, const model::ListTagsForStreamInput& wanted) { return list(stream, wanted); });
  });
  door.handle(model::kListTagsForResource, [&core](const Call& call, model::ListTagsForResourceInput request) {
    return with_resource<model::ListTagsForResourceOutput>(
        core, call, std::move(request),
        [](Tagged tagged, const model::ListTagsForResourceInput&) -> Answer<model::ListTagsForResourceOutput> {
          model::ListTagsForResourceOutput output;
          auto& tags = output.tags.emplace();
          for (const auto& tag : tagged.tags()) tags.push_back(model_of(tag));
          co_return output;
        });
  });
}

}  // namespace signalbox::kinesis
