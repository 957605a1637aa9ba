// The statistics of CloudWatch, from how samples are distributed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/distribution.h"
#include "base/result.h"

namespace signalbox::cloudwatch {

/// One statistic: Average, Sum, Minimum, Maximum, SampleCount, or an extended one ("CloudWatch statistics definitions"
/// in the CloudWatch User Guide): pNN, IQM, and tmNN, wmNN, tcNN, tsNN, with their ranges TM(10%:90%), TC(0.5:10) and
/// so on, and PR(:300).
class Statistic {
 public:
  /// Errors: InvalidParameterValueException.
  static Result<Statistic> parse(const std::string& text);

  /// Empty when the samples do not tell: percentiles of statistic sets, a trimmed mean of nothing.
  std::optional<double> of(const Distribution& samples) const;

  const std::string& text() const { return text_; }
  bool is_simple() const { return kind_ < Kind::kPercentile; }
  /// pNN only: NN.
  std::optional<double> percentile() const;

 private:
  enum class Kind {
    kSampleCount,
    kAverage,
    kSum,
    kMinimum,
    kMaximum,
    kPercentile,
    kTrimmedMean,
    kWinsorizedMean,
    kTrimmedCount,
    kTrimmedSum,
    kPercentileRank
  };
  Result<void> parse_range(std::string_view range);

  std::string text_;
  Kind kind_ = Kind::kAverage;
  bool by_value_ = false;  // the bounds are values, not percentiles
  std::optional<double> low_;
  std::optional<double> high_;
};

}  // namespace signalbox::cloudwatch
