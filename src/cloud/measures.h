// AWS's metrics of what this server does ("AWS/SQS" NumberOfMessagesSent ...): recorded by any service, kept by the
// one that has the metrics.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/distribution.h"
#include "cloud/scope.h"

namespace signalbox::cloud {

/// What a metric is known by.
struct MetricId {
  Scope scope;
  std::string name_space;  // "AWS/SQS"
  std::string name;
  std::map<std::string, std::string, std::less<>> dimensions;
  auto operator<=>(const MetricId&) const = default;
};

class Measures;

/// One metric that somebody records, until those who hold it are gone. Make it once and keep it: on hot paths `add` is
/// an uncontended lock and a few additions.
class Measure : public std::enable_shared_from_this<Measure> {
 public:
  Measure(Measures& measures, MetricId id, std::string_view unit)
      : measures_(measures), id_(std::move(id)), unit_(unit) {}

  /// A sample, or `times` samples alike, of now. Any thread.
  void add(double value, double times = 1);

 private:
  friend class Measures;
  Measures& measures_;
  const MetricId id_;
  const std::string unit_;  // "Count", "Bytes", "Milliseconds" ...
  std::mutex mutex_;
  Time began_{};  // the first sample's time
  Distribution samples_;
};
using MeasurePtr = std::shared_ptr<Measure>;

/// Gathers the samples of each measure until they are taken, once a minute and when somebody wants to see them.
class Measures {
 public:
  explicit Measures(const Clock& clock) : clock_(clock) {}

  /// A measure of that metric; several of the same metric add up. `unit` is one of CloudWatch's ("Count").
  MeasurePtr make(MetricId id, std::string_view unit) { return std::make_shared<Measure>(*this, std::move(id), unit); }

  /// For what happens too seldom to keep a measure for.
  void record(MetricId id, std::string_view unit, double value) { make(std::move(id), unit)->add(value); }

  /// For the service that has the metrics, once, before any sample: from then on samples are gathered, and `began` is
  /// called, on any thread, when there are some and were none. Until then nothing is.
  void keep(std::function<void()> began) { began_ = std::move(began); }

  struct Taken {
    MetricId id;
    std::string unit;
    Time time;  // of the first sample
    Distribution samples;
  };
  /// All that was gathered since the last time. Any thread.
  std::vector<Taken> take();

 private:
  friend class Measure;
  void enlist(MeasurePtr measure);

  const Clock& clock_;
  std::function<void()> began_;
  std::mutex mutex_;
  std::vector<MeasurePtr> gathering_;  // those with samples
};

}  // namespace signalbox::cloud
