// Events that services themselves put on the default bus of an account and Region ("aws.cloudwatch", "aws.s3", ...),
// whichever service has the buses.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/event_target.h"
#include "cloud/scope.h"
#include "store/store.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

struct ServiceEvent {
  Scope scope;              // whose default bus gets it; also its "account" and "region"
  std::string source;       // "aws.cloudwatch"
  std::string detail_type;  // "CloudWatch Alarm State Change"
  std::vector<std::string> resources;
  std::string detail;  // a JSON object
  Time time{};         // the start of the epoch: now
  /// A record of a management call that only read (Describe..., Get..., List...): for rules in the state
  /// ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS only.
  bool read_only_call = false;
};

/// Filled at start, then only read: safe from any thread. Where no service has buses, events are dropped.
class ServiceEvents {
 public:
  class Buses {
   public:
    virtual ~Buses() = default;
    virtual bool wanted(const Scope& scope) const = 0;
    virtual asio::awaitable<AfterCommit> append(std::vector<ServiceEvent> events, store::Batch& batch) = 0;
  };

  explicit ServiceEvents(store::Store& store) : store_(store) {}
  /// For the service that has the buses, once.
  void put_on(std::unique_ptr<Buses> buses) { buses_ = std::move(buses); }

  /// False when nothing on that default bus could take an event now: then it need not be made. Cheap.
  bool wanted(const Scope& scope) const { return buses_ && buses_->wanted(scope); }

  /// Adds to `batch` all that the rules that match the events bring. Whoever commits the batch then runs what is
  /// returned, once; it is never empty. Dropping it says that the batch failed. One call a batch, with all of the
  /// events, after other appends to it: targets are appended to in one order, so that no two commits wait for each
  /// other.
  asio::awaitable<AfterCommit> append(std::vector<ServiceEvent> events, store::Batch& batch) const;

  /// The same, committed by itself with what `batch` holds. Errors: those of the store; then nothing is kept.
  asio::awaitable<Result<void>> put(std::vector<ServiceEvent> events, store::Batch batch = {}) const;

 private:
  store::Store& store_;
  std::unique_ptr<Buses> buses_;
};

}  // namespace signalbox::cloud
