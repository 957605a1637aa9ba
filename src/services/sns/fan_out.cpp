#include "services/sns/fan_out.h"

#include <algorithm>
#include <utility>

#include "json/json.h"
#include "services/sns/envelope.h"
#include "services/sns/outside.h"
#include "services/sns/status_log.h"

namespace signalbox::sns {
namespace {

constexpr const char* kPrincipal = "sns.amazonaws.com";

using Failure = cloud::Outbox::Failure;
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

/// What a delivery is of.
struct Sent {
  const Subscription* subscription;
  const Message* message;
  bool inside;  // to a queue or a function
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
  return delivery;
}

/// The same with what both have.
cloud::EventDelivery to_inside(const Message& message, const Subscription& subscription, const std::string& topic,
                               Envelopes& envelopes) {
  cloud::EventDelivery delivery = subscription.record.protocol == "sqs" ? to_queue(message, subscription, envelopes)
                                                                        : to_function(message, subscription, envelopes);
  delivery.sender = kPrincipal;
  delivery.source_arn = topic;
  if (subscription.dead_letter_queue.empty()) return delivery;
  auto policy = std::make_shared<cloud::DeliveryPolicy>();  // a dead letter is the notification as it is
  policy->dead_letter_queue = subscription.dead_letter_queue;
  delivery.policy = std::move(policy);
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
        batch_(batch),
        outbox_(core.house, {.service = kPrincipal}) {}

  asio::awaitable<Result<cloud::Settlement>> run(const std::vector<Message>& messages) {
    const bool signs =
        !topic_.id.fifo() && std::ranges::any_of(audience_->all(), [](const SubscriptionPtr& s) { return !s->raw; });
    if (signs) {
      Result<void> ready = co_await core_.signer.prepare();
      if (!ready) co_return std::unexpected(std::move(ready).error());
    }
    for (const Message& message : messages) add(message);
    cloud::Settlement settlement;
    const auto failures = co_await outbox_.append(batch_, settlement);
    tell_of(failures);
    log_when_committed(failures, settlement);
    co_return settlement;
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
      const std::string& endpoint = one->record.endpoint;
      const bool inside = protocol == "sqs" || protocol == "lambda";
      sent_.push_back({one, &message, inside});
      if (inside) {
        outbox_.add(core_.house.event_targets.find(*cloud::Arn::parse(endpoint)), endpoint,
                    to_inside(message, *one, topic_.arn, protocol == "lambda" ? functions : envelopes));
      } else {
        outbox_.add_allowed(core_.outside, lane_of(one->id), to_outside(core_, message, *one, *state_, envelopes));
      }
    }
    core_.figures.notifications.add(chosen.size());
  }

  void tell_of(const std::vector<Failure>& failures) {
    TopicMeasures& measures = topic_.measures(core_.house.measures);
    const auto inside = std::ranges::count_if(sent_, &Sent::inside) - std::ssize(failures);
    if (inside > 0) measures.delivered->add(static_cast<double>(inside));
    if (!failures.empty()) measures.failed->add(static_cast<double>(failures.size()));
    for (const Failure& failure : failures) {
      if (failure.letter == Failure::Letter::kSent) {
        core_.figures.dead_lettered.add(1);
        measures.redriven->add(1);
        continue;
      }
      const bool lost = failure.letter == Failure::Letter::kLost;
      core_.figures.dropped.add();
      core_.house.log.warning("a notification was dropped",
                              {{"subscription", sent_[failure.delivery].subscription->arn},
                               {"target", lost ? failure.queue : failure.target},
                               {"error", failure.code},
                               {"message", lost ? failure.why_lost : failure.message}});
    }
  }

  /// Logs deliveries to queues and functions, where the topic asks for that.
  void log_when_committed(const std::vector<Failure>& failures, cloud::Settlement& settlement) const {
    const TopicPtr topic = state_->settings.feedback.empty() ? nullptr : core_.topics.find(topic_.id);
    if (!topic) return;
    for (const auto& [kind, protocol] : {std::pair("SQS", "sqs"), std::pair("Lambda", "lambda")}) {
      if (!state_->settings.feedback.contains(kind)) continue;
      std::vector<DeliveryStatus> statuses;
      for (std::size_t i = 0; i < sent_.size(); ++i) {
        const Sent& sent = sent_[i];
        if (sent.subscription->record.protocol != protocol) continue;
        const auto failure = std::ranges::find(failures, i, &Failure::delivery);
        const bool delivered = failure == failures.end();
        statuses.push_back({sent.message->id, sent.message->text, sent.subscription->record.endpoint, delivered, 1,
                            sent.message->published, delivered ? "" : failure->message});
      }
      if (statuses.empty()) continue;
      settlement.add([&core = core_, topic, protocol, statuses = std::move(statuses)](bool committed) {
        if (committed) log_status(core, *topic, protocol, statuses);
      });
    }
  }

  /// Who has a replay gets new messages from the archive, behind the old ones.
  bool waits_for_replay(const Subscription& one) const {
    if (!topic_.id.fifo()) return false;
    const auto replay = topic_.replays.find(one.id.id);
    return replay != topic_.replays.end() && replay->second.status != Replay::Status::kCompleted;
  }

  Core& core_;
  const Topic& topic_;
  const std::shared_ptr<const TopicState> state_;
  const std::shared_ptr<const Audience> audience_;
  const bool replays_;
  store::Batch& batch_;
  cloud::Outbox outbox_;
  std::vector<Sent> sent_;  // by the numbers of the deliveries
};

}  // namespace

asio::awaitable<Result<cloud::Settlement>> fan_out(Core& core, const Topic& topic, const std::vector<Message>& messages,
                                                   store::Batch& batch) {
  FanOut fan(core, topic, topic.audience(), false, batch);
  Result<cloud::Settlement> done = co_await fan.run(messages);
  co_return done;
}

asio::awaitable<Result<cloud::Settlement>> fan_out_to(Core& core, const Topic& topic,
                                                      const std::vector<Message>& messages,
                                                      SubscriptionPtr subscription, store::Batch& batch) {
  std::vector<SubscriptionPtr> alone(1, std::move(subscription));
  FanOut fan(core, topic, std::make_shared<const Audience>(std::move(alone)), true, batch);
  Result<cloud::Settlement> done = co_await fan.run(messages);
  co_return done;
}

}  // namespace signalbox::sns
