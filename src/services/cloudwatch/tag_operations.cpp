// TagResource, UntagResource, ListTagsForResource: of alarms.
#include "services/cloudwatch/changes.h"
#include "services/cloudwatch/tags.h"

namespace signalbox::cloudwatch {
namespace {

using cloud::Call;

/// Of the alarm of that ARN.
asio::awaitable<Result<Tags>> change_tags(Core& core, const Call& call, std::string arn, cloud::TagChange change) {
  AlarmSet& set = core.alarms.of(call.scope);
  const auto find = [&] { return arn.starts_with("arn:") ? set.find(alarm_name_of(set.scope, arn)) : nullptr; };
  const auto none = [&] { return fail("ResourceNotFoundException", "Resource " + arn + " does not exist."); };
  if (!change) {
    auto look = [&]() -> asio::awaitable<Result<Tags>> {
      const AlarmPtr alarm = find();
      if (!alarm) co_return none();
      co_return alarm->record.tags;
    };
    co_return co_await cloud::on(set.shard, std::ref(look));
  }
  Tags tags;
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const AlarmPtr alarm = find();
    if (!alarm) co_return none();
    AlarmRecord record = alarm->record;
    Result<void> changed = change(record.tags);
    if (!changed) co_return changed;
    tags = record.tags;
    Changes changes(core, set);
    changes.replace(with_record(*alarm, std::move(record)));
    co_return co_await changes.commit();
  };
  const Result<void> done = co_await in_turn(set, std::ref(work));
  if (!done) co_return std::unexpected(done.error());
  co_return tags;
}

}  // namespace

Result<void> put_tags(Tags& tags, const cloud::TagList& given) {
  constexpr cloud::TagRules kRules{[](const std::string&) { return invalid_value(cloud::kReservedTagText); },
                                   [] { return invalid_value("A resource can have 50 tags."); }};
  return cloud::put_tags(tags, given, kRules);
}

void register_tag_operations(Core& core) {
  cloud::Door& door = core.house.door;
  cloud::Tagging tagging;
  tagging.change = [&core](const Call& call, std::string_view, std::string arn, cloud::TagChange change) {
    return change_tags(core, call, std::move(arn), std::move(change));
  };
  tagging.put = put_tags;
  cloud::serve_tags(door, m::kTagResource, m::kUntagResource, m::kListTagsForResource, std::move(tagging));
}

}  // namespace signalbox::cloudwatch
