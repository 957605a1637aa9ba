#include "cloud/measures.h"

#include <utility>

namespace signalbox::cloud {

void Measure::add(double value, double times) {
  if (!measures_.began_) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = samples_.empty();
    if (first) began_ = measures_.clock_.now();
    samples_.add(value, times);
  }
  if (first) measures_.enlist(shared_from_this());
}

void Measures::enlist(MeasurePtr measure) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = gathering_.empty();
    gathering_.push_back(std::move(measure));
  }
  if (first) began_();
}

std::vector<Measures::Taken> Measures::take() {
  std::vector<MeasurePtr> measures;
  {
    const std::lock_guard lock(mutex_);
    measures.swap(gathering_);
  }
  std::vector<Taken> taken;
  taken.reserve(measures.size());
  for (const MeasurePtr& measure : measures) {
    const std::lock_guard lock(measure->mutex_);
    taken.push_back({measure->id_, measure->unit_, measure->began_, std::exchange(measure->samples_, {})});
  }
  return taken;
}

}  // namespace signalbox::cloud
