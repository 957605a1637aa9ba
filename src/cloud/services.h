// What a service is given at start: everything it may use of the house.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/seal.h"
#include "cloud/authority.h"
#include "cloud/callers.h"
#include "cloud/clients.h"
#include "cloud/deliveries.h"
#include "cloud/door.h"
#include "cloud/event_target.h"
#include "cloud/functions.h"
#include "cloud/measures.h"
#include "cloud/pipe_ends.h"
#include "cloud/service_events.h"
#include "cloud/sessions.h"
#include "cloud/shards.h"
#include "cloud/site.h"
#include "cloud/tap.h"
#include "store/store.h"

namespace signalbox::cloud {

/// Borrowed references; all outlive the services.
struct House {
  store::Store& store;
  Shards& shards;
  Door& door;
  EventTargets& event_targets;
  ServiceEvents& service_events;
  Measures& measures;
  Deliveries& deliveries;
  Clients& clients;
  Site& site;
  Tap& tap;
  const Sealer& sealer;
  const Clock& clock;
  Random& random;
  Log& log;
  Metrics& metrics;
  PipeEnds& pipe_ends;
  Functions& functions;
  Callers& callers;
  Authority& authority;
  Sessions& sessions;
};

/// One AWS service. Constructed with the House: registers its operations with the door and its kind of event target;
/// load() then reads its state from the store before the first request (no shard runs yet).
class Service {
 public:
  virtual ~Service() = default;
  virtual Result<void> load() = 0;
  /// Called once, before the server stops, from a thread of no shard: requests that wait (long polls) are to answer
  /// soon with what they have.
  virtual void drain() {}
  /// Called once, after the shards have stopped and before the store is closed: threads of the service's own end here.
  /// Coroutines that have not come to their end still stand where they wait, and refer to the service; they are
  /// destroyed after this and before the service.
  virtual void stop() {}
};

}  // namespace signalbox::cloud
