// For this folder's unit tests: the events service behind a door, on a real store, with a kind of target that keeps
// what it receives in that store.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/events.h"
#include "services/events/events.h"
#include "store/key.h"

namespace signalbox::events {

namespace m = models::events;
namespace asio = boost::asio;

inline const cloud::Scope kHere{"123456789012", "us-east-1"};
inline const std::string kQueue = "arn:aws:sqs:us-east-1:123456789012:queue";

struct Kept {
  std::atomic<int> committed{0};
  std::atomic<int> failed{0};
  std::atomic<std::uint64_t> next{0};
};

/// Takes any ARN but those of FIFO queues without a group; one whose name is "gone" fails at delivery.
class KeepingTarget final : public cloud::EventTarget {
 public:
  explicit KeepingTarget(Kept& kept) : kept_(kept) {}

  Result<void> check(const cloud::Arn& target, bool has_message_group_id) const override {
    if (!target.resource.ends_with(".fifo") || has_message_group_id) return {};
    return fail("ValidationException", "Parameter(s) SqsParameters must be specified.");
  }

  asio::awaitable<Result<cloud::AfterCommit>> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                                     store::Batch& batch) override {
    if (target.ends_with(":gone")) co_return fail("QueueDoesNotExist", "The queue is gone.");
    for (const auto& delivery : deliveries) {
      batch.put(store::Key("test.kept").text(target).number(kept_.next++),
                delivery.payload + delivery.message_group_id + delivery.trace_header);
    }
    co_return cloud::AfterCommit([this](bool committed) { ++(committed ? kept_.committed : kept_.failed); });
  }

 private:
  Kept& kept_;
};

class TestServer {
 public:
  TestServer() {
    std::string path = (std::filesystem::temp_directory_path() / "signalbox-events-XXXXXX").string();
    directory_ = ::mkdtemp(path.data());
    start();
  }
  ~TestServer() {
    stop();
    std::filesystem::remove_all(directory_);
  }
  TestServer(const TestServer&) = delete;

  void restart() {
    stop();
    start();
  }

  template <class In, class Out>
  Result<Out> call(const wire::OperationOf<In, Out>& operation, In input, cloud::Scope scope = kHere) {
    cloud::Call from;
    from.scope = std::move(scope);
    auto called = door_->call(std::move(from), operation, std::move(input));
    return asio::co_spawn(shards_->at(0).loop(), std::move(called), asio::use_future).get();
  }

  /// What the targets of that ARN received, in order.
  std::vector<std::string> kept(const std::string& arn = kQueue) const {
    std::vector<std::string> payloads;
    const store::Key all = store::Key("test.kept").text(arn);
    store_->read()->scan(all, all.end(), [&](std::string_view, std::string_view value) {
      payloads.emplace_back(value);
      return true;
    });
    return payloads;
  }

  Kept counts;
  VirtualClock clock{Time(std::chrono::milliseconds(1493402200000))};  // 2017-04-28T17:56:40Z
  Metrics metrics;

 private:
  void start() {
    auto opened = store::open_rocksdb({directory_, store::Durability::kMemory}, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    shards_ = std::make_unique<cloud::Shards>(2, clock);
    door_ = std::make_unique<cloud::Door>(metrics);
    timers_ = std::make_unique<store::Timers>(*store_, shards_->at(0).alarms());
    targets_ = std::make_unique<cloud::EventTargets>();
    targets_->add("sqs", std::make_unique<KeepingTarget>(counts));
    events_ = std::make_unique<Events>(
        cloud::House{*store_, *timers_, *shards_, *door_, *targets_, clock, random_, log_, metrics});
    const auto loaded = events_->load();
    ASSERT_TRUE(loaded) << loaded.error().message;
    shards_->start();
  }
  void stop() {
    shards_->stop();
    events_.reset();
    timers_.reset();
    shards_.reset();
    store_->close();
    store_.reset();
  }

  std::string directory_;
  SystemRandom random_;
  QuietLog log_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<cloud::Shards> shards_;
  std::unique_ptr<cloud::Door> door_;
  std::unique_ptr<store::Timers> timers_;
  std::unique_ptr<cloud::EventTargets> targets_;
  std::unique_ptr<Events> events_;
};

// Requests with what a test is about.

inline m::PutRuleRequest rule_request(std::string name, std::string pattern = R"({"source":["my.app"]})",
                                      std::optional<std::string> bus = std::nullopt) {
  m::PutRuleRequest request;
  request.name = std::move(name);
  request.event_pattern = std::move(pattern);
  request.event_bus_name = std::move(bus);
  return request;
}

inline m::Target target(std::string id, std::string arn = kQueue) {
  m::Target made;
  made.id = std::move(id);
  made.arn = std::move(arn);
  return made;
}

inline m::PutTargetsRequest targets_request(std::string rule, std::vector<m::Target> targets,
                                            std::optional<std::string> bus = std::nullopt) {
  m::PutTargetsRequest request;
  request.rule = std::move(rule);
  request.targets = std::move(targets);
  request.event_bus_name = std::move(bus);
  return request;
}

inline m::PutEventsRequestEntry entry(std::string detail = "{}", std::optional<std::string> bus = std::nullopt) {
  m::PutEventsRequestEntry made;
  made.source = "my.app";
  made.detail_type = "Thing";
  made.detail = std::move(detail);
  made.event_bus_name = std::move(bus);
  return made;
}

inline m::PutEventsRequest events_request(std::vector<m::PutEventsRequestEntry> entries) {
  m::PutEventsRequest request;
  request.entries = std::move(entries);
  return request;
}

/// The error's "code: message"; "" for success.
template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().code + ": " + result.error().message;
}

}  // namespace signalbox::events
