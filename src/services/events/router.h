// Events on their way: from a bus, through the rules that match them, to what each target is to receive.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/events/core.h"
#include "services/events/delivery.h"
#include "services/events/matched_event.h"

namespace signalbox::events {

/// Which ways from bus to bus an event has gone: each at most once ("EventBridge can't route events received from a
/// sender event bus to a third event bus", EventBridge User Guide), so no event goes round for ever.
struct Hops {
  bool same_region = false;
  bool cross_region = false;
};

/// Routes the events of one call, keeping from event to event what its look-ups need. One thread at a time.
class Router {
 public:
  explicit Router(Core& core);

  /// Adds what the rules of `bus` that the event matches bring; nothing for a bus that does not exist. False, and
  /// nothing added, when a target needs to look into an event that is nested deeper than the reader goes. `text` is the
  /// event, and need not live longer than the call.
  bool enter(const BusId& bus, std::string_view text, const std::string& trace_header);

  /// As enter, for the record of an API call: unless all rules are to get such, those do whose pattern asks for them.
  /// `read_only`: a management call that only read, for those whose state asks for these, too.
  bool enter_api_call(const BusId& bus, std::string_view text, bool read_only);

  /// As enter, for an event that a replay brings: archives do not take it, and of the rules of `bus` only those with
  /// the ARNs `only` do, where there are any. A router that replays does nothing else.
  bool replay(const BusId& bus, std::string_view text, const std::vector<std::string>& only);

  /// Adds what one rule brings, whatever its pattern says, and puts the event in the archives of `bus`.
  bool deliver(const BusId& bus, const Rule& rule, std::string_view text, const std::string& trace_header = "");

  /// All that was added, for events::deliver.
  Outbox take() { return std::move(outbox_); }

 private:
  struct Event {
    std::string_view text;
    const std::string& trace_header;
    std::optional<json::Value> root = std::nullopt;
    bool api_call = false;
    bool read_only_call = false;
  };
  bool route(const BusId& bus, Event& event, Hops hops);
  /// The rules and archives that are to have the event.
  void match(const RuleIndex& index, const Event& event, std::vector<const Rule*>& matched);
  bool add(const BusId& bus, const Rule& rule, Event& event, Hops hops);
  void forward(const BusId& from, const Rule& rule, const Target& target, Event& event, Hops hops);
  /// Whether the rule, with the target's role or without, may put the event on that bus.
  bool may_forward(const BusId& from, const Rule& rule, const Target& target, const Bus& bus, const Event& event) const;
  std::optional<cloud::Undelivered> try_forward(const BusId& from, const Rule& rule, const Target& target, Event& event,
                                                Hops hops);
  /// To whoever watches.
  void show(const BusId& bus, const Event& event, const std::vector<const Rule*>& matched);
  bool read(Event& event);
  const RuleIndex* find_index(const BusId& id);

  Core& core_;
  const Time now_;
  const std::string ingestion_time_;
  json::Document document_;
  std::map<BusId, std::shared_ptr<const RuleIndex>> indexes_;
  Outbox outbox_;
  bool replaying_ = false;
  const std::vector<std::string>* only_ = nullptr;  // for the bus that the event enters
};

}  // namespace signalbox::events
