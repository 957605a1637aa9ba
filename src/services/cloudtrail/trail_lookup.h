// Trails as requests name them: by name or ARN, from their home Region or another.
#pragma once

#include <optional>
#include <string>

#include "services/cloudtrail/core.h"

namespace signalbox::cloudtrail {

/// By a name, of the trails of the caller's Region and those of others that cover it; or by an ARN. Errors:
/// TrailNotFoundException, InvalidTrailNameException, CloudTrailARNInvalidException.
Result<TrailPtr> find_trail(const Core& core, const cloud::Call& call, const std::string& name_or_arn);
/// The same for changes, which are made in the home Region only. Errors: InvalidHomeRegionException, too.
Result<TrailPtr> find_trail_at_home(const Core& core, const cloud::Call& call, const std::string& name_or_arn);

/// Errors: TrailNotFoundException.
std::unexpected<Error> no_such_trail(const cloud::Call& call, const std::string& arn);
/// Errors: UnsupportedOperationException naming the field.
std::unexpected<Error> not_supported_yet(std::string_view field);

/// Runs the coroutine `work()` where trails are changed, alone.
template <class Work>
auto alone(Core& core, Work work) -> std::invoke_result_t<Work&> {
  auto in_turn = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await core.turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(core.house.shards.at(0), std::ref(in_turn));
}

/// Commits the trail as it is to be, and lets all know. In turn.
asio::awaitable<Result<void>> save(Core& core, Trail trail);

}  // namespace signalbox::cloudtrail
