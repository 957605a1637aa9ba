// What the parts of the pipes share.
#pragma once

#include <map>
#include <shared_mutex>
#include <vector>

#include "services/pipes/pipe.h"

namespace signalbox::pipes {

/// What the service counts; names and meanings are in README.md.
struct Figures {
  explicit Figures(Metrics& metrics);
  Counter& read;
  Counter& filtered;
  Counter& delivered;
  Counter& failed;
  Counter& dead_lettered;
};

struct Core {
  explicit Core(const cloud::House& with) : house(with), figures(with.metrics) {}

  // Any thread.
  PipePtr find(const PipeName& name) const;
  std::map<std::string, PipePtr, std::less<>> pipes_of(const cloud::Scope& scope) const;
  std::vector<PipePtr> all() const;
  void put(const PipePtr& pipe);
  void erase(const PipeName& name);

  const cloud::House house;
  Figures figures;

 private:
  mutable std::shared_mutex mutex_;
  std::map<PipeName, PipePtr> pipes_;
};

void register_operations(Core& core);

}  // namespace signalbox::pipes
