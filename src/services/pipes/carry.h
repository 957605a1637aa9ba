// From a source's events to what the target receives: filters, enrichment, templates; and handing it over.
#pragma once

#include <span>
#include <vector>

#include "cloud/outbox.h"
#include "services/pipes/core.h"

namespace signalbox::pipes {

/// Something for the target, and which of the events it came of.
struct Item {
  std::size_t event = 0;
  cloud::EventDelivery delivery;
  std::string name = {};  // as a function's answer calls the event; "" where no answer is waited for
};

/// An event that is not through, and why.
struct Failure {
  std::size_t event = 0;
  std::string message;
};

struct Prepared {
  std::vector<Item> items;
  std::vector<Failure> failures;  // enrichments that failed
  /// Events in whose place an enrichment put something else than an item for each: either all are through, or none.
  std::vector<std::size_t> together;
};
/// Events that no filter matches bring nothing.
asio::awaitable<Prepared> prepare(Core& core, PipePtr pipe, ConfigPtr config,
                                  std::span<const cloud::SourceEvent> events);

struct Handed {
  cloud::Settlement settlement;
  std::vector<Failure> failures;
  bool partly = false;  // what stands before the first failure is with the target, and must not come to it again
};
/// Adds what the target gets to `batch`; a target outside has it when this returns.
asio::awaitable<Handed> hand_over(Core& core, PipePtr pipe, ConfigPtr config, std::vector<Item> items,
                                  store::Batch& batch);

}  // namespace signalbox::pipes
