// From messages to what each subscriber gets, in the batch that acknowledges them.
#pragma once

#include <vector>

#include "cloud/outbox.h"
#include "services/sns/core.h"
#include "services/sns/message.h"

namespace signalbox::sns {

/// Adds what `messages`, in order, bring to the topic's subscribers. Errors: a signature cannot be made.
asio::awaitable<Result<cloud::Settlement>> fan_out(Core& core, const Topic& topic, const std::vector<Message>& messages,
                                                   store::Batch& batch);

/// The same for one subscription alone, whether a replay for it is under way or not.
asio::awaitable<Result<cloud::Settlement>> fan_out_to(Core& core, const Topic& topic,
                                                      const std::vector<Message>& messages,
                                                      SubscriptionPtr subscription, store::Batch& batch);

}  // namespace signalbox::sns
