// What a rule's target is to the events service, whichever service stands behind it. A kind of target that keeps its
// things in this server's store takes part in the very batch that acknowledges the event; of one that is outside, the
// batch gets a record of the delivery (cloud/deliveries.h).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/scope.h"
#include "store/store.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// What a target adds to its HTTP requests: values for the '*' of the path, headers, query.
struct HttpParameters {
  std::vector<std::string> path_values;
  std::map<std::string, std::string, std::less<>> headers;
  std::map<std::string, std::string, std::less<>> query;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("path_values", self.path_values)("headers", self.headers)("query", self.query);
  }
};

/// What a target says beside its ARN, for its kind to judge.
struct TargetParameters {
  std::string id;  // for error texts
  std::optional<std::string> message_group_id;
  std::optional<HttpParameters> http;
  bool changes_input = false;
  bool partition_key = false;  // says where records get their partition keys from
};

/// When to try again: at once, then at the least delay, then at growing ones, then at the greatest ("Amazon SNS message
/// delivery retries"). All zero: the delivery engine's own backoff.
struct RetryPhases {
  enum class Growth : std::uint8_t { kLinear, kArithmetic, kGeometric, kExponential };
  friend constexpr Growth last_value(Growth) { return Growth::kExponential; }
  std::int64_t immediate = 0;
  std::int64_t at_least = 0;
  std::int64_t growing = 0;
  std::int64_t at_most = 0;
  Duration least{0};
  Duration most{0};
  Growth growth = Growth::kLinear;

  std::int64_t retries() const { return immediate + at_least + growing + at_most; }
  /// The delay before a retry, numbered from 1. Those beyond the last are as the last.
  Duration before(std::int64_t retry) const;
  bool operator==(const RetryPhases&) const = default;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("immediate", self.immediate)("at_least", self.at_least)("growing", self.growing)("at_most", self.at_most);
    field("least", self.least)("most", self.most)("growth", self.growth);
  }
};

/// How often and how long to try, and what becomes of what cannot be delivered. AWS's defaults.
struct DeliveryPolicy {
  // Names `source` in a dead letter: "RULE_ARN", "SCHEDULE_ARN". "": a dead letter is as the target would have had it,
  // without a word on what went wrong.
  std::string source_kind;
  std::string source;             // ARN
  std::string dead_letter_queue;  // ARN; "" for none
  std::string target = {};        // what a dead letter names as the target, where that is not whom it goes to
  std::int64_t max_retries = 185;
  Duration max_age = std::chrono::hours(24);
  RetryPhases phases = {};
};

/// What an event bus needs to know of an event, beside its detail.
struct BusEvent {
  std::string source;
  std::string detail_type;
  std::vector<std::string> resources = {};
  Time time{};  // the start of the epoch: now
};

/// A message's attribute, as queues keep it.
struct TypedAttribute {
  std::string type;   // "String", "Number", "Binary", with a label or not: "Number.int"
  std::string value;  // of a Binary its bytes
  bool binary() const { return type.starts_with("Binary"); }
  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("type", self.type)("value", self.value);
  }
};
using TypedAttributes = std::map<std::string, TypedAttribute, std::less<>>;

/// One event for one target, ready to hand over.
struct EventDelivery {
  std::string payload;           // what the target receives: the event, or what Input... made of it
  std::string message_group_id;  // SqsParameters.MessageGroupId; "" for none
  std::string trace_header;      // "" for none
  std::string event_id = {};     // "" where it is no event's delivery
  std::vector<std::pair<std::string, std::string>> attributes = {};  // of dead letters: name and text
  std::string event = {};  // what a dead letter holds, where there is a dead-letter queue and it is not the payload
  std::shared_ptr<const DeliveryPolicy> policy = {};  // null: the defaults, without a dead-letter queue
  std::shared_ptr<const HttpParameters> http = {};    // null for none
  std::string partition_key = {};                     // of a stream's record
  std::string deduplication_id = {};                  // of a FIFO queue's message; "" for that of its content
  BusEvent bus_event = {};                            // for a bus; the payload is the detail
  std::string sender = {};                            // the service that brings it; "" for events.amazonaws.com
  std::string source_arn = {};                        // what brings it; "" for the source of the policy
  std::string source_account = {};                    // whose that is, where its ARN does not tell
  bool by_role = false;  // brought by a role of the customer's own: a function's policy is not asked
  std::shared_ptr<const TypedAttributes> typed = {};  // of the message; null for none
};

/// A delivery that the target cannot take, now or later.
struct Undelivered {
  std::size_t delivery;  // its place among those that were given
  std::string code;      // as a dead letter's ERROR_CODE has it: NO_RESOURCE, INVALID_PARAMETER
  std::string message;
};

/// What brings it: ARN; "" where nothing says.
const std::string& source_of(const EventDelivery& delivery);

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
  virtual Result<void> check(const Arn& target, const TargetParameters& parameters) const = 0;

  /// Whether append() only records what is to be delivered later.
  virtual bool is_outside() const { return false; }

  /// Adds to `batch` what delivering `deliveries`, in order, to `target` changes. What it cannot take (the target does
  /// not exist, a payload is too large) adds nothing and is told.
  virtual asio::awaitable<Appended> append(std::string target, std::vector<EventDelivery> deliveries,
                                           store::Batch& batch) = 0;
};

/// The kinds of targets, by what their ARNs name: a service ("sqs"), or a service's kind of resource
/// ("events:api-destination"). Filled at start, then only read.
class EventTargets {
 public:
  void add(std::string name, std::unique_ptr<EventTarget> target) { kinds_[std::move(name)] = std::move(target); }
  /// Null when targets of that kind do not work yet.
  EventTarget* find(const Arn& target) const;
  /// Null when this server has no queues.
  EventTarget* queues() const;

 private:
  std::map<std::string, std::unique_ptr<EventTarget>, std::less<>> kinds_;
};

/// Errors: ValidationException for parameters of another kind of target.
std::unexpected<Error> not_for_this_target(std::string_view parameters, const std::string& id);

/// What goes to the dead-letter queue for a delivery that failed ("Using dead-letter queues to process undelivered
/// events" in the EventBridge User Guide).
EventDelivery dead_letter(const DeliveryPolicy& policy, std::string event, const std::string& target,
                          const std::string& code, const std::string& message);

}  // namespace signalbox::cloud
