#include "services/sns/core.h"

namespace signalbox::sns {

Figures::Figures(Metrics& metrics)
    : published(metrics.counter("signalbox_sns_published_total", "Messages published to topics.")),
      duplicates(metrics.counter("signalbox_sns_duplicates_total", "Messages that FIFO topics had already.")),
      notifications(metrics.counter("signalbox_sns_notifications_total", "Notifications made for subscribers.")),
      filtered_out(metrics.counter("signalbox_sns_filtered_out_total",
                                   "Notifications that subscriptions' filter policies did not want.")),
      dropped(
          metrics.counter("signalbox_sns_dropped_total", "Notifications that could not be delivered and are lost.")),
      dead_lettered(metrics.counter("signalbox_sns_dead_lettered_total",
                                    "Notifications sent to dead-letter queues within the publishing batch.")) {}

bool is_unsigned(const cloud::Call& call) {
  return call.principal.access_key.empty() && !call.principal.arn.ends_with(".amazonaws.com");
}

Result<TopicPtr> find_topic(Core& core, const cloud::Call& call, std::string_view arn) {
  cloud::Scope caller = call.scope;
  if (core.house.authority.enforcing()) {
    // Its policy may let others in; it was asked.
    if (const auto named = read_topic_arn(arn)) caller.account = named->scope.account;
  }
  const auto id = topic_of_request(caller, arn);
  if (!id) return std::unexpected(id.error());
  TopicPtr topic = core.topics.find(*id);
  if (!topic || !topic->state()) return no_such_topic();
  return topic;
}

asio::awaitable<Result<void>> save(Core& core, Topic& topic, TopicRecord record) {
  auto settings = read_settings(topic.id, record.attributes);
  if (!settings) co_return std::unexpected(std::move(settings).error());
  store::Batch batch;
  batch.put(topic_key(topic.id), store::encode(record));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return committed;
  topic.set_state(std::make_shared<const TopicState>(TopicState{std::move(record), *std::move(settings)}));
  co_return Result<void>();
}

}  // namespace signalbox::sns
