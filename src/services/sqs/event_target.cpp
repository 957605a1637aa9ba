#include "services/sqs/event_target.h"

#include "services/sqs/sqs.h"

namespace signalbox::sqs {
namespace {

/// What stands as the sender of messages that rules deliver.
constexpr std::string_view kEventsPrincipal = "events.amazonaws.com";

Sqs::Outgoing message_of(cloud::EventDelivery delivery) {
  Sqs::Outgoing message;
  message.body = std::move(delivery.payload);
  message.sender = delivery.sender.empty() ? std::string(kEventsPrincipal) : std::move(delivery.sender);
  message.trace_header = std::move(delivery.trace_header);
  message.group = std::move(delivery.message_group_id);
  message.deduplication = std::move(delivery.deduplication_id);
  if (delivery.typed) {
    for (const auto& [name, given] : *delivery.typed) {
      auto& attribute = message.attributes[name];
      attribute.data_type = given.type;
      (given.binary() ? attribute.binary_value : attribute.string_value) = given.value;
    }
  }
  for (auto& [name, text] : delivery.attributes) {
    auto& attribute = message.attributes[name];
    attribute.data_type = "String";
    attribute.string_value = std::move(text);
  }
  return message;
}

}  // namespace

Result<void> QueueTarget::check(const cloud::Arn& target, const cloud::TargetParameters& parameters) const {
  if (parameters.http) return cloud::not_for_this_target("HttpParameters", parameters.id);
  const bool fifo = target.resource.ends_with(".fifo");
  const bool has_message_group_id = parameters.message_group_id.has_value();
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

asio::awaitable<cloud::Appended> QueueTarget::append(std::string target, std::vector<cloud::EventDelivery> deliveries,
                                                     store::Batch& batch) {
  cloud::Appended appended;
  const auto none_taken = [&] {
    appended.undelivered.clear();
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      appended.undelivered.push_back({i, "NO_RESOURCE", no_such_queue().error().message});
    }
  };
  const QueuePointer queue = sqs_.find_arn(target);
  if (!queue) {
    none_taken();
    co_return appended;
  }
  auto prepared = std::make_shared<std::vector<Sqs::Prepared>>();
  co_await cloud::on(queue->owner, [&]() -> asio::awaitable<void> {
    std::vector<Sqs::Outgoing> messages;
    for (cloud::EventDelivery& delivery : deliveries) messages.push_back(message_of(std::move(delivery)));
    if (queue->name.fifo()) {
      std::vector<std::string> names;
      for (const Sqs::Outgoing& message : messages) names.push_back(Sqs::deduplication_name(*queue, message));
      co_await sqs_.wait_for_originals(*queue, std::move(names));
    }
    if (queue->deleted) {
      none_taken();
      co_return;
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
      Result<Sqs::Prepared> one = sqs_.prepare(*queue, std::move(messages[i]), batch);
      if (one) {
        prepared->push_back(std::move(*one));
      } else {
        appended.undelivered.push_back({i, "INVALID_PARAMETER", one.error().message});
      }
    }
  });
  if (prepared->empty()) co_return appended;
  appended.after = [this, queue, prepared](bool committed) {
    if (queue->owner.is_current()) return sqs_.publish(*queue, *prepared, committed);
    queue->owner.post([this, queue, prepared, committed] { sqs_.publish(*queue, *prepared, committed); });
  };
  co_return appended;
}

}  // namespace signalbox::sqs
