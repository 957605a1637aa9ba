#include "services/sns/event_target.h"

#include "services/sns/publishing.h"

namespace signalbox::sns {
namespace {

Result<Message> message_of(cloud::EventDelivery delivery) {
  GivenMessage given;
  given.message = std::move(delivery.payload);
  for (auto& [name, text] : delivery.attributes) {
    if (name == "Subject") given.subject = std::move(text);
  }
  auto message = read_message(std::move(given));
  if (message) message->trace_header = std::move(delivery.trace_header);
  return message;
}

}  // namespace

Result<void> TopicTarget::check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const {
  if (parameters.http) return cloud::not_for_this_target("HttpParameters", parameters.id);
  if (parameters.message_group_id) return cloud::not_for_this_target("SqsParameters", parameters.id);
  if (!is_topic_name(target.resource)) {
    return fail("ValidationException", "Provided Arn is not in correct format.");
  }
  if (target.resource.ends_with(".fifo")) {
    return fail("ValidationException", "FIFO topics are not supported as targets: " + target.text() + ".");
  }
  return {};
}

asio::awaitable<cloud::Appended> TopicTarget::append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                                     store::Batch& batch) {
  cloud::Appended appended;
  const TopicPtr topic = core_.topics.find_arn(target);
  if (!topic || !topic->state() || topic->gone()) {
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      appended.undelivered.push_back({i, "NO_RESOURCE", no_such_topic().error().message});
    }
    co_return appended;
  }
  std::vector<Message> messages;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    auto message = message_of(std::move(deliveries[i]));
    Result<void> fits = message ? check_for_topic(topic->id, topic->state()->settings, *message)
                                : Result<void>(std::unexpected(std::move(message).error()));
    if (fits) {
      messages.push_back(*std::move(message));
    } else {
      appended.undelivered.push_back({i, "INVALID_PARAMETER", fits.error().message});
    }
  }
  auto settlement = co_await add_messages(core_, *topic, messages, batch);
  if (!settlement) {
    appended.undelivered.clear();
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      appended.undelivered.push_back({i, "INTERNAL_ERROR", settlement.error().message});
    }
    co_return appended;
  }
  appended.after = cloud::Settlement::as_one(*std::move(settlement));
  co_return appended;
}

}  // namespace signalbox::sns
