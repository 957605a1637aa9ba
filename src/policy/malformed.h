// Errors about policy documents.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace signalbox::policy {

inline std::unexpected<Error> malformed(std::string message) {
  return fail("MalformedPolicyDocument", std::move(message));
}
/// AWS's text for whatever does not follow the grammar.
inline std::unexpected<Error> syntax_error() {
  return malformed("Syntax errors in policy.");
}

}  // namespace signalbox::policy
