#include "cloud/paging.h"
#include "cloud/tags.h"
#include "models/scheduler.h"
#include "services/scheduler/core.h"

namespace signalbox::scheduler {
namespace {

namespace m = models::scheduler;
using cloud::Call;

/// AWS's quota of groups in an account and Region.
constexpr std::size_t kMaxGroups = 500;
constexpr std::int32_t kMaxPage = 100;

Result<void> put_tags(Tags& tags, const cloud::TagList& given) {
  constexpr cloud::TagRules kRules{
      [](const std::string&) { return fail("ValidationException", cloud::kReservedTagText); },
      [] { return fail("ValidationException", "A schedule group can have at most 50 tags."); }};
  return cloud::put_tags(tags, given, kRules);
}

/// Runs `work()` where groups are changed, alone.
template <class Work>
auto alone(Core& core, Work work) -> std::invoke_result_t<Work&> {
  auto in_turn_of_groups = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await core.group_turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(core.house.shards.at(0), std::ref(in_turn_of_groups));
}

asio::awaitable<Result<void>> save(Core& core, Group group) {
  store::Batch batch;
  batch.put(core.groups.key(group.id), store::encode(group));
  co_return co_await core.house.store.commit(std::move(batch));
}

asio::awaitable<Result<m::CreateScheduleGroupOutput>> create(Core& core, const Call& call,
                                                             m::CreateScheduleGroupInput request) {
  Group group;
  group.id = {call.scope, request.name.value_or("")};
  group.created = group.modified = core.house.clock.now();
  group.client_token = request.client_token.value_or("");
  if (auto merged = put_tags(group.tags, cloud::tag_list(request.tags)); !merged)
    co_return std::unexpected(merged.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (const GroupPtr other = core.find_group(group.id)) {
      if (!group.client_token.empty() && other->client_token == group.client_token) co_return Result<void>();
      co_return fail("ConflictException", "Schedule group " + group.id.name + " already exists.");
    }
    if (core.groups_behind(call.scope, "").size() >= kMaxGroups) {
      co_return fail("ServiceQuotaExceededException", "There are too many schedule groups.");
    }
    Result<void> saved = co_await save(core, group);
    co_return saved;
  };
  Result<void> done = co_await alone(core, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::CreateScheduleGroupOutput output;
  output.schedule_group_arn = group.id.arn();
  co_return output;
}

/// Erases a group that is being deleted: its schedules first. In the turn of the groups.
asio::awaitable<Result<void>> erase_group(Core& core, GroupId id) {
  // Those whose making was under way when the group began to go are waited for.
  for (Stripe& stripe : core.stripes()) {
    co_await in_turn(stripe, []() -> asio::awaitable<void> { co_return; });
  }
  std::vector<ScheduleId> schedules;
  core.each_schedule(id.scope, id.name, {}, [&](const SchedulePtr& schedule) {
    schedules.push_back(schedule->id);
    return true;
  });
  for (const ScheduleId& schedule : schedules) {
    auto erase = [&]() -> asio::awaitable<Result<void>> {
      Result<void> erased = co_await erase_schedule(core, schedule);
      co_return erased;
    };
    Result<void> erased = co_await in_turn(core.stripe_of(schedule), std::ref(erase));
    if (!erased) co_return erased;
  }
  store::Batch batch;
  batch.erase(core.groups.key(id));
  co_return co_await core.house.store.commit(std::move(batch));
}

asio::awaitable<void> erase_alone(Core& core, GroupId id) {
  auto work = [&] { return erase_group(core, id); };
  const Result<void> done = co_await alone(core, std::ref(work));
  if (!done) core.house.log.error("a schedule group cannot be deleted", {{"group", id.arn()}});
}

asio::awaitable<Result<m::DeleteScheduleGroupOutput>> remove(Core& core, const Call& call,
                                                             m::DeleteScheduleGroupInput request) {
  const GroupId id{call.scope, request.name.value_or("")};
  if (id.name == kDefaultGroup) co_return fail("ValidationException", "The default schedule group cannot be deleted.");
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const GroupPtr found = core.find_group(id);
    if (!found) co_return no_such_group(id.name);
    Group group = *found;
    group.deleting = true;
    Result<void> done = co_await save(core, std::move(group));
    if (done) done = co_await erase_group(core, id);
    co_return done;
  };
  Result<void> done = co_await alone(core, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteScheduleGroupOutput{};
}

/// The default group comes to be when it is first looked at; from then on it has that time.
asio::awaitable<Result<void>> date_default_group(Core& core, cloud::Scope scope) {
  const GroupId id{std::move(scope), std::string(kDefaultGroup)};
  const auto dated = [&] { return core.find_group(id)->created != Time{}; };
  if (dated()) co_return Result<void>();
  auto work = [&]() -> asio::awaitable<Result<void>> {
    Group group = *core.find_group(id);
    if (dated()) co_return Result<void>();
    group.created = core.house.clock.now();
    if (group.modified == Time{}) group.modified = group.created;
    Result<void> saved = co_await save(core, std::move(group));
    co_return saved;
  };
  co_return co_await alone(core, std::ref(work));
}

template <class Output>
Output shown(const Group& group) {
  Output out;
  out.arn = group.id.arn();
  out.name = group.id.name;
  out.state = group.deleting ? "DELETING" : "ACTIVE";
  out.creation_date = group.created;
  out.last_modification_date = group.modified;
  return out;
}

asio::awaitable<Result<m::GetScheduleGroupOutput>> get(Core& core, const Call& call, m::GetScheduleGroupInput request) {
  const Result<void> dated = co_await date_default_group(core, call.scope);
  if (!dated) co_return std::unexpected(dated.error());
  const GroupPtr group = core.find_group({call.scope, request.name.value_or("")});
  if (!group) co_return no_such_group(request.name.value_or(""));
  co_return shown<m::GetScheduleGroupOutput>(*group);
}

asio::awaitable<Result<m::ListScheduleGroupsOutput>> list(Core& core, const Call& call,
                                                          m::ListScheduleGroupsInput request) {
  std::string last;
  if (request.next_token) {
    const auto read = cloud::read_page_token("groups", *request.next_token);
    if (!read) co_return fail("ValidationException", "Invalid NextToken provided.");
    last = *read;
  }
  const Result<void> dated = co_await date_default_group(core, call.scope);
  if (!dated) co_return std::unexpected(dated.error());
  m::ListScheduleGroupsOutput output;
  auto& groups = output.schedule_groups.emplace();
  const auto most = static_cast<std::size_t>(request.max_results.value_or(kMaxPage));
  for (const GroupPtr& group : core.groups_behind(call.scope, last)) {
    if (!group->id.name.starts_with(request.name_prefix.value_or(""))) continue;
    if (groups.size() == most) {
      output.next_token = cloud::make_page_token("groups", last);
      break;
    }
    last = group->id.name;
    groups.push_back(shown<m::ScheduleGroupSummary>(*group));
  }
  co_return output;
}

/// The group that a tagging operation names.
Result<Group> tagged(Core& core, const Call& call, const std::string& text) {
  const auto arn = cloud::Arn::parse(text);
  const std::string name = arn ? arn->resource.substr(arn->resource.find('/') + 1) : "";
  const GroupPtr group = arn && arn->scope() == call.scope ? core.find_group({call.scope, name}) : nullptr;
  if (!group) return no_such_group(name);
  return *group;
}

asio::awaitable<Result<Tags>> change_tags(Core& core, const Call& call, std::string arn, cloud::TagChange change) {
  if (!change) {
    const auto group = tagged(core, call, arn);
    if (!group) co_return std::unexpected(group.error());
    co_return group->tags;
  }
  Tags tags;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    auto group = tagged(core, call, arn);
    if (!group) co_return std::unexpected(std::move(group).error());
    Result<void> changed = change(group->tags);
    if (!changed) co_return changed;
    tags = group->tags;
    group->modified = core.house.clock.now();
    if (group->created == Time{}) group->created = group->modified;  // the default group, which nobody looked at yet
    Result<void> saved = co_await save(core, *std::move(group));
    co_return saved;
  };
  const Result<void> done = co_await alone(core, std::ref(work));
  if (!done) co_return std::unexpected(done.error());
  co_return tags;
}

}  // namespace

void go_on_deleting(Core& core) {
  core.groups.each_from({}, [&core](const GroupPtr& group) {
    if (!group->deleting) return true;
    core.house.shards.at(0).spawn("scheduler.delete-group", erase_alone(core, group->id));
    return true;
  });
}

void register_group_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateScheduleGroup, [&core](const Call& call, m::CreateScheduleGroupInput request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kDeleteScheduleGroup, [&core](const Call& call, m::DeleteScheduleGroupInput request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kGetScheduleGroup, [&core](const Call& call, m::GetScheduleGroupInput request) {
    return get(core, call, std::move(request));
  });
  door.handle(m::kListScheduleGroups, [&core](const Call& call, m::ListScheduleGroupsInput request) {
    return list(core, call, std::move(request));
  });
  cloud::Tagging tagging;
  tagging.change = [&core](const Call& call, std::string_view, std::string arn, cloud::TagChange change) {
    return change_tags(core, call, std::move(arn), std::move(change));
  };
  tagging.put = put_tags;
  cloud::serve_tags(door, m::kTagResource, m::kUntagResource, m::kListTagsForResource, std::move(tagging));
}

}  // namespace signalbox::scheduler
