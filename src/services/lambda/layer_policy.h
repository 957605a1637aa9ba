// Whether another account may use a layer version.
#pragma once

#include <memory>
#include <string>

#include "policy/document.h"
#include "services/lambda/function.h"

namespace signalbox::lambda {

using PolicyDocument = std::shared_ptr<const policy::Document>;

/// The resource policy; null for none.
PolicyDocument policy_of(const LayerVersion& version);

/// Whoever is of the layer's account may, and others as its policy says. Errors: AccessDeniedException.
Result<void> check_layer_user(const LayerReference& named, const LayerVersion& version, const std::string& account);

}  // namespace signalbox::lambda
