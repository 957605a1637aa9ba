#include "services/logs/logs.h"

#include <algorithm>
#include <thread>

#include "models/logs.h"
#include "services/logs/absent.h"
#include "services/logs/access.h"
#include "services/logs/core.h"
#include "services/logs/event_target.h"
#include "services/logs/queries.h"

namespace signalbox::logs {

Logs::Logs(const cloud::House& house)
    : core_(std::make_unique<Core>(house)),
      queries_(std::make_unique<Queries>(std::max(1U, std::thread::hardware_concurrency()))) {
  house.door.add_service(models::logs::kService);
  describe_access(*core_);
  answer_absent(house);
  register_index_reads(*core_);
  house.event_targets.add("logs", std::make_unique<GroupTarget>(*core_));
  register_group_operations(*core_);
  register_stream_operations(*core_);
  register_tag_operations(*core_);
  register_put_log_events(*core_);
  register_get_operations(*core_);
  register_filter_operations(*core_);
  register_subscription_operations(*core_);
  register_query_definitions(*core_);
  register_resource_policies(*core_);
  register_query_operations(*core_, *queries_);
}

Logs::~Logs() = default;

Result<void> Logs::load() {
  const auto snapshot = core_->house.store.read();
  bool broken = false;
  const store::Key all(kGroupSpace);
  Result<void> scanned = snapshot->scan(all, all.end(), [&](std::string_view, std::string_view value) {
    auto record = store::decode<GroupRecord>(value);
    broken = !record;
    if (broken) return false;
    const GroupPtr group = core_->make(*std::move(record));
    core_->add(group);
    sweep_when_due(*core_, group);
    return true;
  });
  if (!scanned) return scanned;
  if (broken) return fail("StoreError", "A log group in the store cannot be read.");
  return core_->resource_policies.load(*snapshot);
}

void Logs::stop() {
  queries_->stop();
  core_->workers.stop();
}

}  // namespace signalbox::logs
