#include "services/sns/fan_out.h"

#include <algorithm>
#include <utility>

#include "cloud/delivery_rights.h"
#include "json/json.h"
#include "services/sns/envelope.h"
#include "services/sns/outside.h"
#include "services/sns/status_log.h"

namespace signalbox::sns {
namespace {

constexpr const char* kPrincipal = "sns.amazonaws.com";

using Chosen = std::vector<const Subscription*>;

void match(const pattern::Matcher& matcher, const std::string& event, const Audience& audience, Chosen& chosen) {
  // Memory only, one a thread: nothing of a message outlives its match.
  static thread_local pattern::Scratch scratch;
  static thread_local std::vector<pattern::RuleId> rules;
  matcher.match(event, scratch, rules);
  for (const pattern::RuleId rule : rules) chosen.push_back(audience.of(rule));
}

/// Those of the matches of `text` whose protocol gets that text.
void match_body(const Message& message, const std::string& text, const Audience& audience, Chosen& chosen) {
  json::Document document;
  const auto root = document.parse(text);
  if (!root || !root->is_object()) return;  // a body that is no JSON object is not what any filter wants
  Chosen matched;
  match(*audience.by_body(), with_five_decimals(text), audience, matched);
  for (const Subscription* one : matched) {
    if (&message.text_for(one->record.protocol) == &text) chosen.push_back(one);
  }
}

/// Whom a message goes to.
Chosen choose(const Message& message, const Audience& audience) {
  Chosen chosen = audience.unfiltered();
  if (audience.by_attributes() != nullptr) {
    const cloud::TypedAttributes none;
    match(*audience.by_attributes(), filter_event(message.attributes ? *message.attributes : none), audience, chosen);
  }
  if (audience.by_body() != nullptr) {
    match_body(message, message.text, audience, chosen);
    for (const auto& [protocol, text] : message.texts) match_body(message, text, audience, chosen);
  }
  return chosen;
}

/// The deliveries to one queue, or to one subscriber outside, and for whom they are.
struct Outgoing {
  cloud::EventTarget* kind = nullptr;
  std::vector<cloud::EventDelivery> deliveries;
  std::vector<const Subscription*> subscriptions;
  std::vector<const Message*> messages;
};

/// The attributes of a message from the archive: bare messages have no other place to say so.
std::shared_ptr<const cloud::TypedAttributes> with_mark(const Message& message) {
  auto marked = message.attributes ? std::make_shared<cloud::TypedAttributes>(*message.attributes)
                                   : std::make_shared<cloud::TypedAttributes>();
  marked->insert_or_assign("Replayed", cloud::TypedAttribute{"String", "true"});
  return marked;
}

cloud::EventDelivery to_queue(const Message& message, const Subscription& subscription, Envelopes& envelopes) {
  const bool fifo = subscription.record.endpoint.ends_with(".fifo");
  // Behind a FIFO topic, a standard queue's messages have no group: that is of the topic's order.
  const bool grouped = fifo || !subscription.id.topic.fifo();
  cloud::EventDelivery delivery{"", grouped ? message.group : "", message.trace_header};
  if (fifo) delivery.deduplication_id = message.deduplication;
  delivery.sender = kPrincipal;
  if (subscription.raw) {
    delivery.payload = message.text_for(subscription.record.protocol);
    delivery.typed = message.replayed ? with_mark(message) : message.attributes;
  } else {
    delivery.payload = envelopes.for_subscription(subscription);
  }
  return delivery;
}

cloud::EventDelivery to_function(const Message& message, const Subscription& subscription, Envelopes& envelopes) {
  cloud::EventDelivery delivery;
  delivery.payload = function_event(envelopes.for_subscription(subscription), subscription.arn);
  delivery.trace_header = message.trace_header;
  delivery.sender = kPrincipal;
  delivery.source_arn = subscription.id.topic.arn();
  return delivery;
}

/// Collects and appends what goes out.
class FanOut {
 public:
  FanOut(Core& core, const Topic& topic, std::shared_ptr<const Audience> audience, bool replays, store::Batch& batch)
      : core_(core),
        topic_(topic),
        state_(topic.state()),
        audience_(std::move(audience)),
        replays_(replays),
        batch_(batch) {}

  asio::awaitable<Result<Settlement>> run(const std::vector<Message>& messages) {
    const bool signs =
        !topic_.id.fifo() && std::ranges::any_of(audience_->all(), [](const SubscriptionPtr& s) { return !s->raw; });
    if (signs) {
      Result<void> ready = co_await core_.signer.prepare();
      if (!ready) co_return std::unexpected(std::move(ready).error());
    }
    for (const Message& message : messages) add(message);
    // In the order of their ARNs, as all who append to several queues do: nobody waits for another in a circle.
    for (auto& [arn, outgoing] : outgoing_) co_await append(arn, std::move(outgoing), true);
    for (auto& [arn, letters] : dead_) co_await append(arn, std::move(letters), false);
    co_return std::move(settlement_);
  }

 private:
  void add(const Message& message) {
    const Chosen chosen = choose(message, *audience_);
    const std::size_t unwanted = audience_->all().size() - chosen.size();
    core_.figures.filtered_out.add(unwanted);
    if (unwanted > 0) topic_.measures(core_.house.measures).filtered_out->add(static_cast<double>(unwanted));
    Envelopes envelopes(message, topic_.arn, state_->settings.signature_version, core_.signer, core_.house.site.url());
    // Functions get signatures of version 1, whatever the topic's is.
    Envelopes of_first(message, topic_.arn, 1, core_.signer, core_.house.site.url());
    Envelopes& functions = state_->settings.signature_version == 1 ? envelopes : of_first;
    for (const Subscription* one : chosen) {
      if (!replays_ && waits_for_replay(*one)) continue;
      const std::string& protocol = one->record.protocol;
      const bool inside = protocol == "sqs" || protocol == "lambda";
      Outgoing& outgoing = outgoing_[inside ? one->record.endpoint : lane_of(one->id)];
      outgoing.kind = inside ? core_.house.event_targets.find(*cloud::Arn::parse(one->record.endpoint)) : core_.outside;
      outgoing.deliveries.push_back(protocol == "sqs"      ? to_queue(message, *one, envelopes)
                                    : protocol == "lambda" ? to_function(message, *one, functions)
                                                           : to_outside(core_, message, *one, *state_, envelopes));
      outgoing.subscriptions.push_back(one);
      outgoing.messages.push_back(&message);
    }
    core_.figures.notifications.add(chosen.size());
  }

  /// What there is to log of deliveries to a queue or a function; nothing unless the topic asks for that.
  std::vector<DeliveryStatus> statuses_of(const std::string& queue, const Outgoing& outgoing, bool first) const {
    std::vector<DeliveryStatus> statuses;
    const std::string kind = queue.find(":lambda:") != std::string::npos ? "Lambda" : "SQS";
    if (!first || outgoing.kind->is_outside() || !state_->settings.feedback.contains(kind)) return statuses;
    for (std::size_t i = 0; i < outgoing.deliveries.size(); ++i) {
      const Message& message = *outgoing.messages[i];
      statuses.push_back({message.id, message.text, queue, true, 1, message.published, ""});
    }
    return statuses;
  }

  void log_when_committed(std::vector<DeliveryStatus> statuses) {
    const TopicPtr topic = core_.topics.find(topic_.id);
    if (!topic) return;
    settlement_.add([&core = core_, topic, statuses = std::move(statuses)](bool committed) {
      const bool function = statuses.front().destination.find(":lambda:") != std::string::npos;
      if (committed) log_status(core, *topic, function ? "lambda" : "sqs", statuses);
    });
  }

  /// Who has a replay gets new messages from the archive, behind the old ones.
  bool waits_for_replay(const Subscription& one) const {
    if (!topic_.id.fifo()) return false;
    const auto replay = topic_.replays.find(one.id.id);
    return replay != topic_.replays.end() && replay->second.status != Replay::Status::kCompleted;
  }

  /// Queues must let the topic send to them.
  asio::awaitable<cloud::Appended> append_allowed(std::string arn, Outgoing& outgoing) {
    Result<void> allowed;
    if (!outgoing.kind->is_outside()) {
      cloud::DeliveryRight right{kPrincipal, topic_.arn, "", arn};
      allowed = co_await cloud::may_deliver(core_.house.authority, core_.house.sessions, std::move(right));
    }
    if (allowed) co_return co_await outgoing.kind->append(arn, std::move(outgoing.deliveries), batch_);
    cloud::Appended refused;
    for (std::size_t i = 0; i < outgoing.deliveries.size(); ++i) {
      refused.undelivered.push_back({i, "NO_PERMISSIONS", allowed.error().message});
    }
    co_return refused;
  }

  asio::awaitable<void> append(std::string arn, Outgoing outgoing, bool may_bury) {
    // Kept where a dead-letter queue may need them.
    std::vector<DeliveryStatus> statuses = statuses_of(arn, outgoing, may_bury);
    std::vector<cloud::EventDelivery> kept(outgoing.deliveries.size());
    for (std::size_t i = 0; may_bury && !outgoing.kind->is_outside() && i < kept.size(); ++i) {
      if (!outgoing.subscriptions[i]->dead_letter_queue.empty()) kept[i] = outgoing.deliveries[i];
    }
    cloud::Appended appended = co_await append_allowed(arn, outgoing);
    if (appended.after) settlement_.add(std::move(appended.after));
    for (const cloud::Undelivered& undelivered : appended.undelivered) {
      if (statuses.empty()) break;
      statuses[undelivered.delivery].delivered = false;
      statuses[undelivered.delivery].response = undelivered.message;
    }
    if (!statuses.empty()) log_when_committed(std::move(statuses));
    const std::size_t taken = kept.size() - appended.undelivered.size();
    if (!may_bury) core_.figures.dead_lettered.add(taken);
    TopicMeasures& measures = topic_.measures(core_.house.measures);
    if (taken > 0 && !outgoing.kind->is_outside()) {
      (may_bury ? measures.delivered : measures.redriven)->add(static_cast<double>(taken));
    }
    if (may_bury && taken < kept.size()) measures.failed->add(static_cast<double>(kept.size() - taken));
    for (const cloud::Undelivered& undelivered : appended.undelivered) {
      const Subscription* const one = outgoing.subscriptions[undelivered.delivery];
      if (may_bury && !one->dead_letter_queue.empty()) {
        Outgoing& letters = dead_[one->dead_letter_queue];
        letters.kind = core_.house.event_targets.queues();
        letters.deliveries.push_back(std::move(kept[undelivered.delivery]));
        letters.subscriptions.push_back(one);
        continue;
      }
      core_.figures.dropped.add();
      core_.house.log.warning(
          "a notification was dropped",
          {{"subscription", one->arn}, {"target", arn}, {"error", undelivered.code}, {"message", undelivered.message}});
    }
  }

  Core& core_;
  const Topic& topic_;
  const std::shared_ptr<const TopicState> state_;
  const std::shared_ptr<const Audience> audience_;
  const bool replays_;
  store::Batch& batch_;
  std::map<std::string, Outgoing> outgoing_;
  std::map<std::string, Outgoing> dead_;
  Settlement settlement_;
};

}  // namespace

void Settlement::settle(bool committed) {
  for (const auto& after : std::exchange(waiting_, {})) after(committed);
}

asio::awaitable<Result<Settlement>> fan_out(Core& core, const Topic& topic, const std::vector<Message>& messages,
                                            store::Batch& batch) {
  FanOut fan(core, topic, topic.audience(), false, batch);
  Result<Settlement> done = co_await fan.run(messages);
  co_return done;
}

asio::awaitable<Result<Settlement>> fan_out_to(Core& core, const Topic& topic, const std::vector<Message>& messages,
                                               SubscriptionPtr subscription, store::Batch& batch) {
  std::vector<SubscriptionPtr> alone(1, std::move(subscription));
  FanOut fan(core, topic, std::make_shared<const Audience>(std::move(alone)), true, batch);
  Result<Settlement> done = co_await fan.run(messages);
  co_return done;
}

}  // namespace signalbox::sns
