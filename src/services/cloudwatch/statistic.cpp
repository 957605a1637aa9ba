#include "services/cloudwatch/statistic.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace signalbox::cloudwatch {
namespace {

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::unexpected<Error> not_a_statistic(const std::string& text) {
  return fail("InvalidParameterValueException", "The value " + text + " for parameter Statistic is not supported.");
}

/// The value below which `percent` of the samples are: the nearest rank.
double percentile_of(const Distribution& samples, double percent) {
  const double rank = std::max(samples.count() * percent / 100, 0.0);
  double below = 0;
  for (const auto& bin : samples.bins()) {
    below += bin.count;
    if (below >= rank * (1 - 1e-12)) return std::clamp(bin.value, samples.minimum(), samples.maximum());
  }
  return samples.maximum();
}

struct Part {
  double count = 0;
  double sum = 0;
};

}  // namespace

Result<Statistic> Statistic::parse(const std::string& text) {
  struct Name {
    std::string_view name;
    Kind kind;
  };
  constexpr Name kSimple[] = {{"SampleCount", Kind::kSampleCount},
                              {"Average", Kind::kAverage},
                              {"Sum", Kind::kSum},
                              {"Minimum", Kind::kMinimum},
                              {"Maximum", Kind::kMaximum}};
  constexpr Name kTrimmed[] = {{"tm", Kind::kTrimmedMean},
                               {"wm", Kind::kWinsorizedMean},
                               {"tc", Kind::kTrimmedCount},
                               {"ts", Kind::kTrimmedSum},
                               {"pr", Kind::kPercentileRank}};
  Statistic statistic;
  statistic.text_ = text;
  for (const Name& simple : kSimple) {
    if (text != simple.name) continue;
    statistic.kind_ = simple.kind;
    return statistic;
  }
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (lower == "iqm") {
    statistic.kind_ = Kind::kTrimmedMean;
    statistic.low_ = 25;
    statistic.high_ = 75;
    return statistic;
  }
  for (const Name& trimmed : kTrimmed) {
    if (!lower.starts_with(trimmed.name)) continue;
    statistic.kind_ = trimmed.kind;
    const std::string_view rest = std::string_view(lower).substr(2);
    if (rest.starts_with("(") && rest.ends_with(")")) {
      if (Result<void> range = statistic.parse_range(rest.substr(1, rest.size() - 2)); !range) {
        return std::unexpected(std::move(range).error());
      }
    } else {
      statistic.high_ = number_of(rest);
      if (trimmed.kind == Kind::kPercentileRank || !statistic.high_) return not_a_statistic(text);
    }
    const bool percent = !statistic.by_value_;
    const auto wrong = [&](const std::optional<double>& bound) { return bound && (*bound < 0 || *bound > 100); };
    if (percent && (wrong(statistic.low_) || wrong(statistic.high_))) return not_a_statistic(text);
    if (percent && trimmed.kind == Kind::kPercentileRank) return not_a_statistic(text);
    return statistic;
  }
  if (!lower.starts_with("p")) return not_a_statistic(text);
  statistic.kind_ = Kind::kPercentile;
  statistic.high_ = number_of(std::string_view(lower).substr(1));
  if (!statistic.high_ || *statistic.high_ < 0 || *statistic.high_ > 100) return not_a_statistic(text);
  return statistic;
}

Result<void> Statistic::parse_range(std::string_view range) {
  const auto colon = range.find(':');
  if (colon == std::string_view::npos) return not_a_statistic(text_);
  std::string_view low = range.substr(0, colon);
  std::string_view high = range.substr(colon + 1);
  const bool percent = low.ends_with("%") || high.ends_with("%");
  for (std::string_view* bound : {&low, &high}) {
    if (bound->empty()) continue;
    if (bound->ends_with("%") != percent) return not_a_statistic(text_);
    if (percent) bound->remove_suffix(1);
    const auto value = number_of(*bound);
    if (!value) return not_a_statistic(text_);
    (bound == &low ? low_ : high_) = *value;
  }
  if ((!low_ && !high_) || (low_ && high_ && *low_ >= *high_)) return not_a_statistic(text_);
  by_value_ = !percent;
  return {};
}

std::optional<double> Statistic::percentile() const {
  return kind_ == Kind::kPercentile ? high_ : std::nullopt;
}

std::optional<double> Statistic::of(const Distribution& samples) const {
  if (samples.empty()) return std::nullopt;
  switch (kind_) {
    case Kind::kSampleCount:
      return samples.count();
    case Kind::kAverage:
      return samples.average();
    case Kind::kSum:
      return samples.sum();
    case Kind::kMinimum:
      return samples.minimum();
    case Kind::kMaximum:
      return samples.maximum();
    default:
      break;
  }
  if (!samples.has_values()) return std::nullopt;
  if (kind_ == Kind::kPercentile) return percentile_of(samples, *high_);
  // What lies between the bounds: by value, from above the low to the high one; or by rank, taking parts of bins.
  const double first_rank = by_value_ ? 0 : samples.count() * low_.value_or(0) / 100;
  const double last_rank = by_value_ ? 0 : samples.count() * high_.value_or(100) / 100;
  Part inside;
  double below = 0;
  for (const auto& bin : samples.bins()) {
    double count = 0;
    if (by_value_) {
      const bool in = (!low_ || bin.value > *low_) && (!high_ || bin.value <= *high_);
      count = in ? bin.count : 0;
    } else {
      count = std::max(0.0, std::min(below + bin.count, last_rank) - std::max(below, first_rank));
    }
    below += bin.count;
    inside.count += count;
    inside.sum += count * std::clamp(bin.value, samples.minimum(), samples.maximum());
  }
  switch (kind_) {
    case Kind::kTrimmedCount:
      return inside.count;
    case Kind::kTrimmedSum:
      return inside.sum;
    case Kind::kPercentileRank:
      return 100 * inside.count / samples.count();
    case Kind::kWinsorizedMean: {
      // What lies outside counts as the bound it is beyond.
      double sum = 0;
      const double least = by_value_ ? low_.value_or(samples.minimum()) : percentile_of(samples, low_.value_or(0));
      const double most = by_value_ ? high_.value_or(samples.maximum()) : percentile_of(samples, high_.value_or(100));
      for (const auto& bin : samples.bins()) {
        const double value = std::clamp(bin.value, samples.minimum(), samples.maximum());
        sum += bin.count * std::max(least, std::min(most, value));
      }
      return sum / samples.count();
    }
    default:
      if (inside.count == 0) return std::nullopt;
      return inside.sum / inside.count;
  }
}

}  // namespace signalbox::cloudwatch
