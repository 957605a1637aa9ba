// For this folder's unit tests: the events service behind a door, on a real store, with a kind of target that keeps
// what it receives in that store.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "cloud/testing/house.h"
#include "models/events.h"
#include "services/events/events.h"
#include "store/key.h"

namespace signalbox::events {

namespace m = models::events;
namespace asio = boost::asio;

using cloud::error_of;
using cloud::kHere;
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

  Result<void> check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const override {
    if (parameters.http) return cloud::not_for_this_target("HttpParameters", parameters.id);
    if (!target.resource.ends_with(".fifo") || parameters.message_group_id) return {};
    return fail("ValidationException", "Parameter(s) SqsParameters must be specified.");
  }

  asio::awaitable<cloud::Appended> append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                          store::Batch& batch) override {
    cloud::Appended appended;
    if (target.ends_with(":gone")) {
      for (std::size_t i = 0; i < deliveries.size(); ++i) {
        appended.undelivered.push_back({i, "NO_RESOURCE", "The queue is gone."});
      }
      co_return appended;
    }
    for (const auto& delivery : deliveries) {
      batch.put(store::Key("test.kept").text(target).number(kept_.next++),
                delivery.payload + delivery.message_group_id + delivery.trace_header + text_of(delivery.attributes));
    }
    appended.after = [this](bool committed) { ++(committed ? kept_.committed : kept_.failed); };
    co_return appended;
  }

 private:
  static std::string text_of(const std::vector<std::pair<std::string, std::string>>& attributes) {
    std::string text;
    for (const auto& [name, value] : attributes) text += "|" + name + "=" + value;
    return text;
  }
  Kept& kept_;
};

class TestServer : public cloud::TestHouse {
 public:
  explicit TestServer(const Options& options = {}) : TestServer(std::make_shared<Kept>(), options) {}

  /// What the targets of that ARN received, in order.
  std::vector<std::string> kept(const std::string& arn = kQueue) {
    std::vector<std::string> payloads;
    const store::Key all = store::Key("test.kept").text(arn);
    const auto scanned = store().read()->scan(all, all.end(), [&](std::string_view, std::string_view value) {
      payloads.emplace_back(value);
      return true;
    });
    EXPECT_TRUE(scanned);
    return payloads;
  }

 private:
  TestServer(const std::shared_ptr<Kept>& kept, const Options& options)
      : TestHouse([kept, options](cloud::House& house) {
          house.event_targets.add("sqs", std::make_unique<KeepingTarget>(*kept));
          std::vector<std::unique_ptr<cloud::Service>> services;
          services.push_back(std::make_unique<Events>(house, options));
          return services;
        }),
        counts_(kept) {}
  std::shared_ptr<Kept> counts_;

 public:
  Kept& counts = *counts_;
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

}  // namespace signalbox::events
