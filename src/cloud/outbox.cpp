#include "cloud/outbox.h"

#include <array>
#include <memory>

#include "cloud/delivery_rights.h"
#include "cloud/services.h"

namespace signalbox::cloud {
namespace {

constexpr const char* kNoPermissions = "NO_PERMISSIONS";

/// What stays here of a delivery that its target has: for the case that it does not take it.
struct Kept {
  explicit Kept(const EventDelivery& delivery) : policy(delivery.policy), source_arn(delivery.source_arn) {
    if (policy && !policy->dead_letter_queue.empty()) whole = std::make_unique<const EventDelivery>(delivery);
  }
  /// As source_of() has it.
  const std::string& source() const { return !source_arn.empty() || !policy ? source_arn : policy->source; }

  std::shared_ptr<const DeliveryPolicy> policy;
  std::string source_arn;
  std::unique_ptr<const EventDelivery> whole;  // null where nothing names a dead-letter queue
};

/// What a failed delivery becomes in the dead-letter queue.
EventDelivery letter_of(const EventDelivery& failed, const Outbox::Failure& failure) {
  EventDelivery letter;
  if (failed.policy->source_kind.empty()) {
    letter = failed;  // as the target would have had it
  } else {
    letter = dead_letter(*failed.policy, failed.event.empty() ? failed.payload : failed.event, failure.target,
                         failure.code, failure.message);
    letter.sender = failed.sender;
  }
  letter.policy = nullptr;
  letter.source_arn = failure.source;
  return letter;
}

}  // namespace

AfterCommit Settlement::as_one(Settlement all) {
  return [shared = std::make_shared<Settlement>(std::move(all))](bool committed) { shared->settle(committed); };
}

/// What goes to one target, or as dead letters, which are numbered by their failures, to one queue.
struct Outbox::ToOne {
  EventTarget* kind = nullptr;
  bool asks = true;
  std::vector<EventDelivery> deliveries;
  std::vector<std::string> roles;
  std::vector<std::size_t> numbers;  // of the deliveries

  void add(EventDelivery delivery, std::string role, std::size_t number) {
    deliveries.push_back(std::move(delivery));
    roles.push_back(std::move(role));
    numbers.push_back(number);
  }
};

Outbox::Outbox(const House& house, Sender sender) : house_(house), sender_(std::move(sender)) {}
Outbox::Outbox(Outbox&&) noexcept = default;
Outbox::~Outbox() = default;

std::size_t Outbox::add(EventTarget* kind, const std::string& target, EventDelivery delivery, std::string role) {
  ToOne& to_one = targets_[target];
  to_one.kind = kind;
  to_one.add(std::move(delivery), std::move(role), count_);
  return count_++;
}

std::size_t Outbox::add_allowed(EventTarget* kind, const std::string& target, EventDelivery delivery) {
  targets_[target].asks = false;
  return add(kind, target, std::move(delivery));
}

std::size_t Outbox::add_failed(const std::string& target, EventDelivery delivery, std::string code,
                               std::string message) {
  fail({count_, target, source_of(delivery), std::move(code), std::move(message)}, &delivery, {});
  return count_++;
}

void Outbox::announce(ServiceEvent event) {
  events_.push_back(std::move(event));
}

void Outbox::fail(Failure failure, const EventDelivery* delivery, std::string role) {
  if (delivery != nullptr && delivery->policy) failure.queue = delivery->policy->dead_letter_queue;
  if (!failure.queue.empty()) {
    ToOne& letters = dead_[failure.queue];
    letters.kind = house_.event_targets.queues();
    letters.add(letter_of(*delivery, failure), sender_.buries_by_role ? std::move(role) : std::string(),
                failures_.size());
  }
  failures_.push_back(std::move(failure));
}

/// Appends those that may be delivered. Returns the others, and those that the target does not take, by their places
/// among `to_one`'s; its deliveries are gone then.
asio::awaitable<std::vector<Undelivered>> Outbox::append_allowed(const std::string& target, ToOne& to_one,
                                                                 store::Batch& batch, Settlement& settlement) {
  std::vector<Undelivered> undelivered;
  std::vector<EventDelivery> allowed;
  std::vector<std::size_t> places;
  if (to_one.kind == nullptr) {
    for (std::size_t i = 0; i < to_one.deliveries.size(); ++i) {
      undelivered.push_back({i, "NO_RESOURCE", "There is nothing of that kind."});
    }
    co_return undelivered;
  }
  if (!to_one.asks || !house_.authority.verifying()) {
    Appended appended = co_await to_one.kind->append(target, std::move(to_one.deliveries), batch);
    settlement.add(std::move(appended.after));
    co_return std::move(appended.undelivered);
  }
  std::map<std::array<std::string, 3>, Result<void>> known;  // by source, role and whom it is for
  for (std::size_t i = 0; i < to_one.deliveries.size(); ++i) {
    const EventDelivery& delivery = to_one.deliveries[i];
    const bool elsewhere = delivery.policy && !delivery.policy->target.empty();
    const std::string& whom = elsewhere ? delivery.policy->target : target;
    const std::array by = {source_of(delivery), to_one.roles[i], whom};
    auto right = known.find(by);
    if (right == known.end()) {
      DeliveryRight wanted{std::string(sender_.service), by[0], by[1], by[2], sender_.account};
      Result<void> may = co_await may_deliver(house_.authority, house_.sessions, std::move(wanted));
      right = known.emplace(by, std::move(may)).first;
    }
    if (!right->second) {
      undelivered.push_back({i, kNoPermissions, right->second.error().message});
      continue;
    }
    places.push_back(i);
    allowed.push_back(std::move(to_one.deliveries[i]));
  }
  if (allowed.empty()) co_return undelivered;
  Appended appended = co_await to_one.kind->append(target, std::move(allowed), batch);
  settlement.add(std::move(appended.after));
  for (Undelivered& one : appended.undelivered) {
    one.delivery = places[one.delivery];
    undelivered.push_back(std::move(one));
  }
  co_return undelivered;
}

asio::awaitable<void> Outbox::append_to(const std::string& target, ToOne& to_one, store::Batch& batch,
                                        Settlement& settlement) {
  // What is outside takes all that it may get: its failures come later.
  const bool may_fail = to_one.kind == nullptr || !to_one.kind->is_outside() || house_.authority.verifying();
  std::vector<Kept> kept;
  for (const EventDelivery& one : to_one.deliveries) {
    if (may_fail) kept.emplace_back(one);
  }
  std::vector<Undelivered> undelivered = co_await append_allowed(target, to_one, batch, settlement);
  for (Undelivered& one : undelivered) {
    const std::size_t i = one.delivery;
    fail({to_one.numbers[i], target, kept[i].source(), std::move(one.code), std::move(one.message)},
         kept[i].whole.get(), std::move(to_one.roles[i]));
  }
}

asio::awaitable<void> Outbox::bury(const std::string& queue, ToOne& letters, store::Batch& batch,
                                   Settlement& settlement) {
  for (const std::size_t failure : letters.numbers) failures_[failure].letter = Failure::Letter::kSent;
  std::vector<Undelivered> undelivered = co_await append_allowed(queue, letters, batch, settlement);
  for (Undelivered& one : undelivered) {
    Failure& failure = failures_[letters.numbers[one.delivery]];
    failure.letter = Failure::Letter::kLost;
    failure.why_lost = std::move(one.message);
  }
}

asio::awaitable<std::vector<Outbox::Failure>> Outbox::append(store::Batch& batch, Settlement& settlement) {
  for (auto& [target, to_one] : targets_) co_await append_to(target, to_one, batch, settlement);
  for (auto& [queue, letters] : dead_) co_await bury(queue, letters, batch, settlement);
  if (!events_.empty()) settlement.add(co_await house_.service_events.append(std::move(events_), batch));
  co_return std::move(failures_);
}

asio::awaitable<Result<std::vector<Outbox::Failure>>> Outbox::commit(store::Batch batch) {
  Settlement settlement;
  std::vector<Failure> failures = co_await append(batch, settlement);
  if (!batch.empty()) {
    Result<void> committed = co_await house_.store.commit(std::move(batch));
    if (!committed) co_return std::unexpected(std::move(committed).error());
  }
  settlement.settle(true);
  co_return failures;
}

}  // namespace signalbox::cloud
