// What a rule's target is to the events service, whichever service stands behind it. A kind of target that keeps its
// things in this server's store takes part in the very batch that acknowledges the event.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cloud/scope.h"
#include "store/store.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// One event for one target, ready to hand over.
struct EventDelivery {
  std::string payload;           // what the target receives: the event, or what Input... made of it
  std::string message_group_id;  // SqsParameters.MessageGroupId; "" for none
  std::string trace_header;      // "" for none
  std::map<std::string, std::string, std::less<>> attributes = {};  // of dead letters: text by name
};

/// A delivery that the target cannot take, now or later.
struct Undelivered {
  std::size_t delivery;  // its place among those that were given
  std::string code;      // as a dead letter's ERROR_CODE has it: NO_RESOURCE, INVALID_PARAMETER
  std::string message;
};

/// Runs on any thread, exactly once, after the batch was committed (true) or failed (false).
using AfterCommit = std::function<void(bool committed)>;

struct Appended {
  AfterCommit after;  // empty when nothing was added
  std::vector<Undelivered> undelivered;
};

class EventTarget {
 public:
  virtual ~EventTarget() = default;

  /// Checks, when a target is put, that its ARN names something this kind can deliver to, and the parameters fit.
  /// Errors: ValidationException and the like, with AWS's text.
  virtual Result<void> check(const Arn& target, bool has_message_group_id) const = 0;

  /// Adds to `batch` what delivering `deliveries`, in order, to `target` changes. What it cannot take (the target does
  /// not exist, a payload is too large) adds nothing and is told.
  virtual asio::awaitable<Appended> append(std::string target, std::vector<EventDelivery> deliveries,
                                           store::Batch& batch) = 0;
};

/// The kinds of targets, by the service in their ARN ("sqs"). Filled at start, then only read.
class EventTargets {
 public:
  void add(std::string service, std::unique_ptr<EventTarget> target) { kinds_[std::move(service)] = std::move(target); }
  /// Null when targets of that service do not work yet.
  EventTarget* find(std::string_view service) const {
    const auto found = kinds_.find(service);
    return found == kinds_.end() ? nullptr : found->second.get();
  }

 private:
  std::map<std::string, std::unique_ptr<EventTarget>, std::less<>> kinds_;
};

}  // namespace signalbox::cloud
