// TagResource, UntagResource, ListTagsForResource: of alarms.
#include <algorithm>

#include "cloud/reserved_tags.h"
#include "services/cloudwatch/changes.h"

namespace signalbox::cloudwatch {
namespace {

using cloud::Call;

/// Changes the tags of the alarm of that ARN with `change(tags)`.
asio::awaitable<Result<void>> change_tags(Core& core, cloud::Scope scope, std::string arn,
                                          std::function<void(Tags&)> change) {
  AlarmSet& set = core.alarms.of(scope);
  co_return co_await in_turn(set, [&]() -> asio::awaitable<Result<void>> {
    const AlarmPtr alarm = arn.starts_with("arn:") ? set.find(alarm_name_of(scope, arn)) : nullptr;
    if (!alarm) co_return fail("ResourceNotFoundException", "Resource " + arn + " does not exist.");
    AlarmRecord record = alarm->record;
    change(record.tags);
    if (record.tags.size() > kMaxTags) co_return invalid_value("A resource can have 50 tags.");
    Changes changes(core, set);
    changes.replace(with_record(*alarm, std::move(record)));
    co_return co_await changes.commit();
  });
}

}  // namespace

void register_tag_operations(Core& core) {
  cloud::Door& door = core.house.door;
  door.handle(m::kTagResource,
              [&core](const Call& call, m::TagResourceInput request) -> asio::awaitable<Result<m::TagResourceOutput>> {
                for (const m::Tag& tag : *request.tags) {
                  if (cloud::is_reserved_tag(*tag.key)) co_return invalid_value(cloud::kReservedTagText);
                }
                Result<void> done = co_await change_tags(core, call.scope, *request.resource_arn, [&](Tags& tags) {
                  for (const m::Tag& tag : *request.tags) tags[*tag.key] = *tag.value;
                });
                if (!done) co_return std::unexpected(std::move(done).error());
                co_return m::TagResourceOutput{};
              });
  door.handle(
      m::kUntagResource,
      [&core](const Call& call, m::UntagResourceInput request) -> asio::awaitable<Result<m::UntagResourceOutput>> {
        Result<void> done = co_await change_tags(core, call.scope, *request.resource_arn, [&](Tags& tags) {
          for (const std::string& key : *request.tag_keys) tags.erase(key);
        });
        if (!done) co_return std::unexpected(std::move(done).error());
        co_return m::UntagResourceOutput{};
      });
  door.handle(m::kListTagsForResource,
              [&core](const Call& call,
                      m::ListTagsForResourceInput request) -> asio::awaitable<Result<m::ListTagsForResourceOutput>> {
                AlarmSet& set = core.alarms.of(call.scope);
                co_return co_await cloud::on(set.shard, [&]() -> asio::awaitable<Result<m::ListTagsForResourceOutput>> {
                  const std::string& arn = *request.resource_arn;
                  const AlarmPtr alarm = arn.starts_with("arn:") ? set.find(alarm_name_of(set.scope, arn)) : nullptr;
                  if (!alarm) co_return fail("ResourceNotFoundException", "Resource " + arn + " does not exist.");
                  m::ListTagsForResourceOutput output;
                  output.tags.emplace();
                  for (const auto& [key, value] : alarm->record.tags) output.tags->push_back({key, value});
                  co_return output;
                });
              });
}

}  // namespace signalbox::cloudwatch
