// A rule's target as events are handed to it: compiled once, never changed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cloud/event_target.h"
#include "services/events/records.h"
#include "services/events/target_http.h"
#include "services/events/target_input.h"

namespace signalbox::events {

struct Target {
  std::string id;
  TargetRecord record;
  TargetInput input;
  /// Where events go on: a kind of target, or, when null, the event bus `bus`.
  cloud::EventTarget* kind = nullptr;
  std::optional<BusId> bus;
  std::shared_ptr<const cloud::DeliveryPolicy> policy;  // never null
  TargetHttp http;
  /// Where a stream's record gets its partition key from; none for other kinds.
  std::optional<json::Path> partition_key;

  /// Whether what it gets is made by looking into the event, so that it must be given parsed.
  bool reads_event() const { return input.reads_event() || http.reads_event() || partition_key; }

  /// The text that the path leads to, or the event's id where it leads nowhere; "" for other kinds of targets.
  std::string partition_key_of(const MatchedEvent& event) const;
};

/// The target `id` of a rule, made of its record. Errors: ValidationException with AWS's texts, naming the target.
Result<std::shared_ptr<const Target>> compile_target(const cloud::EventTargets& kinds, const BusId& bus,
                                                     std::string_view rule, std::string id, TargetRecord record);

/// Whether a rule of `bus` may be given that target now: what it names exists, and the parameters are of its kind.
/// Errors: those of the kind.
Result<void> check_target(const Target& target, const BusId& bus);

}  // namespace signalbox::events
