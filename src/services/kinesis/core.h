// What the operations of the service share: the streams, and how a request finds its own.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cloud/services.h"
#include "cloud/tags.h"
#include "models/kinesis.h"
#include "services/kinesis/stream.h"

namespace signalbox::kinesis {

namespace asio = boost::asio;
namespace model = models::kinesis;

template <class T>
using Answer = asio::awaitable<Result<T>>;

/// What the service counts; names and meanings are in README.md.
struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& records_put;
  Counter& records_read;
  Counter& throttled;
};

struct Core {
  explicit Core(const cloud::House& with) : house(with), figures(with.metrics) {}

  // Any thread.
  StreamPtr find(const StreamName& name) const;
  StreamPtr find_id(const cloud::Scope& scope, std::uint64_t id) const;
  std::vector<StreamPtr> streams_of(const cloud::Scope& scope) const;
  void put(const StreamPtr& stream);
  void erase(const StreamName& name);
  /// All there are: while loading.
  const std::map<StreamName, StreamPtr>& all() const { return streams_; }

  Moment moment() const { return {house.clock.now(), std::chrono::steady_clock::now()}; }

  const cloud::House house;
  Figures figures;

 private:
  mutable std::shared_mutex mutex_;
  std::map<StreamName, StreamPtr> streams_;
};

std::unexpected<Error> no_such_stream(const StreamName& name);
std::unexpected<Error> no_such_shard(const Stream& stream, const std::string& shard);
std::unexpected<Error> invalid_argument(std::string message);
/// "stream NAME under account ACCOUNT"
std::string described(const StreamName& name);

/// How a request names its stream.
struct StreamReference {
  std::optional<std::string> name;
  std::optional<std::string> arn;
  std::optional<std::string> id;

  template <class Request>
  static StreamReference of(const Request& request) {
    StreamReference reference;
    if constexpr (requires { request.stream_name; }) reference.name = request.stream_name;
    if constexpr (requires { request.stream_arn; }) reference.arn = request.stream_arn;
    if constexpr (requires { request.resource_arn; }) reference.arn = request.resource_arn;
    if constexpr (requires { request.stream_id; }) reference.id = request.stream_id;
    return reference;
  }
};

/// Errors: ResourceNotFoundException, InvalidArgumentException.
Result<StreamName> name_of(const cloud::Call& call, const StreamReference& reference);
Result<StreamPtr> find_stream(const Core& core, const cloud::Call& call, const StreamReference& reference);

/// Runs the coroutine `work(stream)` where the stream is owned; refuses when it is gone by then.
template <class T, class Work>
Answer<T> at_stream(Core& core, const cloud::Call& call, StreamReference reference, Work work) {
  Result<StreamPtr> found = find_stream(core, call, reference);
  if (!found) co_return std::unexpected(std::move(found).error());
  Stream& stream = **found;
  auto there = [&]() -> Answer<T> {
    if (stream.deleted) co_return no_such_stream(stream.name);
    co_return co_await work(stream);
  };
  co_return co_await cloud::on(stream.owner, std::ref(there));
}

/// As at_stream, one change of the stream at a time.
template <class T, class Work>
Answer<T> in_turn(Core& core, const cloud::Call& call, StreamReference reference, Work work) {
  auto alone = [&](Stream& stream) -> Answer<T> {
    const auto turn = co_await stream.changes.take();
    if (stream.deleted) co_return no_such_stream(stream.name);
    co_return co_await work(stream);
  };
  co_return co_await at_stream<T>(core, call, std::move(reference), std::ref(alone));
}

/// A shard by its name, as it is now. Errors: ResourceNotFoundException.
Result<const Shard*> need_shard(const Core& core, const Stream& stream, const std::string& name);

model::Shard model_of(const Stream& stream, const Shard& shard);

/// Erases what is older than the retention and sets the alarm for the rest. On the stream's shard.
void trim(Core& core, const StreamPtr& stream);
/// Sets the alarm for what is put now, if none is set.
void arm_trim(Core& core, Stream& stream);

void register_stream_operations(Core& core);
void register_setting_operations(Core& core);
void register_shard_operations(Core& core);
void register_put_operations(Core& core);
void register_read_operations(Core& core);
void register_tag_operations(Core& core);
void register_consumer_operations(Core& core);

/// STREAM ARN/consumer/NAME:SECONDS
std::string consumer_arn(const Stream& stream, const Consumer& consumer);
/// The consumer of that ARN, on the stream's shard; null when there is none.
Consumer* find_consumer(Stream& stream, std::string_view arn);
/// "STREAM ARN/consumer/NAME:SECONDS"; empty optional for what is no consumer's ARN.
std::optional<std::string> stream_of_consumer(std::string_view arn);

/// Adds tags. Errors: InvalidArgumentException, for those that AWS keeps to itself and more than a stream may have.
Result<void> put_tags(Tags& tags, const cloud::TagList& given);

}  // namespace signalbox::kinesis
