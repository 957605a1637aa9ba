// What the operations of the events service share, and where each group of them is registered.
#pragma once

#include "cloud/services.h"
#include "services/events/archives/archives.h"
#include "services/events/bus.h"
#include "services/events/events.h"
#include "services/events/webhooks/webhooks.h"

namespace signalbox::events {

/// What the service counts; names and meanings are in README.md.
struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& received;
  Counter& failed;
  Counter& matches;
  Counter& deliveries;
  Counter& dropped;
  Counter& dead_lettered;
  Counter& scheduled;
  Counter& own;
  Counter& archived;
  Counter& replayed;
  Histogram& match_time;
};

struct Core {
  Core(const cloud::House& with, const Options& chosen)
      : house(with), options(chosen), buses(with.shards), webhooks(house), figures(with.metrics) {}
  const cloud::House house;
  const Options options;
  Buses buses;
  Webhooks webhooks;
  Archives archives;
  Figures figures;
};

/// Entries of a page where a request gives no Limit, and the highest Limit.
inline constexpr std::int32_t kMaxPage = 100;

/// The bus that a request names. Errors: ResourceNotFoundException, and those of resolve_bus.
Result<BusPtr> find_bus(Core& core, const cloud::Scope& caller, const std::optional<std::string>& name_or_arn);

/// Each registers its operations with the door; `core` outlives it.
void register_bus_operations(Core& core);
void register_permission_operations(Core& core);
void register_rule_operations(Core& core);
void register_target_operations(Core& core);
void register_tag_operations(Core& core);
void register_put_events(Core& core);
void register_connection_operations(Core& core);
void register_api_destination_operations(Core& core);
void register_archive_operations(Core& core);
void register_replay_operations(Core& core);

/// Takes in a connection's record at the start. Errors: code "StoreError".
Result<void> load_connection(Core& core, std::string_view value);

/// Errors: ValidationException naming the field.
std::unexpected<Error> not_supported_yet(std::string_view field, std::string_view why = "");

}  // namespace signalbox::events
