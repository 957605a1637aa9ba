// A queue: its settings, its messages' states, and those who wait for messages.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "cloud/scope.h"
#include "cloud/services.h"
#include "cloud/turns.h"
#include "cloud/wait.h"
#include "services/sqs/measures.h"
#include "services/sqs/message.h"
#include "services/sqs/message_index.h"
#include "store/fields.h"
#include "store/key.h"

namespace signalbox::sqs {

using Attributes = std::map<std::string, std::string, std::less<>>;

/// Names of the record spaces in the store.
inline constexpr std::string_view kQueueSpace = "sqs.queue";
inline constexpr std::string_view kMessageSpace = "sqs.message";
inline constexpr std::string_view kLeaseSpace = "sqs.lease";
inline constexpr std::string_view kDeduplicationSpace = "sqs.deduplication";
inline constexpr std::string_view kMoveTaskSpace = "sqs.move-task";

inline constexpr std::uint8_t kDeduplicationVersion = 1;

/// Messages in flight at once, for standard and FIFO queues alike ("Amazon SQS message quotas").
inline constexpr std::size_t kMaxInFlight = 120'000;
/// How long messages stay out of reach while they move to another queue.
inline constexpr std::chrono::minutes kMoveTime{1};
/// How long a deduplication id is remembered.
inline constexpr std::chrono::minutes kDeduplicationInterval{5};

/// The attributes a client can set, read into values.
struct Settings {
  std::chrono::seconds delay{0};
  std::size_t max_message_bytes = 1'048'576;
  std::chrono::seconds retention{345'600};
  std::chrono::seconds receive_wait{0};
  std::chrono::seconds visibility_timeout{30};
  bool content_based_deduplication = false;
  bool deduplicate_by_group = false;
  bool sealed = false;          // messages, in the store: it has a KmsMasterKeyId
  std::string dead_letter_arn;  // RedrivePolicy; "" for none
  std::uint32_t max_receives = 0;
};

/// Attributes as they are kept, with `changes` taken in: flags in lower case, policies without nulls, one kind of
/// encryption in place of the other. Errors: InvalidAttributeName where the changes ask for both kinds.
Result<Attributes> merge_attributes(Attributes present, const Attributes& changes);
/// Reads and checks attributes that are to be set on a queue. Errors: InvalidAttributeName, InvalidAttributeValue,
/// InvalidParameterValue.
Result<Settings> read_settings(const Attributes& attributes, bool fifo);
/// The texts in which a queue of these attributes tells them, with those that it has by default.
Attributes setting_texts(const Attributes& attributes, const Settings& settings, bool fifo);
/// Whether a policy ("" for none) is a good resource policy within AWS's bounds. Errors: OverLimit,
/// InvalidAttributeValue.
Result<void> check_policy(const std::string& policy);
/// InvalidAttributeValue.
std::unexpected<Error> invalid_policy();

/// Whether a queue's RedriveAllowPolicy ("" for none) lets `source_arn` name it as its dead-letter queue.
bool allows_redrive(const std::string& policy, const std::string& source_arn);

/// Fixed in the creation of a queue.
struct QueueName {
  cloud::Scope scope;
  std::string name;
  auto operator<=>(const QueueName&) const = default;
  std::string arn() const { return cloud::make_arn("sqs", scope, name); }
  bool fifo() const { return name.ends_with(".fifo"); }
};

/// What a queue URL names, for the operation and for what asks whether it is allowed. Only its last two parts count,
/// account and name: it works behind whatever host name the client knows the server by. As on AWS, a name alone is
/// enough for a queue of the caller's own. Empty where it names none.
std::optional<QueueName> queue_of_url(const cloud::Scope& caller, std::string_view url);

/// One ReceiveMessage that waits. It lives until both the call and a late word from its connection are done.
struct LongPoll {
  explicit LongPoll(cloud::Shard& shard) : wait(shard) {}
  cloud::Wait wait;
  bool gone = false;                                    // its client is
  std::optional<std::list<LongPoll*>::iterator> place;  // among those that wait for messages
};

/// A new message whose commit is done, for the index.
struct Arrival {
  MessageState state;
  std::string group;
  std::size_t bytes = 0;
};

/// Everything but the constants is touched on the owning shard only.
struct Queue : std::enable_shared_from_this<Queue> {
  Queue(QueueName queue_name, std::uint64_t number, cloud::Shard& shard, cloud::Measures& measured)
      : name(std::move(queue_name)),
        arn(name.arn()),
        id(number),
        owner(shard),
        measures(measured, name.scope, name.name),
        index(name.fifo()) {}

  const QueueName name;
  const std::string arn;
  const std::uint64_t id;  // differs for a queue deleted and made again
  cloud::Shard& owner;
  const QueueMeasures measures;

  Attributes attributes;  // as set, for answers
  Attributes tags;
  Settings settings;
  Time created;
  Time modified;
  std::optional<Time> purged;
  /// Held by whoever makes the queue, changes what it is set to or deletes it, until that is durable: an undone change
  /// must not undo another's.
  cloud::Turns changes;
  bool deleted = false;  // nobody is to use it any more, although its deletion may still fail
  bool gone = false;     // its deletion is durable

  MessageIndex index;
  std::uint64_t last_sequence = 0;
  /// Of FIFO queues: numbers given to messages that are not durable yet, and messages that are and have a higher number
  /// than one of those: they wait, so that nobody receives them first.
  std::set<std::uint64_t> unsettled;
  std::map<std::uint64_t, Arrival> held;
  std::list<LongPoll*> waiting;  // first come first
  /// Who wants to know once, without a poll of their own, that there may be messages.
  std::vector<std::function<void()>> watchers;

  struct Sent {
    std::string message_id;
    std::uint64_t sequence;
    Time expires;
    bool durable = false;
  };
  std::map<std::string, Sent, std::less<>> deduplication;
  std::list<cloud::Wait*> settling;  // senders of what was sent a moment ago and is not durable yet
  std::deque<std::pair<Time, std::string>> deduplication_expiry;

  std::optional<Alarms::Handle> due_alarm;
  std::optional<Alarms::Handle> retention_alarm;
  std::optional<Alarms::Handle> depth_alarm;  // when its measures are told again, though nothing happens to it
  Time touched{};                             // when something last did

  struct Attempt {
    Time expires;
    Time visible_at;  // of all its messages, while nobody changes that of one
    std::vector<Receipt> receipts;
  };
  std::map<std::string, Attempt, std::less<>> attempts;  // by ReceiveRequestAttemptId

  /// Rises with every message and over restarts: milliseconds since 1970, times a million, or one more than the last.
  std::uint64_t next_sequence(Time now);
  /// A number from next_sequence is settled: `arrival` is durable, or (null) there is no message of that number. Adds
  /// to the index what nothing stands before any more; the messages and bytes that came so.
  struct Added {
    std::size_t messages = 0;
    std::vector<std::size_t> bytes;
  };
  Added settle(std::uint64_t sequence, const Arrival* arrival);
  /// Lets as many long polls as there are messages look again, each once: the next wake is for others.
  void wake(std::size_t messages);
  /// Arms the alarm for what next becomes visible.
  void arm(const Clock& clock);
};

/// What the store keeps of a queue.
struct QueueRecord {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t id = 0;
  Time created{};
  Time modified{};
  Attributes attributes;
  Attributes tags;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("created", self.created)("modified", self.modified)("attributes", self.attributes);
    field("tags", self.tags);
  }
};
QueueRecord record_of(const Queue& queue);

store::Key queue_key(const QueueName& name);
store::Key message_key(const Queue& queue, std::uint64_t sequence);
store::Key lease_key(const Queue& queue, std::uint64_t sequence);

/// Sequence numbers as clients see them: 20 digits.
std::string sequence_text(std::uint64_t sequence);

}  // namespace signalbox::sqs
