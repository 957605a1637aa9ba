// Consumers that are registered to have a stream's records pushed: they are kept, told and tagged. SubscribeToShard,
// which pushes, is not there yet (docs/decisions/0008).
#include "cloud/paging.h"
#include "services/kinesis/core.h"

namespace signalbox::kinesis {
namespace {

using cloud::Call;

constexpr std::string_view kPart = "/consumer/";
/// "Quotas and limits": consumers of a stream.
constexpr std::size_t kMaxConsumers = 20;
constexpr std::int32_t kPage = 100;

std::unexpected<Error> no_such_consumer(const Stream& stream, const std::string& name) {
  return fail(model::errors::kResourceNotFoundException,
              "Consumer " + name + ", for " + described(stream.name) + " not found.");
}

template <class Out>
void fill(Out& out, const Stream& stream, const Consumer& consumer, const char* status) {
  out.consumer_name = consumer.name;
  out.consumer_arn = consumer_arn(stream, consumer);
  out.consumer_status = status;
  out.consumer_creation_timestamp = consumer.created;
}

Answer<model::RegisterStreamConsumerOutput> add(Core& core, Stream& stream,
                                                const model::RegisterStreamConsumerInput& request) {
  Consumer consumer{*request.consumer_name, core.house.clock.now(), {}};
  if (stream.consumers.contains(consumer.name)) {
    co_return fail(model::errors::kResourceInUseException,
                   "Consumer " + consumer.name + ", for " + described(stream.name) + " already exists.");
  }
  if (stream.consumers.size() >= kMaxConsumers) {
    co_return fail(model::errors::kLimitExceededException, "The limit of " + std::to_string(kMaxConsumers) +
                                                               " consumers of " + described(stream.name) +
                                                               " has been reached.");
  }
  Result<void> tagged = put_tags(consumer.tags, cloud::tag_list(request.tags));
  if (!tagged) co_return std::unexpected(std::move(tagged).error());
  store::Batch batch;
  batch.put(consumer_key(stream.id, consumer.name), store::encode(consumer));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  model::RegisterStreamConsumerOutput output;
  // As AWS answers; it is over by then.
  fill(output.consumer.emplace(), stream, consumer, model::consumer_status::kCREATING);
  stream.consumers[consumer.name] = std::move(consumer);
  co_return output;
}

Answer<model::DeregisterStreamConsumerResponse> remove(Core& core, Stream& stream, std::string name) {
  store::Batch batch;
  batch.erase(consumer_key(stream.id, name));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  stream.consumers.erase(name);
  co_return model::DeregisterStreamConsumerResponse{};
}

Answer<model::ListStreamConsumersOutput> list(Stream& stream, const model::ListStreamConsumersInput& request) {
  model::ListStreamConsumersOutput output;
  auto& consumers = output.consumers.emplace();
  const auto created = request.stream_creation_timestamp;
  if (created && *created != stream.record.created) co_return no_such_stream(stream.name);
  const std::string listing = "consumers " + stream.arn;
  std::string after;
  if (request.next_token) {
    const auto last = cloud::read_page_token(listing, *request.next_token);
    if (!last) {
      co_return fail(model::errors::kExpiredNextTokenException, "The NextToken is not valid, or it has expired.");
    }
    after = *last;
  }
  const auto most = static_cast<std::size_t>(request.max_results.value_or(kPage));
  for (auto at = stream.consumers.upper_bound(after); at != stream.consumers.end(); ++at) {
    if (consumers.size() == most) {
      output.next_token = cloud::make_page_token(listing, *consumers.back().consumer_name);
      break;
    }
    fill(consumers.emplace_back(), stream, at->second, model::consumer_status::kACTIVE);
  }
  co_return output;
}

/// Finds the consumer that a request names by its ARN, or by its stream's and its name, and runs `work(stream,
/// consumer)`.
template <class Out, class Request, class Work>
Answer<Out> with_consumer(Core& core, const Call& call, Request request, Work work) {
  StreamReference reference = StreamReference::of(request);
  if (request.consumer_arn) {
    reference.arn = stream_of_consumer(*request.consumer_arn);
    if (!reference.arn) co_return invalid_argument("ConsumerARN " + *request.consumer_arn + " is not valid.");
  } else if (!request.stream_arn || !request.consumer_name) {
    co_return invalid_argument("Either ConsumerARN, or StreamARN and ConsumerName, must be provided.");
  }
  auto there = [&](Stream& stream) -> Answer<Out> {
    const auto named = stream.consumers.find(request.consumer_name.value_or(""));
    Consumer* consumer = named == stream.consumers.end() ? nullptr : &named->second;
    if (request.consumer_arn) consumer = find_consumer(stream, *request.consumer_arn);
    if (consumer == nullptr) {
      co_return no_such_consumer(stream, request.consumer_arn ? *request.consumer_arn : *request.consumer_name);
    }
    co_return co_await work(stream, *consumer);
  };
  co_return co_await in_turn<Out>(core, call, std::move(reference), std::ref(there));
}

}  // namespace

std::string consumer_arn(const Stream& stream, const Consumer& consumer) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(consumer.created.time_since_epoch());
  return stream.arn + std::string(kPart) + consumer.name + ":" + std::to_string(seconds.count());
}

std::optional<std::string> stream_of_consumer(std::string_view arn) {
  const auto part = arn.find(kPart);
  if (part == std::string_view::npos) return std::nullopt;
  return std::string(arn.substr(0, part));
}

Consumer* find_consumer(Stream& stream, std::string_view arn) {
  for (auto& [name, consumer] : stream.consumers) {
    if (consumer_arn(stream, consumer) == arn) return &consumer;
  }
  return nullptr;
}

void register_consumer_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kRegisterStreamConsumer, [&core](const Call& call, model::RegisterStreamConsumerInput request) {
    const auto reference = StreamReference::of(request);
    return in_turn<model::RegisterStreamConsumerOutput>(
        core, call, reference,
        [&core, request = std::move(request)](Stream& stream) { return add(core, stream, request); });
  });
  door.handle(model::kDescribeStreamConsumer, [&core](const Call& call, model::DescribeStreamConsumerInput request) {
    return with_consumer<model::DescribeStreamConsumerOutput>(
        core, call, std::move(request),
        [](Stream& stream, Consumer& consumer) -> Answer<model::DescribeStreamConsumerOutput> {
          model::DescribeStreamConsumerOutput output;
          auto& description = output.consumer_description.emplace();
          fill(description, stream, consumer, model::consumer_status::kACTIVE);
          description.stream_arn = stream.arn;
          co_return output;
        });
  });
  door.handle(model::kDeregisterStreamConsumer,
              [&core](const Call& call, model::DeregisterStreamConsumerInput request) {
                return with_consumer<model::DeregisterStreamConsumerResponse>(
                    core, call, std::move(request),
                    [&core](Stream& stream, Consumer& consumer) { return remove(core, stream, consumer.name); });
              });
  door.handle(model::kListStreamConsumers, [&core](const Call& call, model::ListStreamConsumersInput request) {
    const auto reference = StreamReference::of(request);
    return at_stream<model::ListStreamConsumersOutput>(
        core, call, reference, [request = std::move(request)](Stream& stream) { return list(stream, request); });
  });
}

}  // namespace signalbox::kinesis
