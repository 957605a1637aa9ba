// For unit tests of services: a house with a real store in a folder of its own, real shards, and a clock that moves
// when told. Header-only, so that no layer needs to know of tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "cloud/services.h"

namespace signalbox::cloud {

inline const Scope kHere{"123456789012", "us-east-1"};

/// An empty folder that goes with this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "signalbox-test-XXXXXX").string();
    path_ = ::mkdtemp(path.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Build a service's test server on it: give `start` what makes the services.
class TestHouse {
 public:
  using MakeServices = std::function<std::vector<std::unique_ptr<Service>>(House&)>;

  explicit TestHouse(MakeServices make) : make_(std::move(make)) { start(); }
  ~TestHouse() { stop(); }
  TestHouse(const TestHouse&) = delete;

  /// Stops all and starts it again on the same store.
  void restart() {
    stop_then([] {});
  }
  /// As restart, with something done while all is stopped.
  void stop_then(const std::function<void()>& meanwhile) {
    stop();
    meanwhile();
    start();
  }

  /// Moves the clock and fires what came due, on every shard, before it returns.
  void advance(Duration by) {
    clock.advance(by);
    parts_->shards.clock_moved();
    settle();
  }

  /// Returns when every shard has done what was posted to it before.
  void settle() {
    for (std::size_t i = 0; i < parts_->shards.count(); ++i) {
      std::promise<void> reached;
      parts_->shards.at(i).post([&reached] { reached.set_value(); });
      reached.get_future().wait();
    }
  }

  /// Calls an operation and waits for its answer.
  template <class In, class Out>
  Result<Out> call(const wire::OperationOf<In, Out>& operation, In input, Scope scope = kHere) {
    return begin(operation, std::move(input), std::move(scope)).get();
  }

  /// Calls an operation; the future has its answer.
  template <class In, class Out>
  std::future<Result<Out>> begin(const wire::OperationOf<In, Out>& operation, In input, Scope scope = kHere,
                                 http::Connection* connection = nullptr) {
    Call from;
    from.scope = std::move(scope);
    from.endpoint = "http://localhost:4566";
    from.connection = connection;
    auto called = parts_->door.call(std::move(from), operation, std::move(input));
    return asio::co_spawn(parts_->shards.at(0).loop(), std::move(called), asio::use_future);
  }

  store::Store& store() { return *parts_->store; }
  House& house() { return parts_->house; }

  VirtualClock clock{Time(Duration(1493402200000))};  // 2017-04-28T17:56:40Z
  Metrics metrics;

 private:
  struct Parts {
    Parts(std::unique_ptr<store::Store> opened, VirtualClock& clock, Metrics& metrics, Log& log)
        : store(std::move(opened)),
          shards(2, clock, log),
          authority(callers, clock),
          sessions(callers, authority, sealer, clock, random),
          door(metrics, log),
          service_events(*store),
          measures(clock),
          tap(shards, clock, random),
          deliveries({*store, shards, targets, tap, clock, random, log, metrics}),
          clients(shards, {}),
          house{*store, shards, door,   targets, service_events, measures,  deliveries, clients, site,      tap,
                sealer, clock,  random, log,     metrics,        pipe_ends, functions,  callers, authority, sessions} {
      door.set_authority(authority);
    }
    std::unique_ptr<store::Store> store;
    SystemRandom random;
    Sealer sealer{Sealer::Key{}};
    Shards shards;
    Callers callers;
    Authority authority;
    Sessions sessions;
    Door door;
    PipeEnds pipe_ends;
    Functions functions;
    EventTargets targets;
    ServiceEvents service_events;
    Measures measures;
    Tap tap;
    Deliveries deliveries;
    Clients clients;
    Site site;
    House house;
    std::vector<std::unique_ptr<Service>> services;
  };

  void start() {
    auto opened = store::open_rocksdb({folder_.path(), store::Durability::kMemory}, metrics, log_);
    ASSERT_TRUE(opened) << opened.error().message;
    parts_ = std::make_unique<Parts>(*std::move(opened), clock, metrics, log_);
    parts_->services = make_(parts_->house);
    for (const auto& service : parts_->services) {
      const auto loaded = service->load();
      ASSERT_TRUE(loaded) << loaded.error().message;
    }
    const auto waiting = parts_->deliveries.load();
    ASSERT_TRUE(waiting) << waiting.error().message;
    parts_->shards.start();
  }
  void stop() {
    for (const auto& service : parts_->services) service->drain();
    parts_->shards.stop();
    for (const auto& service : parts_->services) service->stop();
    EXPECT_TRUE(parts_->store->close());
    parts_->shards.abandon();
    parts_.reset();
  }

  TemporaryFolder folder_;
  QuietLog log_;
  MakeServices make_;
  std::unique_ptr<Parts> parts_;
};

/// The error's "code: message"; "" for success.
template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().code + ": " + result.error().message;
}
/// The error's code; "" for success.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

}  // namespace signalbox::cloud
