// What the operations of the service share, and where each group of them is registered.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cloud/services.h"
#include "services/sns/options.h"
#include "services/sns/signer.h"
#include "services/sns/topic.h"

namespace signalbox::sns {

namespace asio = boost::asio;

/// What the service counts; names and meanings are in README.md.
struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& published;
  Counter& duplicates;
  Counter& notifications;
  Counter& filtered_out;
  Counter& dropped;
  Counter& dead_lettered;
};

struct Core {
  Core(const cloud::House& with, Options given)
      : house(with),
        options(std::move(given)),
        topics(with.shards),
        signer(house.store, house.sealer, house.clock),
        figures(with.metrics) {}
  /// Through whom subscribers outside are reached; set before the first request.
  cloud::EventTarget* outside = nullptr;
  const cloud::House house;
  const Options options;
  Topics topics;
  /// On shard 0: who changes platform applications or endpoints takes a turn.
  cloud::Turns application_turns;
  Signer signer;
  Figures figures;
};

/// Entries of a page: AWS's.
inline constexpr std::size_t kPage = 100;

/// Where the pages stand that links in mail lead to.
inline constexpr std::string_view kPagePath = "/_signalbox/sns/";

/// Links in messages are followed without a signature, and so without a caller.
bool is_unsigned(const cloud::Call& call);

/// Each registers its operations with the door; `core` outlives it.
void register_topic_operations(Core& core);
void register_permission_operations(Core& core);
void register_tag_operations(Core& core);
void register_subscription_operations(Core& core);
void register_subscription_lists(Core& core);
void register_publish(Core& core);

/// The topic of a request. Errors: NotFound, and those of topic_of_request.
Result<TopicPtr> find_topic(Core& core, const cloud::Call& call, std::string_view arn);

/// Runs `work(topic)` on the topic's shard, in turn.
template <class Work>
auto in_turn(TopicPtr topic, Work work) -> std::invoke_result_t<Work&, Topic&> {
  auto turn = [&]() -> std::invoke_result_t<Work&, Topic&> {
    const auto mine = co_await topic->turns.take();
    if (topic->gone()) co_return no_such_topic();
    co_return co_await work(*topic);
  };
  co_return co_await cloud::on(topic->owner, std::ref(turn));
}

/// A subscription that nobody has confirmed by then is gone ("unconfirmed subscriptions are deleted after two days").
inline constexpr std::chrono::hours kConfirmationTime{48};
/// Ends a pending subscription when its time is over. On the topic's shard, or before the shards run.
void arm_confirmation(Core& core, const TopicPtr& topic, const Subscription& subscription);

/// Commits a topic's record and lets it hold.
asio::awaitable<Result<void>> save(Core& core, Topic& topic, TopicRecord record);

}  // namespace signalbox::sns
