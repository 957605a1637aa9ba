// What IAM asks of the texts in Action, Resource and Sid elements, in its words.
#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/document.h"

namespace signalbox::policy {

Result<void> check_action(std::string_view action, DocumentKind kind);
Result<void> check_resource(std::string_view resource);
Result<void> check_sid(std::string_view sid, DocumentKind kind);

}  // namespace signalbox::policy
