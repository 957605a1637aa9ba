#include "cloud/paging.h"
#include "cloud/reserved_tags.h"
#include "models/scheduler.h"
#include "services/scheduler/core.h"

namespace signalbox::scheduler {
namespace {

namespace m = models::scheduler;
using cloud::Call;

/// AWS's quotas: groups in an account and Region, tags of one.
constexpr std::size_t kMaxGroups = 500;
constexpr std::size_t kMaxTags = 50;
constexpr std::int32_t kMaxPage = 100;

Result<void> merge(Tags& tags, const std::optional<std::vector<m::Tag>>& given) {
  for (const m::Tag& tag : given.value_or(std::vector<m::Tag>())) {
    if (cloud::is_reserved_tag(tag.key.value_or(""))) return fail("ValidationException", cloud::kReservedTagText);
    tags[tag.key.value_or("")] = tag.value.value_or("");
  }
  if (tags.size() <= kMaxTags) return {};
  return fail("ValidationException", "A schedule group can have at most " + std::to_string(kMaxTags) + " tags.");
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
  batch.put(group_key(group.scope, group.name), store::encode(group));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) core.put_group(std::move(group));
  co_return done;
}

asio::awaitable<Result<m::CreateScheduleGroupOutput>> create(Core& core, const Call& call,
                                                             m::CreateScheduleGroupInput request) {
  Group group{call.scope,
              request.name.value_or(""),
              core.house.clock.now(),
              core.house.clock.now(),
              request.client_token.value_or(""),
              {}};
  if (auto merged = merge(group.tags, request.tags); !merged) co_return std::unexpected(merged.error());
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (const auto other = core.find_group(call.scope, group.name)) {
      if (!group.client_token.empty() && other->client_token == group.client_token) co_return Result<void>();
      co_return fail("ConflictException", "Schedule group " + group.name + " already exists.");
    }
    if (core.groups_of(call.scope).size() >= kMaxGroups) {
      co_return fail("ServiceQuotaExceededException", "There are too many schedule groups.");
    }
    Result<void> saved = co_await save(core, group);
    co_return saved;
  };
  Result<void> done = co_await alone(core, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::CreateScheduleGroupOutput output;
  output.schedule_group_arn = group.arn();
  co_return output;
}

asio::awaitable<Result<m::DeleteScheduleGroupOutput>> remove(Core& core, const Call& call,
                                                             m::DeleteScheduleGroupInput request) {
  const std::string name = request.name.value_or("");
  if (name == kDefaultGroup) co_return fail("ValidationException", "The default schedule group cannot be deleted.");
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto group = core.find_group(call.scope, name);
    if (!group) co_return no_such_group(name);
    // From here on no schedule can be made in it; those whose making is under way are waited for.
    core.erase_group(call.scope, name);
    for (Stripe& stripe : core.stripes()) {
      co_await in_turn(stripe, []() -> asio::awaitable<void> { co_return; });
    }
    std::vector<ScheduleId> ids;
    core.each_schedule(call.scope, name, {}, [&](const SchedulePtr& schedule) {
      ids.push_back(schedule->id);
      return true;
    });
    for (const ScheduleId& id : ids) {
      auto erase = [&]() -> asio::awaitable<Result<void>> {
        Result<void> erased = co_await erase_schedule(core, id);
        co_return erased;
      };
      Result<void> erased = co_await in_turn(core.stripe_of(id), std::ref(erase));
      if (!erased) {
        core.put_group(*group);
        co_return erased;
      }
    }
    store::Batch batch;
    batch.erase(group_key(call.scope, name));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) core.put_group(*group);
    co_return done;
  };
  Result<void> done = co_await alone(core, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteScheduleGroupOutput{};
}

/// The default group comes to be when it is first looked at; from then on it has that time.
asio::awaitable<Result<void>> date_default_group(Core& core, cloud::Scope scope) {
  const auto dated = [&] { return core.find_group(scope, kDefaultGroup)->created != Time{}; };
  if (dated()) co_return Result<void>();
  auto work = [&]() -> asio::awaitable<Result<void>> {
    Group group = *core.find_group(scope, kDefaultGroup);
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
  out.arn = group.arn();
  out.name = group.name;
  out.state = "ACTIVE";
  out.creation_date = group.created;
  out.last_modification_date = group.modified;
  return out;
}

asio::awaitable<Result<m::GetScheduleGroupOutput>> get(Core& core, const Call& call, m::GetScheduleGroupInput request) {
  const Result<void> dated = co_await date_default_group(core, call.scope);
  if (!dated) co_return std::unexpected(dated.error());
  const auto group = core.find_group(call.scope, request.name.value_or(""));
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
  const auto all = core.groups_of(call.scope);
  for (auto at = all.upper_bound(last); at != all.end(); ++at) {
    if (!at->first.starts_with(request.name_prefix.value_or(""))) continue;
    if (groups.size() == most) {
      output.next_token = cloud::make_page_token("groups", last);
      break;
    }
    last = at->first;
    groups.push_back(shown<m::ScheduleGroupSummary>(at->second));
  }
  co_return output;
}

/// The group that a tagging operation names.
Result<Group> tagged(Core& core, const Call& call, const std::optional<std::string>& text) {
  const auto arn = cloud::Arn::parse(text.value_or(""));
  const std::string name = arn ? arn->resource.substr(arn->resource.find('/') + 1) : "";
  auto group = arn && arn->scope() == call.scope ? core.find_group(call.scope, name) : std::nullopt;
  if (!group) return no_such_group(name);
  return *std::move(group);
}

/// Stores what `change(tags)` makes of a group's tags.
template <class Change>
asio::awaitable<Result<void>> change_tags(Core& core, const Call& call, std::optional<std::string> arn, Change change) {
  auto work = [&]() -> asio::awaitable<Result<void>> {
    auto group = tagged(core, call, arn);
    if (!group) co_return std::unexpected(std::move(group).error());
    Result<void> changed = change(group->tags);
    if (!changed) co_return changed;
    group->modified = core.house.clock.now();
    if (group->created == Time{}) group->created = group->modified;  // the default group, which nobody looked at yet
    Result<void> saved = co_await save(core, *std::move(group));
    co_return saved;
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::TagResourceOutput>> tag(Core& core, const Call& call, m::TagResourceInput request) {
  auto change = [&](Tags& tags) { return merge(tags, request.tags); };
  Result<void> done = co_await change_tags(core, call, request.resource_arn, std::ref(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::TagResourceOutput{};
}

asio::awaitable<Result<m::UntagResourceOutput>> untag(Core& core, const Call& call, m::UntagResourceInput request) {
  auto change = [&](Tags& tags) -> Result<void> {
    for (const std::string& key : request.tag_keys.value_or(std::vector<std::string>())) tags.erase(key);
    return {};
  };
  Result<void> done = co_await change_tags(core, call, request.resource_arn, std::ref(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::UntagResourceOutput{};
}

asio::awaitable<Result<m::ListTagsForResourceOutput>> list_tags(Core& core, const Call& call,
                                                                m::ListTagsForResourceInput request) {
  const auto group = tagged(core, call, request.resource_arn);
  if (!group) co_return std::unexpected(group.error());
  m::ListTagsForResourceOutput output;
  auto& tags = output.tags.emplace();
  for (const auto& [key, value] : group->tags) {
    m::Tag& one = tags.emplace_back();
    one.key = key;
    one.value = value;
  }
  co_return output;
}

}  // namespace

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
  door.handle(m::kTagResource,
              [&core](const Call& call, m::TagResourceInput request) { return tag(core, call, std::move(request)); });
  door.handle(m::kUntagResource, [&core](const Call& call, m::UntagResourceInput request) {
    return untag(core, call, std::move(request));
  });
  door.handle(m::kListTagsForResource, [&core](const Call& call, m::ListTagsForResourceInput request) {
    return list_tags(core, call, std::move(request));
  });
}

}  // namespace signalbox::scheduler
