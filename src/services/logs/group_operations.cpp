#include <algorithm>
#include <array>

#include "cloud/paging.h"
#include "cloud/tags.h"
#include "models/logs.h"
#include "services/logs/core.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

/// AWS's quota of log groups in an account and Region.
constexpr std::size_t kMaxGroups = 1'000'000;
constexpr std::int32_t kMaxGroupsPage = 50;
/// The days that PutRetentionPolicy takes.
constexpr std::array kRetentions = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                    365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

Result<void> check_create(const m::CreateLogGroupRequest& request) {
  if (request.kms_key_id) return not_supported("kmsKeyId", "log groups are not encrypted");
  if (request.log_group_class.value_or("STANDARD") != "STANDARD") {
    return not_supported("logGroupClass " + *request.log_group_class, "every log group is of class STANDARD");
  }
  if (request.log_group_name.value_or("").starts_with("aws/")) {
    return invalid("Log group names must not begin with \"aws/\".");
  }
  return {};
}

asio::awaitable<Result<m::CreateLogGroupResponse>> create(Core& core, const Call& call,
                                                          m::CreateLogGroupRequest request) {
  if (auto checked = check_create(request); !checked) co_return std::unexpected(checked.error());
  GroupRecord record;
  record.scope = call.scope;
  record.name = request.log_group_name.value_or("");
  record.id = core.house.random.next();
  record.created = millis_of(core.house.clock.now());
  record.protected_from_deletion = request.deletion_protection_enabled.value_or(false);
  record.log_class = "STANDARD";
  record.tags = request.tags.value_or(Tags());
  for (const auto& [key, value] : record.tags) {
    if (cloud::is_reserved_tag(key)) co_return invalid(cloud::kReservedTagText);
  }
  if (core.count(call.scope) >= kMaxGroups) co_return fail("LimitExceededException", "Resource limit exceeded.");
  store::Batch batch;
  batch.put(group_key(record.scope, record.name), store::encode(record));
  const GroupPtr group = core.make(std::move(record));
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (!core.add(group)) co_return fail("ResourceAlreadyExistsException", "The specified log group already exists");
    Result<void> done = group->open();
    if (done) done = co_await core.house.store.commit(std::move(batch));
    if (!done) {
      group->deleted = true;
      core.remove(*group);
    }
    co_return done;
  };
  Result<void> done = co_await cloud::on(group->shard, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::CreateLogGroupResponse{};
}

void erase_all(const GroupRecord& group, store::Batch& batch) {
  batch.erase(group_key(group.scope, group.name));
  batch.erase(head_key(group.id));
  batch.erase(next_stream_key(group.id));
  for (const store::Key& part :
       {streams_key(group.id), tail_key(group.id), chunks_key(group.id), chunk_index_key(group.id),
        subscriptions_key(group.id), metric_filters_key(group.id)}) {
    batch.erase_range(part, part.end());
  }
}

asio::awaitable<Result<m::DeleteLogGroupResponse>> remove(Core& core, const Call& call,
                                                          m::DeleteLogGroupRequest request) {
  auto named = named_group(core, call.scope, request.log_group_name);
  if (!named) co_return std::unexpected(std::move(named).error());
  const GroupPtr group = *named;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await group->turns.take();
    if (group->deleted) co_return no_such_group();
    const auto record = group->record();
    if (record->protected_from_deletion) {
      co_return fail("ValidationException",
                     "The log group is protected from deletion. Disable deletion protection first.");
    }
    store::Batch batch;
    erase_all(*record, batch);
    group->deleted = true;  // what is under way commits nothing from here on
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    group->deleted = done.has_value();
    if (!done) co_return done;
    if (group->sweep_alarm) group->shard.alarms().cancel(*std::exchange(group->sweep_alarm, std::nullopt));
    core.remove(*group);
    co_return done;
  };
  Result<void> done = co_await with_group(group, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteLogGroupResponse{};
}

m::LogGroup shown(const Group& group) {
  const auto record = group.record();
  m::LogGroup out;
  out.log_group_name = record->name;
  out.creation_time = record->created;
  if (record->retention_days != 0) out.retention_in_days = record->retention_days;
  out.metric_filter_count = static_cast<std::int32_t>(group.metric_filters.size());
  out.arn = record->arn() + ":*";
  out.log_group_arn = record->arn();
  out.stored_bytes = static_cast<std::int64_t>(group.stored_bytes());
  out.log_group_class = record->log_class;
  out.deletion_protection_enabled = record->protected_from_deletion;
  return out;
}

/// Shows the group, read on its shard; empty when it has just gone.
asio::awaitable<Result<std::optional<m::LogGroup>>> show(GroupPtr group) {
  auto work = [&]() -> asio::awaitable<Result<std::optional<m::LogGroup>>> { co_return shown(*group); };
  auto out = co_await with_group(group, std::ref(work));
  if (!out && out.error().code == "ResourceNotFoundException") co_return std::nullopt;
  co_return out;
}

Result<void> check_describe(const m::DescribeLogGroupsRequest& request) {
  if (request.include_linked_accounts.value_or(false))
    return not_supported("includeLinkedAccounts", "there are no linked accounts");
  if (request.account_identifiers) return not_supported("accountIdentifiers", "there are no linked accounts");
  if (request.log_group_name_prefix && request.log_group_name_pattern) {
    return invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  return {};
}

bool contains_in_any_case(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::ranges::search(text, part, same).begin() != text.end() || part.empty();
}

Result<std::string> last_of(std::string_view listing, const std::optional<std::string>& token) {
  if (!token) return std::string();
  auto last = cloud::read_page_token(listing, *token);
  if (!last) return invalid("The specified nextToken is invalid.");
  return *std::move(last);
}

/// The next groups that `wanted(name)` wants, after `last`; then whether there are more.
template <class Wanted>
std::pair<std::vector<GroupPtr>, bool> next_groups(const Core& core, const cloud::Scope& scope, std::string_view prefix,
                                                   std::string last, std::size_t most, const Wanted& wanted) {
  constexpr std::size_t kAtOnce = 1000;
  std::vector<GroupPtr> found;
  while (true) {
    const auto some = core.list(scope, prefix, last, kAtOnce);
    for (const GroupPtr& group : some) {
      if (!wanted(*group)) continue;
      if (found.size() == most) return {std::move(found), true};
      found.push_back(group);
    }
    if (some.size() < kAtOnce) return {std::move(found), false};
    last = some.back()->name;
  }
}

asio::awaitable<Result<m::DescribeLogGroupsResponse>> describe_named(Core& core, const Call& call,
                                                                     std::vector<std::string> identifiers) {
  m::DescribeLogGroupsResponse response;
  auto& list = response.log_groups.emplace();
  for (const std::string& identifier : identifiers) {
    const auto group = named_group(core, call.scope, std::nullopt, identifier);
    if (!group) co_return std::unexpected(group.error());
    auto one = co_await show(*group);
    if (!one) co_return std::unexpected(std::move(one).error());
    if (*one) list.push_back(**std::move(one));
  }
  co_return response;
}

asio::awaitable<Result<m::DescribeLogGroupsResponse>> describe(Core& core, const Call& call,
                                                               m::DescribeLogGroupsRequest request) {
  if (auto checked = check_describe(request); !checked) co_return std::unexpected(checked.error());
  if (request.log_group_identifiers) co_return co_await describe_named(core, call, *request.log_group_identifiers);
  const auto last = last_of("groups", request.next_token);
  if (!last) co_return std::unexpected(last.error());
  const auto wanted = [&](const Group& group) {
    return contains_in_any_case(group.name, request.log_group_name_pattern.value_or("")) &&
           (!request.log_group_class || *request.log_group_class == group.record()->log_class);
  };
  const auto most = static_cast<std::size_t>(request.limit.value_or(kMaxGroupsPage));
  const auto [groups, more] =
      next_groups(core, call.scope, request.log_group_name_prefix.value_or(""), *last, most, wanted);
  m::DescribeLogGroupsResponse response;
  auto& list = response.log_groups.emplace();
  for (const GroupPtr& group : groups) {
    auto one = co_await show(group);
    if (!one) co_return std::unexpected(std::move(one).error());
    if (*one) list.push_back(**std::move(one));
  }
  if (more) response.next_token = cloud::make_page_token("groups", groups.back()->name);
  co_return response;
}

/// "error|^aws/lambda": parts of names, or their beginnings, any of which is to be there.
bool matches_any(std::string_view name, std::string_view alternatives) {
  if (alternatives.empty()) return true;
  while (true) {
    const auto end = alternatives.find('|');
    const std::string_view one = alternatives.substr(0, end);
    if (one.starts_with('^') ? name.starts_with(one.substr(1)) : contains_in_any_case(name, one)) return true;
    if (end == std::string_view::npos) return false;
    alternatives.remove_prefix(end + 1);
  }
}

asio::awaitable<Result<m::ListLogGroupsResponse>> list(Core& core, const Call& call, m::ListLogGroupsRequest request) {
  if (request.include_linked_accounts.value_or(false)) {
    co_return not_supported("includeLinkedAccounts", "there are no linked accounts");
  }
  if (request.account_identifiers) co_return not_supported("accountIdentifiers", "there are no linked accounts");
  if (request.data_sources) co_return not_supported("dataSources", "log groups have no data sources");
  if (request.field_index_names) co_return not_supported("fieldIndexNames", "there are no field indexes");
  if (request.log_group_tags) co_return not_supported("logGroupTags", "log groups cannot be listed by tags");
  const auto last = last_of("list", request.next_token);
  if (!last) co_return std::unexpected(last.error());
  const auto wanted = [&](const Group& group) {
    return matches_any(group.name, request.log_group_name_pattern.value_or("")) &&
           (!request.log_group_class || *request.log_group_class == group.record()->log_class);
  };
  const auto [groups, more] = next_groups(core, call.scope, "", *last,
                                          static_cast<std::size_t>(request.limit.value_or(kMaxGroupsPage)), wanted);
  m::ListLogGroupsResponse response;
  auto& summaries = response.log_groups.emplace();
  for (const GroupPtr& group : groups) {
    m::LogGroupSummary& one = summaries.emplace_back();
    one.log_group_name = group->name;
    one.log_group_arn = group->record()->arn();
    one.log_group_class = group->record()->log_class;
  }
  if (more) response.next_token = cloud::make_page_token("list", groups.back()->name);
  co_return response;
}

/// Stores what `change(record)` makes of the group's record.
template <class Change>
asio::awaitable<Result<void>> change_record(Core& core, GroupPtr group, Change change) {
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await group->turns.take();
    if (group->deleted) co_return no_such_group();
    GroupRecord record = *group->record();
    Result<void> changed = change(record);
    if (!changed) co_return changed;
    store::Batch batch;
    batch.put(group_key(record.scope, record.name), store::encode(record));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return done;
    group->set_record(std::move(record));
    if (group->sweep_alarm) group->shard.alarms().cancel(*std::exchange(group->sweep_alarm, std::nullopt));
    sweep_when_due(core, group);
    co_return done;
  };
  co_return co_await with_group(group, std::ref(work));
}

asio::awaitable<Result<void>> set_retention(Core& core, const Call& call, std::optional<std::string> name,
                                            std::int32_t days) {
  auto group = named_group(core, call.scope, name);
  if (!group) co_return std::unexpected(std::move(group).error());
  auto change = [&](GroupRecord& record) -> Result<void> {
    record.retention_days = days;
    return {};
  };
  co_return co_await change_record(core, *group, std::ref(change));
}

asio::awaitable<Result<m::PutRetentionPolicyResponse>> put_retention(Core& core, const Call& call,
                                                                     m::PutRetentionPolicyRequest request) {
  const std::int32_t days = request.retention_in_days.value_or(0);
  if (std::ranges::find(kRetentions, days) == kRetentions.end()) {
    std::string set;
    for (const int one : kRetentions) set += (set.empty() ? "" : ", ") + std::to_string(one);
    co_return invalid("1 validation error detected: Value '" + std::to_string(days) +
                      "' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [" +
                      set + "]");
  }
  Result<void> done = co_await set_retention(core, call, request.log_group_name, days);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutRetentionPolicyResponse{};
}

asio::awaitable<Result<m::DeleteRetentionPolicyResponse>> delete_retention(Core& core, const Call& call,
                                                                           m::DeleteRetentionPolicyRequest request) {
  Result<void> done = co_await set_retention(core, call, request.log_group_name, 0);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteRetentionPolicyResponse{};
}

asio::awaitable<Result<m::PutLogGroupDeletionProtectionResponse>> protect(
    Core& core, const Call& call, m::PutLogGroupDeletionProtectionRequest request) {
  auto group = named_group(core, call.scope, std::nullopt, request.log_group_identifier);
  if (!group) co_return std::unexpected(std::move(group).error());
  auto change = [&](GroupRecord& record) -> Result<void> {
    record.protected_from_deletion = request.deletion_protection_enabled.value_or(false);
    return {};
  };
  Result<void> done = co_await change_record(core, *group, std::ref(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutLogGroupDeletionProtectionResponse{};
}

}  // namespace

void register_group_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreateLogGroup, [&core](const Call& call, m::CreateLogGroupRequest request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kDeleteLogGroup, [&core](const Call& call, m::DeleteLogGroupRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeLogGroups, [&core](const Call& call, m::DescribeLogGroupsRequest request) {
    return describe(core, call, std::move(request));
  });
  door.handle(m::kListLogGroups, [&core](const Call& call, m::ListLogGroupsRequest request) {
    return list(core, call, std::move(request));
  });
  door.handle(m::kPutRetentionPolicy, [&core](const Call& call, m::PutRetentionPolicyRequest request) {
    return put_retention(core, call, std::move(request));
  });
  door.handle(m::kDeleteRetentionPolicy, [&core](const Call& call, m::DeleteRetentionPolicyRequest request) {
    return delete_retention(core, call, std::move(request));
  });
  door.handle(m::kPutLogGroupDeletionProtection,
              [&core](const Call& call, m::PutLogGroupDeletionProtectionRequest request) {
                return protect(core, call, std::move(request));
              });
}

}  // namespace signalbox::logs
