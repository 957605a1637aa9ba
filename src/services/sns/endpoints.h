// What may subscribe: the protocols and the endpoints that each takes.
#pragma once

#include <string>

#include "base/result.h"
#include "services/sns/core.h"

namespace signalbox::sns {

/// Errors: InvalidParameter with AWS's texts; those that do not work here yet are refused by name.
Result<void> check_endpoint(const Core& core, const TopicId& topic, const std::string& protocol,
                            const std::string& endpoint);

/// Whether an endpoint has to confirm before it gets messages.
bool must_confirm(const std::string& protocol);

}  // namespace signalbox::sns
