// Subscribe, ConfirmSubscription, Unsubscribe, GetSubscriptionAttributes, SetSubscriptionAttributes.

#include <algorithm>

#include "base/encoding.h"
#include "cloud/outbox.h"
#include "models/sns.h"
#include "services/sns/core.h"
#include "services/sns/endpoints.h"
#include "services/sns/http_endpoint.h"
#include "services/sns/outside.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

/// Whether what is asked for is what the subscription has.
Result<void> check_same(const Subscription& present, const SubscriptionRecord& wanted) {
  for (const auto& [name, value] : wanted.attributes) {
    const auto found = present.record.attributes.find(name);
    if (found == present.record.attributes.end() || found->second != value) {
      return invalid("Attributes", "Subscription already exists with different attributes");
    }
  }
  return {};
}

/// What Subscribe says of a bad attribute; SetSubscriptionAttributes leaves "Attributes Reason: " out.
std::unexpected<Error> of_attributes(Error error) {
  constexpr std::string_view kBegins = "Invalid parameter: ";
  if (error.message.starts_with(kBegins)) error.message.insert(kBegins.size(), "Attributes Reason: ");
  return std::unexpected(std::move(error));
}

Result<void> check_filters(const Topic& topic, const Subscription* before, const Subscription& after) {
  const bool had = before != nullptr && before->filter.has_value();
  if (!after.filter || had || topic.counts().filters < kMaxFiltersOfTopic) return {};
  return fail(m::errors::kFilterPolicyLimitExceededException,
              "The filter policy limit of 200 per topic has been reached.");
}

/// What becomes of a subscription's replay when its record changes.
struct ReplayChange {
  bool stops = false;
  std::optional<Replay> begins;
};

/// Errors: InvalidParameter for a replay of a topic that has no archive.
Result<ReplayChange> change_replay(const Topic& topic, const Subscription& after, store::Batch& batch) {
  const SubscriptionPtr before = topic.find(after.id.id);
  const auto text = [](const Subscription& one) {
    const auto found = one.record.attributes.find("ReplayPolicy");
    return found == one.record.attributes.end() ? std::string() : found->second;
  };
  ReplayChange change;
  if (before && text(*before) == text(after)) return change;
  const auto state = topic.state();
  const store::Key key = replay_key(state->record.number, after.id.id);
  if (!after.replay) {
    change.stops = topic.replays.contains(after.id.id);
    if (change.stops) batch.erase(key);
    return change;
  }
  if (state->settings.archive_days == 0) return invalid("ReplayPolicy", "The topic has no ArchivePolicy");
  change.begins = begin_replay(topic, *after.replay);
  batch.put(key, store::encode(*change.begins));
  return change;
}

void take_replay(Core& core, Topic& topic, const std::string& id, const ReplayChange& change) {
  if (change.stops) topic.replays.erase(id);
  if (!change.begins) return;
  const auto running = topic.replays.find(id);
  const bool goes_on = running != topic.replays.end() && running->second.running;
  topic.replays[id] = *change.begins;
  topic.replays[id].running = goes_on;
  if (const TopicPtr shared = core.topics.find(topic.id)) run_replay(core, shared, id);
}

/// Commits a subscription's record, and what it is sent, and lets it hold. On the topic's shard, in turn.
asio::awaitable<Result<void>> save(Core& core, Topic& topic, SubscriptionPtr subscription,
                                   std::vector<cloud::EventDelivery> letters = {}) {
  store::Batch batch;
  batch.put(subscription_key(subscription->id), store::encode(subscription->record));
  const auto replay = change_replay(topic, *subscription, batch);
  if (!replay) co_return std::unexpected(replay.error());
  cloud::Outbox outbox(core.house, {.service = "sns.amazonaws.com"});
  for (auto& letter : letters) outbox.add_allowed(core.outside, lane_of(subscription->id), std::move(letter));
  cloud::Settlement settlement;
  co_await outbox.append(batch, settlement);
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (committed) {
    topic.put(subscription);
    take_replay(core, topic, subscription->id.id, *replay);
  }
  settlement.settle(committed.has_value());
  co_return committed;
}

/// What asks a pending subscription's endpoint; nothing for others.
asio::awaitable<Result<std::vector<cloud::EventDelivery>>> questions(Core& core, const Topic& topic,
                                                                     const Subscription& subscription) {
  std::vector<cloud::EventDelivery> letters;
  if (!subscription.pending()) co_return letters;
  Result<void> ready = co_await core.signer.prepare();
  if (!ready) co_return std::unexpected(std::move(ready).error());
  letters.push_back(confirmation(core, subscription, *topic.state()));
  co_return letters;
}

asio::awaitable<Result<m::SubscribeResponse>> subscribe(Core& core, const Call& call, m::SubscribeInput request) {
  const auto topic = find_topic(core, call, *request.topic_arn);
  if (!topic) co_return std::unexpected(topic.error());
  SubscriptionRecord record;
  record.protocol = *request.protocol;
  record.endpoint = request.endpoint.value_or("");
  Result<void> checked = check_endpoint(core, (*topic)->id, record.protocol, record.endpoint);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  record.owner = call.scope.account;
  record.created = core.house.clock.now();
  record.confirmed = !must_confirm(record.protocol);
  record.confirmation_was_authenticated = record.confirmed;
  if (!record.confirmed) record.token = new_token();
  if (request.attributes) {
    for (const auto& [name, value] : *request.attributes) {
      Result<void> set = set_attribute(record, name, value);
      if (!set) co_return of_attributes(std::move(set).error());
    }
  }
  const auto wanted = compile({(*topic)->id, core.house.random.uuid()}, std::move(record));
  if (!wanted) co_return of_attributes(wanted.error());
  SubscriptionPtr held;
  Result<void> done = co_await in_turn(*topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    held = mine.find((*wanted)->record.protocol, (*wanted)->record.endpoint);
    const bool fresh = held == nullptr;
    if (fresh) held = *wanted;
    Result<void> fits = fresh ? check_filters(mine, nullptr, *held) : check_same(*held, (*wanted)->record);
    if (!fits || (!fresh && !held->pending())) co_return fits;
    // Who asks again while it is pending has the endpoint asked again.
    auto letters = co_await questions(core, mine, *held);
    if (!letters) co_return std::unexpected(std::move(letters).error());
    Result<void> saved = co_await save(core, mine, held, *std::move(letters));
    if (saved && fresh) arm_confirmation(core, *topic, *held);
    co_return saved;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  m::SubscribeResponse response;
  const bool tell = !held->pending() || request.return_subscription_arn.value_or(false);
  response.subscription_arn = tell ? held->arn : "pending confirmation";
  co_return response;
}

/// Gives an endpoint its subscription back; its ARN. Errors: InvalidParameter for a token that is none, or too old.
asio::awaitable<Result<std::string>> restore(Core& core, Topic& topic, std::string token) {
  const auto stored = core.house.store.get(ended_key(topic.id, token));
  if (!stored) co_return std::unexpected(stored.error());
  auto ended = *stored ? store::decode<EndedSubscription>(**stored) : std::nullopt;
  if (!ended || core.house.clock.now() - ended->ended > kConfirmationTime ||
      topic.find(ended->record.protocol, ended->record.endpoint)) {
    co_return invalid("Token");
  }
  const auto subscription = compile({topic.id, ended->id}, std::move(ended->record));
  if (!subscription) co_return std::unexpected(subscription.error());
  Result<void> few = check_filters(topic, nullptr, **subscription);
  if (!few) co_return std::unexpected(std::move(few).error());
  store::Batch batch;
  batch.erase(ended_key(topic.id, token));
  batch.put(subscription_key((*subscription)->id), store::encode((*subscription)->record));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  topic.put(*subscription);
  co_return (*subscription)->arn;
}

asio::awaitable<Result<m::ConfirmSubscriptionResponse>> confirm(Core& core, const Call& call,
                                                                m::ConfirmSubscriptionInput request) {
  const auto named = read_topic_arn(*request.topic_arn);
  const auto id = topic_of_request(is_unsigned(call) && named ? named->scope : call.scope, *request.topic_arn);
  if (!id) co_return std::unexpected(id.error());
  const TopicPtr topic = core.topics.find(*id);
  if (!topic || !topic->state()) co_return no_such_topic();
  m::ConfirmSubscriptionResponse response;
  Result<void> done = co_await in_turn(topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    const SubscriptionPtr before = mine.find_token(*request.token);
    if (!before) {
      auto restored = co_await restore(core, mine, *request.token);
      if (!restored) co_return std::unexpected(std::move(restored).error());
      response.subscription_arn = *std::move(restored);
      co_return Result<void>();
    }
    response.subscription_arn = before->arn;
    if (!before->pending()) co_return Result<void>();
    auto after = std::make_shared<Subscription>(*before);
    after->record.confirmed = true;
    after->record.confirmation_was_authenticated = !is_unsigned(call);
    after->record.authenticate_on_unsubscribe = request.authenticate_on_unsubscribe.value_or("") == "true";
    Result<void> saved = co_await save(core, mine, after);
    co_return saved;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return response;
}

asio::awaitable<Result<void>> erase(Core& core, const Call& call, Topic& topic, const std::string& id) {
  const SubscriptionPtr subscription = topic.find(id);
  if (!subscription) co_return Result<void>();
  if (is_unsigned(call) && subscription->record.authenticate_on_unsubscribe) {
    co_return fail(m::errors::kAuthorizationErrorException, "User is not authorized to perform: SNS:Unsubscribe");
  }
  TopicRecord record = topic.state()->record;
  ++record.deleted_subscriptions;
  store::Batch batch;
  batch.erase(subscription_key(subscription->id));
  batch.put(topic_key(topic.id), store::encode(record));
  if (topic.replays.contains(id)) batch.erase(replay_key(record.number, id));
  cloud::Outbox outbox(core.house, {.service = "sns.amazonaws.com"});
  if (subscription->record.protocol.starts_with("http") && !subscription->pending()) {
    Result<void> ready = co_await core.signer.prepare();
    if (!ready) co_return ready;
    outbox.add_allowed(core.outside, lane_of(subscription->id), goodbye(core, *subscription, *topic.state()));
    batch.put(ended_key(topic.id, subscription->record.token),
              store::encode(EndedSubscription{id, subscription->record, core.house.clock.now()}));
  }
  const auto committed = co_await outbox.commit(std::move(batch));
  if (!committed) co_return std::unexpected(committed.error());
  topic.set_state(std::make_shared<const TopicState>(TopicState{std::move(record), topic.state()->settings}));
  topic.erase(id);
  topic.replays.erase(id);
  co_return Result<void>();
}

asio::awaitable<Result<m::UnsubscribeResponse>> unsubscribe(Core& core, const Call& call, m::UnsubscribeInput request) {
  const auto named = read_subscription_arn(*request.subscription_arn);
  const auto id =
      subscription_of_request(is_unsigned(call) && named ? named->topic.scope : call.scope, *request.subscription_arn);
  if (!id) co_return std::unexpected(id.error());
  const TopicPtr topic = core.topics.find(id->topic);
  // Ending what is not there is no error.
  if (!topic || !topic->state()) co_return m::UnsubscribeResponse{};
  Result<void> done = co_await in_turn(topic, [&](Topic& mine) { return erase(core, call, mine, id->id); });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::UnsubscribeResponse{};
}

/// Removes a subscription that was not confirmed in time.
asio::awaitable<void> expire(Core& core, TopicPtr topic, std::string id) {
  Result<void> done = co_await in_turn(topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    const SubscriptionPtr subscription = mine.find(id);
    if (!subscription || !subscription->pending()) co_return Result<void>();
    store::Batch batch;
    batch.erase(subscription_key(subscription->id));
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    if (committed) mine.erase(id);
    co_return committed;
  });
  // A topic that is gone has none left.
  if (done || done.error().code == m::errors::kNotFoundException) co_return;
  core.house.log.error("a subscription cannot be ended", {{"topic", topic->arn}, {"why", done.error().message}});
}

Result<std::pair<TopicPtr, SubscriptionPtr>> find(Core& core, const Call& call, const std::string& arn) {
  const auto id = subscription_of_request(call.scope, arn);
  if (!id) return std::unexpected(id.error());
  const TopicPtr topic = core.topics.find(id->topic);
  SubscriptionPtr subscription = topic && topic->state() ? topic->find(id->id) : nullptr;
  if (!subscription) return no_such_subscription();
  return std::pair(topic, std::move(subscription));
}

asio::awaitable<Result<m::GetSubscriptionAttributesResponse>> get(Core& core, const Call& call,
                                                                  m::GetSubscriptionAttributesInput request) {
  const auto found = find(core, call, *request.subscription_arn);
  if (!found) co_return std::unexpected(found.error());
  const Subscription& subscription = *found->second;
  const SubscriptionRecord& record = subscription.record;
  m::GetSubscriptionAttributesResponse response;
  auto& attributes = response.attributes.emplace(record.attributes);
  attributes["SubscriptionArn"] = subscription.arn;
  attributes["TopicArn"] = found->first->arn;
  attributes["Owner"] = record.owner;
  attributes["Protocol"] = record.protocol;
  attributes["Endpoint"] = without_password(record.endpoint);
  attributes["PendingConfirmation"] = subscription.pending() ? "true" : "false";
  attributes["ConfirmationWasAuthenticated"] = record.confirmation_was_authenticated ? "true" : "false";
  attributes["SubscriptionPrincipal"] = "arn:aws:iam::" + record.owner + ":root";
  attributes["RawMessageDelivery"] = subscription.raw ? "true" : "false";
  if (subscription.filter) {
    attributes.try_emplace("FilterPolicyScope", "MessageAttributes");
  } else {
    attributes.erase("FilterPolicyScope");  // of no policy
  }
  if (subscription.replay) {
    const TopicPtr topic = found->first;
    attributes["ReplayStatus"] = co_await cloud::on(topic->owner, [&]() -> asio::awaitable<std::string> {
      const auto replay = topic->replays.find(subscription.id.id);
      co_return replay == topic->replays.end() ? std::string("Failed") : text_of(replay->second.status);
    });
  }
  if (record.protocol.starts_with("http")) {
    attributes["EffectiveDeliveryPolicy"] =
        subscription_policy_text(effective(found->first->state()->settings.http, subscription.http));
  }
  co_return response;
}

asio::awaitable<Result<m::SetSubscriptionAttributesResponse>> set(Core& core, const Call& call,
                                                                  m::SetSubscriptionAttributesInput request) {
  const auto found = find(core, call, *request.subscription_arn);
  if (!found) co_return std::unexpected(found.error());
  Result<void> done = co_await in_turn(found->first, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    const SubscriptionPtr before = mine.find(found->second->id.id);
    if (!before) co_return no_such_subscription();
    SubscriptionRecord record = before->record;
    Result<void> changed = set_attribute(record, *request.attribute_name, request.attribute_value.value_or(""));
    if (!changed) co_return changed;
    auto after = compile(before->id, std::move(record));
    if (!after) co_return std::unexpected(std::move(after).error());
    Result<void> few = check_filters(mine, before.get(), **after);
    if (!few) co_return few;
    Result<void> saved = co_await save(core, mine, *after);
    co_return saved;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::SetSubscriptionAttributesResponse{};
}

}  // namespace

void arm_confirmation(Core& core, const TopicPtr& topic, const Subscription& subscription) {
  if (!subscription.pending()) return;
  const std::string id = subscription.id.id;
  topic->owner.alarms().set(subscription.record.created + kConfirmationTime, [&core, topic, id] {
    topic->owner.spawn("sns.subscription-expiry", expire(core, topic, id));
  });
}

void register_subscription_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kSubscribe, [&core](const Call& call, m::SubscribeInput request) {
    return subscribe(core, call, std::move(request));
  });
  door.handle(m::kConfirmSubscription, [&core](const Call& call, m::ConfirmSubscriptionInput request) {
    return confirm(core, call, std::move(request));
  });
  door.open_to_all(m::kConfirmSubscription);
  door.handle(m::kUnsubscribe, [&core](const Call& call, m::UnsubscribeInput request) {
    return unsubscribe(core, call, std::move(request));
  });
  door.open_to_all(m::kUnsubscribe);
  door.handle(m::kGetSubscriptionAttributes, [&core](const Call& call, m::GetSubscriptionAttributesInput request) {
    return get(core, call, std::move(request));
  });
  door.handle(m::kSetSubscriptionAttributes, [&core](const Call& call, m::SetSubscriptionAttributesInput request) {
    return set(core, call, std::move(request));
  });
}

}  // namespace signalbox::sns
