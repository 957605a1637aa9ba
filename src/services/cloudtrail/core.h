// What the parts of CloudTrail share.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "cloud/workers.h"
#include "services/cloudtrail/audit.h"
#include "services/cloudtrail/digest_signer.h"
#include "services/cloudtrail/pending.h"
#include "services/cloudtrail/trails.h"

namespace signalbox::cloudtrail {

/// CloudTrail's name as a caller of other services, and as one that takes roles on.
inline constexpr std::string_view kOwnName = "cloudtrail.amazonaws.com";

struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& recorded;
  Counter& lost;
  Counter& delivered;
  Counter& refused;
};

struct Core {
  explicit Core(const cloud::House& with);
  const cloud::House house;
  Figures figures;
  Trails trails;
  Pending pending;
  DigestSigner signer;
  Audit audit;
  cloud::Turns turns;                        // of changes of trails, on shard 0
  cloud::Turns delivery_turns;               // of deliveries, there too
  std::atomic<bool> delivery_set{false};     // an alarm for what waits is set
  std::optional<Alarms::Handle> digest_due;  // the alarm for the next digest; on shard 0
  std::atomic<std::uint64_t> sequence{0};    // of records
  std::atomic<std::size_t> since_sweep{0};   // records put into the history
  cloud::Workers workers{1};                 // for log files and sweeps, which take long
};

/// Erases what is too old or too much of the event history, soon.
void sweep_soon(Core& core);

/// Sets the alarm for the next delivery, at whole five minutes by the clock, where none is set. Any thread; it is set
/// when this is done.
asio::awaitable<void> set_delivery(Core& core);
/// The same at the start, where something waits or digests go on.
void begin_deliveries(Core& core);

/// CloudTrail as a caller, in the account and Region of a trail.
cloud::Call call_for(Core& core, const Trail& trail);

void register_history_operations(Core& core);
void register_trail_operations(Core& core);
void register_logging_operations(Core& core);
void register_selector_operations(Core& core);
void register_tag_operations(Core& core);

}  // namespace signalbox::cloudtrail
