// Our own programs that run in sandboxes, which this program carries within it.
#pragma once

#include "services/lambda/code_store.h"

namespace signalbox::lambda {

/// Puts them where sandboxes have them from. Errors: code "StoreError".
Result<void> put_runtime_files(const CodeStore& code);

}  // namespace signalbox::lambda
