#include <set>

#include "pattern/unbounded.h"
#include "services/events/archives/replay.h"
#include "services/events/archives/upkeep.h"
#include "services/events/core.h"
#include "store/spaces.h"

namespace signalbox::events {
namespace {

/// All events but those of replays, which never come to an archive anyway.
constexpr std::string_view kAllEvents = R"({"replay-name":[{"exists":false}]})";

std::unexpected<Error> broken(std::string_view what) {
  return fail("StoreError", "A record of " + std::string(what) + " in the store cannot be read.");
}

using ById = std::map<std::uint64_t, std::shared_ptr<ArchivedEvents>>;

Result<void> load_archive(Core& core, std::string_view value, ById& by_id) {
  auto archive = store::decode<Archive>(value);
  if (!archive) return broken("archives");
  by_id[archive->id] = archive->events = std::make_shared<ArchivedEvents>(archive->id);
  const auto rule = archive_rule(*archive);
  if (!rule) return broken("archives");
  core.buses.make(archive->bus_id())->load_archive(*rule);
  core.archives.archives.put(*std::move(archive));
  return {};
}

/// Erases what the store has of archives that are gone: an event may be on its way when its archive is deleted.
Result<void> erase_orphans(Core& core, const store::Snapshot& snapshot, const ById& by_id) {
  store::Batch batch;
  for (const std::string_view space : kArchiveSpaces) {
    const std::string end = store::Key(space).end();
    for (std::string from = store::Key(space).bytes();;) {
      std::optional<std::uint64_t> id;
      Result<void> scanned = snapshot.scan(from, end, [&](std::string_view key, std::string_view) {
        store::KeyReader reader(key);
        reader.text();
        id = reader.number();
        return false;
      });
      if (!scanned) return scanned;
      if (!id) break;
      const store::Key of_archive = archive_key(space, *id);
      if (!by_id.contains(*id)) batch.erase_range(of_archive, of_archive.end());
      from = of_archive.end();
    }
  }
  if (!batch.empty()) core.house.store.commit_later(std::move(batch));
  return {};
}

Result<void> load_replays(Core& core, const store::Snapshot& snapshot) {
  return store::each_record(snapshot, store::Key(kReplaySpace), [&](auto, std::string_view value) -> Result<void> {
    auto replay = store::decode<Replay>(value);
    if (!replay) return broken("replays");
    const auto stored = snapshot.get(mark_key_of(*replay));
    if (!stored) return std::unexpected(stored.error());
    if (*stored) {
      const auto mark = store::decode<ReplayMark>(**stored);
      if (!mark) return broken("replays");
      replay->mark = *mark;
    }
    const bool active = replay->is_active();
    const Replay& kept = *replay;
    core.archives.replays.put(kept);
    if (active) run_replay(core, kept);
    return {};
  });
}

}  // namespace

namespace {

/// The archive's pattern, and that events of replays do not come again.
std::string shown_pattern(const std::string& pattern) {
  if (pattern.empty()) return std::string(kAllEvents);
  return pattern.substr(0, pattern.rfind('}')) + "," + std::string(kAllEvents.substr(1));
}

/// What AWS shows of an archive among the rules of its bus ("Amazon EventBridge archives", managed rules).
RulePtr shown_rule(const Archive& archive) {
  auto rule = std::make_shared<Rule>();
  rule->name = archive.managed_rule();
  rule->arn = archive.bus_id().rule_arn(rule->name);
  rule->managed_by = "prod.vhs.events.aws.internal";
  rule->record.pattern = shown_pattern(archive.pattern);
  rule->record.state = "ENABLED";
  rule->record.created_by = archive.scope.account;
  auto target = std::make_shared<Target>();
  target->id = rule->name;
  target->record.arn = cloud::make_arn("events", {"", archive.scope.region}, ":");
  target->record.transformer =
      Transformer{{},
                  R"({"archive-arn": ")" + archive.arn() +
                      R"(", "event": <aws.events.event.json>, "ingestion-time": <aws.events.event.ingestion-time>})"};
  rule->targets.push_back(std::move(target));
  return rule;
}

}  // namespace

Result<RulePtr> archive_rule(const Archive& archive) {
  auto pattern = pattern::compile_unbounded(archive.pattern.empty() ? kAllEvents : archive.pattern);
  if (!pattern) return std::unexpected(std::move(pattern).error());
  auto rule = std::make_shared<Rule>();
  rule->name = "archive/" + archive.name;  // no rule has such a name
  rule->arn = archive.arn();
  rule->pattern = std::make_shared<const pattern::Pattern>(*std::move(pattern));
  rule->archive = archive.events;
  rule->takes_api_calls = !archive.pattern.empty() && asks_for_api_calls(*rule->pattern);
  rule->shown = shown_rule(archive);
  return rule;
}

Result<void> load_archives(Core& core, const store::Snapshot& snapshot) {
  ById by_id;
  Result<void> done = store::each_record(snapshot, store::Key(kArchiveSpace), [&](auto, std::string_view value) {
    return load_archive(core, value, by_id);
  });
  if (done) {
    done = store::each_record(snapshot, store::Key(kPartSpace),
                              [&](std::string_view key, std::string_view value) -> Result<void> {
                                const auto name = read_part_key(key);
                                const auto part = store::decode<SegmentPart>(value);
                                if (!name || !part) return broken("archived events");
                                const auto events = by_id.find(name->archive);
                                if (events != by_id.end()) events->second->load(name->segment, name->writer, *part);
                                return {};
                              });
  }
  if (done) done = erase_orphans(core, snapshot, by_id);
  if (done) done = load_replays(core, snapshot);
  if (!done) return done;
  for (const auto& archive : core.archives.archives.all()) begin_upkeep(core, *archive);
  return {};
}

}  // namespace signalbox::events
