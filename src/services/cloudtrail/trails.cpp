#include "services/cloudtrail/trails.h"

#include <algorithm>

namespace signalbox::cloudtrail {
namespace {

Result<TrailPtr> read_trail(const TrailId& id, std::string_view value) {
  auto trail = store::decode<Trail>(value);
  if (!trail) return fail("", id.arn());
  return std::make_shared<const Trail>(*std::move(trail));
}

}  // namespace

Trails::Trails(Log& log) : table_(kTrailSpace, log, read_trail, [this] { look_at_types(); }) {}

TrailPtr Trails::find(const cloud::Scope& home, std::string_view name) const {
  return table_.find({home, std::string(name)});
}

TrailPtr Trails::find_arn(std::string_view text) const {
  constexpr std::string_view kKind = "trail/";
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "cloudtrail" || !arn->resource.starts_with(kKind)) return nullptr;
  return find(arn->scope(), arn->resource.substr(kKind.size()));
}

std::vector<TrailPtr> Trails::of(std::string_view account) const {
  std::vector<TrailPtr> found;
  table_.each_from({{std::string(account), ""}, ""}, [&](const TrailPtr& trail) {
    if (trail->home.account != account) return false;
    found.push_back(trail);
    return true;
  });
  std::ranges::stable_sort(found, {}, &Trail::name);
  return found;
}

std::vector<TrailPtr> Trails::all() const {
  std::vector<TrailPtr> found;
  table_.each_from({}, [&](const TrailPtr& trail) {
    found.push_back(trail);
    return true;
  });
  return found;
}

std::vector<TrailPtr> Trails::wanting(const cloud::Scope& scope, bool is_global, const SelectedCall& call) const {
  std::vector<TrailPtr> found;
  table_.each_from({{scope.account, ""}, ""}, [&](const TrailPtr& trail) {
    if (trail->home.account != scope.account) return false;
    if (trail->logging && trail->covers(scope, is_global) && selects(trail->selectors, call)) found.push_back(trail);
    return true;
  });
  return found;
}

void Trails::look_at_types() {
  std::uint32_t types = 0;
  table_.each_from({}, [&](const TrailPtr& trail) {
    for (std::size_t i = 0; trail->logging && i < kDataTypes; ++i) {
      const auto type = static_cast<DataType>(i);
      if (selects_any(trail->selectors, type)) types |= bit(type);
    }
    return true;
  });
  data_types_.store(types);
}

}  // namespace signalbox::cloudtrail
