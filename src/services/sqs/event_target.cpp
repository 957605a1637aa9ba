#include "services/sqs/event_target.h"

#include "services/sqs/sqs.h"

namespace signalbox::sqs {
namespace {

/// What stands as the sender of messages that rules deliver.
constexpr std::string_view kEventsPrincipal = "events.amazonaws.com";

}  // namespace

Result<void> QueueTarget::check(const cloud::Arn& target, bool has_message_group_id) const {
  const bool fifo = target.resource.ends_with(".fifo");
  if (fifo && !has_message_group_id) {
    return fail("ValidationException",
                "Parameter(s) MessageGroupId must be specified for target: " + target.text() + ".");
  }
  if (!fifo && has_message_group_id) {
    return fail("ValidationException",
                "Parameter(s) SqsParameters is not valid for target: " + target.text() + ", which is no FIFO queue.");
  }
  return {};
}

asio::awaitable<Result<cloud::AfterCommit>> QueueTarget::append(std::string target,
                                                                std::vector<cloud::EventDelivery> deliveries,
                                                                store::Batch& batch) {
  const QueuePointer queue = sqs_.find_arn(target);
  if (!queue) co_return no_such_queue();
  auto prepared = std::make_shared<std::vector<Sqs::Prepared>>();
  Result<void> done = co_await cloud::on(queue->owner, [&]() -> asio::awaitable<Result<void>> {
    std::vector<Sqs::Outgoing> messages;
    for (cloud::EventDelivery& delivery : deliveries) {
      Sqs::Outgoing& message = messages.emplace_back();
      message.body = std::move(delivery.payload);
      message.sender = kEventsPrincipal;
      message.trace_header = std::move(delivery.trace_header);
      message.group = std::move(delivery.message_group_id);
    }
    if (queue->name.fifo()) {
      std::vector<std::string> names;
      for (const Sqs::Outgoing& message : messages) names.push_back(Sqs::deduplication_name(*queue, message));
      co_await sqs_.wait_for_originals(*queue, std::move(names));
    }
    if (queue->deleted) co_return no_such_queue();
    Result<void> result;
    for (Sqs::Outgoing& message : messages) {
      Result<Sqs::Prepared> one = sqs_.prepare(*queue, std::move(message), batch);
      if (one) {
        prepared->push_back(std::move(*one));
      } else {
        house_.log.warning("an event could not be delivered", {{"queue", queue->arn}, {"why", one.error().message}});
        result = std::unexpected(std::move(one).error());
      }
    }
    co_return result;
  });
  // Some may have been taken and others not: those that were must still be published.
  if (!done && prepared->empty()) co_return std::unexpected(std::move(done).error());
  co_return cloud::AfterCommit([this, queue, prepared](bool committed) {
    if (queue->owner.is_current()) return sqs_.publish(*queue, *prepared, committed);
    queue->owner.post([this, queue, prepared, committed] { sqs_.publish(*queue, *prepared, committed); });
  });
}

}  // namespace signalbox::sqs
