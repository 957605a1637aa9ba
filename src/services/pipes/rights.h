// What a pipe's role lets it do, in `--auth enforce`; in other modes everything is allowed.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "services/pipes/core.h"
#include "services/pipes/pipe.h"

namespace signalbox::pipes {

/// Errors, of all these: AccessDeniedException.
asio::awaitable<Result<void>> may_read(Core& core, PipePtr pipe, ConfigPtr config);
asio::awaitable<Result<void>> may_enrich(Core& core, PipePtr pipe, ConfigPtr config);
asio::awaitable<Result<void>> may_hand_over(Core& core, PipePtr pipe, ConfigPtr config);

}  // namespace signalbox::pipes
