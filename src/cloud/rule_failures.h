// AWS/Events' figures of what rules could not deliver: seldom, so told without anything being kept for it.
#pragma once

#include <string>
#include <string_view>

#include "cloud/measures.h"

namespace signalbox::cloud {

/// `name` is "FailedInvocations", "InvocationsSentToDlq" or "InvocationsFailedToBeSentToDlq", `rule` the ARN of the
/// rule that the delivery comes from; nothing for what is no rule.
void tell_rule_failure(Measures& measures, std::string_view name, const std::string& rule);

}  // namespace signalbox::cloud
