#include <algorithm>

#include "cloud/paging.h"
#include "models/cloudtrail.h"
#include "services/cloudtrail/tags.h"
#include "services/cloudtrail/trail_lookup.h"
#include "services/cloudtrail/trail_settings.h"

namespace signalbox::cloudtrail {
namespace {

namespace m = models::cloudtrail;
using cloud::Call;

/// AWS's quota of trails in a Region; those of other Regions that cover it count, too.
constexpr std::size_t kMaxTrails = 5;
constexpr std::size_t kListPage = 1000;
constexpr std::string_view kTrailsPage = "cloudtrail.trails";

/// What CreateTrail, UpdateTrail, GetTrail and DescribeTrails show alike.
template <class Shown>
void show(const Trail& trail, Shown& shown) {
  shown.name = trail.name;
  shown.s3_bucket_name = trail.bucket;
  if (!trail.prefix.empty()) shown.s3_key_prefix = trail.prefix;
  if (!trail.topic_arn.empty()) {
    shown.sns_topic_arn = trail.topic_arn;
    shown.sns_topic_name = trail.topic_arn;
  }
  shown.include_global_service_events = trail.global_events;
  shown.is_multi_region_trail = trail.multi_region;
  shown.trail_arn = trail.arn();
  shown.log_file_validation_enabled = trail.validation;
  if (!trail.log_group_arn.empty()) {
    shown.cloud_watch_logs_log_group_arn = trail.log_group_arn;
    shown.cloud_watch_logs_role_arn = trail.log_role_arn;
  }
  shown.is_organization_trail = false;
}

m::Trail described(const Trail& trail) {
  m::Trail shown;
  show(trail, shown);
  shown.home_region = trail.home.region;
  shown.has_custom_event_selectors = trail.selectors.custom;
  shown.has_insight_selectors = false;
  return shown;
}

m::UpdateTrailRequest as_update(m::CreateTrailRequest request) {
  m::UpdateTrailRequest update;
  update.s3_bucket_name = std::move(request.s3_bucket_name);
  update.s3_key_prefix = std::move(request.s3_key_prefix);
  update.sns_topic_name = std::move(request.sns_topic_name);
  update.include_global_service_events = request.include_global_service_events;
  update.is_multi_region_trail = request.is_multi_region_trail;
  update.enable_log_file_validation = request.enable_log_file_validation;
  update.cloud_watch_logs_log_group_arn = std::move(request.cloud_watch_logs_log_group_arn);
  update.cloud_watch_logs_role_arn = std::move(request.cloud_watch_logs_role_arn);
  update.kms_key_id = std::move(request.kms_key_id);
  update.is_organization_trail = request.is_organization_trail;
  return update;
}

Result<void> check_new(const Core& core, const Call& call, const std::string& name) {
  Result<void> checked = check_trail_name(name);
  if (!checked) return checked;
  if (core.trails.find(call.scope, name)) {
    return fail("TrailAlreadyExistsException", "Trail " + name + " already exists for customer: " + call.scope.account);
  }
  const auto trails = core.trails.of(call.scope.account);
  const auto here =
      std::ranges::count_if(trails, [&](const TrailPtr& trail) { return trail->covers(call.scope, false); });
  if (static_cast<std::size_t>(here) >= kMaxTrails) {
    return fail("MaximumNumberOfTrailsExceededException", "User: " + call.scope.account + " already has " +
                                                              std::to_string(here) + " trails in " + call.scope.region +
                                                              ".");
  }
  return {};
}

asio::awaitable<Result<m::CreateTrailResponse>> create(Core& core, const Call& call, m::CreateTrailRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::CreateTrailResponse>> {
    Trail trail;
    trail.home = call.scope;
    trail.name = request.name.value_or("");
    Result<void> checked = check_new(core, call, trail.name);
    if (checked && request.tags_list) checked = add_tags(trail.tags, *request.tags_list);
    if (!checked) co_return std::unexpected(std::move(checked).error());
    Result<Trail> settled = co_await settle(core, std::move(trail), as_update(std::move(request)));
    if (!settled) co_return std::unexpected(std::move(settled).error());
    m::CreateTrailResponse response;
    show(*settled, response);
    Result<void> saved = co_await save(core, *std::move(settled));
    if (!saved) co_return std::unexpected(std::move(saved).error());
    co_return response;
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::UpdateTrailResponse>> update(Core& core, const Call& call, m::UpdateTrailRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::UpdateTrailResponse>> {
    const Result<TrailPtr> trail = find_trail_at_home(core, call, request.name.value_or(""));
    if (!trail) co_return std::unexpected(trail.error());
    Result<Trail> settled = co_await settle(core, **trail, std::move(request));
    if (!settled) co_return std::unexpected(std::move(settled).error());
    m::UpdateTrailResponse response;
    show(*settled, response);
    Result<void> saved = co_await save(core, *std::move(settled));
    if (!saved) co_return std::unexpected(std::move(saved).error());
    co_return response;
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::DeleteTrailResponse>> remove(Core& core, const Call& call, m::DeleteTrailRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::DeleteTrailResponse>> {
    const Result<TrailPtr> trail = find_trail_at_home(core, call, request.name.value_or(""));
    if (!trail) co_return std::unexpected(trail.error());
    const std::string arn = (*trail)->arn();
    store::Batch batch;
    batch.erase(core.trails.key(**trail));
    batch.erase(store::Key(kStatusSpace).text(arn));
    for (const std::string_view space : {kFileSpace, kLogFileSpace, kDigestSpace}) {
      const store::Key all = store::Key(space).text(arn);
      batch.erase_range(all.bytes(), all.end());
    }
    core.pending.forget(arn, batch);  // what waits for it until then finds no trail when it is delivered
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return m::DeleteTrailResponse{};
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::GetTrailResponse>> get(Core& core, const Call& call, m::GetTrailRequest request) {
  const Result<TrailPtr> trail = find_trail(core, call, request.name.value_or(""));
  if (!trail) co_return std::unexpected(trail.error());
  m::GetTrailResponse response;
  response.trail = described(**trail);
  co_return response;
}

asio::awaitable<Result<m::DescribeTrailsResponse>> describe(Core& core, const Call& call,
                                                            m::DescribeTrailsRequest request) {
  m::DescribeTrailsResponse response;
  auto& shown = response.trail_list.emplace();
  if (request.trail_name_list && !request.trail_name_list->empty()) {
    for (const std::string& name : *request.trail_name_list) {
      const Result<TrailPtr> trail = find_trail(core, call, name);
      if (trail) shown.push_back(described(**trail));
      if (!trail && trail.error().code != "TrailNotFoundException") co_return std::unexpected(trail.error());
    }
    co_return response;
  }
  const bool shadows = request.include_shadow_trails.value_or(true);
  for (const TrailPtr& trail : core.trails.of(call.scope.account)) {
    if (trail->home.region == call.scope.region || (shadows && trail->multi_region)) shown.push_back(described(*trail));
  }
  co_return response;
}

asio::awaitable<Result<m::ListTrailsResponse>> list(Core& core, const Call& call, m::ListTrailsRequest request) {
  std::string after;
  if (request.next_token) {
    auto token = cloud::read_page_token(kTrailsPage, *request.next_token);
    if (!token) co_return fail("InvalidTokenException", "The NextToken is not valid.");
    after = *std::move(token);
  }
  m::ListTrailsResponse response;
  auto& shown = response.trails.emplace();
  std::string last;
  for (const TrailPtr& trail : core.trails.of(call.scope.account)) {
    const std::string place = trail->name + '\0' + trail->home.region;
    if (place <= after) continue;
    if (shown.size() == kListPage) {
      response.next_token = cloud::make_page_token(kTrailsPage, last);
      break;
    }
    m::TrailInfo& one = shown.emplace_back();
    one.trail_arn = trail->arn();
    one.name = trail->name;
    one.home_region = trail->home.region;
    last = place;
  }
  co_return response;
}

}  // namespace

void register_trail_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateTrail, [&core](const Call& call, m::CreateTrailRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kUpdateTrail, [&core](const Call& call, m::UpdateTrailRequest request) {
    return update(core, call, std::move(request));
  });
  door.handle(m::kDeleteTrail, [&core](const Call& call, m::DeleteTrailRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kGetTrail,
              [&core](const Call& call, m::GetTrailRequest request) { return get(core, call, std::move(request)); });
  door.handle(m::kDescribeTrails, [&core](const Call& call, m::DescribeTrailsRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kListTrails,
              [&core](const Call& call, m::ListTrailsRequest request) { return list(core, call, std::move(request)); });
}

}  // namespace signalbox::cloudtrail
