#include "services/cloudtrail/trail_lookup.h"

#include <algorithm>

namespace signalbox::cloudtrail {
namespace {

constexpr std::string_view kTrailResource = "trail/";

}  // namespace

std::unexpected<Error> no_such_trail(const cloud::Call& call, const std::string& arn) {
  return fail("TrailNotFoundException", "Unknown trail: " + arn + " for the user: " + call.scope.account);
}

std::unexpected<Error> not_supported_yet(std::string_view field) {
  return fail("UnsupportedOperationException", "Signalbox does not support " + std::string(field) + " yet.");
}

Result<TrailPtr> find_trail(const Core& core, const cloud::Call& call, const std::string& name_or_arn) {
  if (name_or_arn.starts_with("arn:")) {
    const auto arn = cloud::Arn::parse(name_or_arn);
    if (!arn || arn->service != "cloudtrail" || !arn->resource.starts_with(kTrailResource)) {
      return fail("CloudTrailARNInvalidException", "The ARN " + name_or_arn + " is not a trail's.");
    }
    const TrailPtr trail = core.trails.find_arn(name_or_arn);
    if (!trail || arn->account != call.scope.account) return no_such_trail(call, name_or_arn);
    return trail;
  }
  Result<void> checked = check_trail_name(name_or_arn);
  if (!checked) return std::unexpected(std::move(checked).error());
  if (TrailPtr here = core.trails.find(call.scope, name_or_arn)) return here;
  for (const TrailPtr& trail : core.trails.of(call.scope.account)) {
    if (trail->name == name_or_arn && trail->multi_region) return trail;
  }
  return no_such_trail(call, cloud::make_arn("cloudtrail", call.scope, std::string(kTrailResource) + name_or_arn));
}

Result<TrailPtr> find_trail_at_home(const Core& core, const cloud::Call& call, const std::string& name_or_arn) {
  Result<TrailPtr> trail = find_trail(core, call, name_or_arn);
  if (trail && (*trail)->home.region != call.scope.region) {
    return fail("InvalidHomeRegionException",
                "Trail " + name_or_arn + " must be changed in its home Region, " + (*trail)->home.region + ".");
  }
  return trail;
}

asio::awaitable<Result<void>> save(Core& core, Trail trail) {
  store::Batch batch;
  batch.put(core.trails.key(trail), store::encode(trail));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done && trail.validation) co_await set_delivery(core);
  co_return done;
}

}  // namespace signalbox::cloudtrail
