// Taking messages in for a topic: what Publish, PublishBatch and events for topics have in common.
#pragma once

#include <vector>

#include "services/sns/core.h"
#include "services/sns/fan_out.h"
#include "services/sns/message.h"

namespace signalbox::sns {

/// What is answered for a message.
struct Published {
  std::string message_id;
  std::string sequence_number;  // "" on standard topics
};

/// Checks a message against its topic. Errors: InvalidParameter, with AWS's texts.
Result<void> check_for_topic(const TopicId& topic, const TopicSettings& settings, const Message& message);

/// Gives the messages ids and time, and adds to `batch` what they bring. Of standard topics only.
asio::awaitable<Result<cloud::Settlement>> add_messages(Core& core, const Topic& topic, std::vector<Message>& messages,
                                                        store::Batch& batch);

/// Takes the messages, each of which was checked, in and commits. Answers stand in their order.
asio::awaitable<Result<std::vector<Published>>> publish(Core& core, TopicPtr topic, std::vector<Message> messages);

}  // namespace signalbox::sns
