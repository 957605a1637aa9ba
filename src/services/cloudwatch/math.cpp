#include "services/cloudwatch/math.h"

#include <algorithm>

#include "services/cloudwatch/math_functions.h"

namespace signalbox::cloudwatch {
namespace {

class Evaluation {
 public:
  explicit Evaluation(const MathContext& context) : context_(context) {}

  Result<Value> value(const Node& node) {
    Result<Value> made = make(node);
    if (!made) return made;
    for (const TimeSeries& series : made->series) points_ += series.points.size();
    if (points_ > kMaxMathPoints) return bad_math("The expression makes too many data points.");
    return made;
  }

 private:
  Result<Value> make(const Node& node) {
    switch (node.kind) {
      case Node::Kind::kNumber:
        return Value::of(node.number);
      case Node::Kind::kId:
        return context_.value_of(node.text);
      case Node::Kind::kArray:
        return array(node);
      case Node::Kind::kUnary: {
        Result<Value> inner = value(*node.parts[0]);
        if (!inner) return inner;
        return combine("*", *std::move(inner), Value::of(-1));
      }
      case Node::Kind::kBinary: {
        Result<Value> left = value(*node.parts[0]);
        if (!left) return left;
        Result<Value> right = value(*node.parts[1]);
        if (!right) return right;
        return combine(node.text, *std::move(left), *std::move(right));
      }
      case Node::Kind::kFunction:
        return function(node);
      case Node::Kind::kText:
      case Node::Kind::kWord:
        break;
    }
    return bad_math("'" + node.text + "' stands where a value is expected.");
  }

  Result<Value> array(const Node& node) {
    std::vector<TimeSeries> all;
    for (const auto& part : node.parts) {
      Result<Value> one = value(*part);
      if (!one) return one;
      if (one->kind == Value::Kind::kScalar) return bad_math("An array takes time series only.");
      std::ranges::move(one->series, std::back_inserter(all));
    }
    return Value::array(std::move(all));
  }

  Result<Value> function(const Node& node) {
    const std::string& name = node.text;
    if (is_one_of({"ABS", "CEIL", "FLOOR", "LOG", "LOG10", "DIFF", "DIFF_TIME", "RATE", "RUNNING_SUM"}, name)) {
      return with_one(node, [&](Value one) { return transform(name, std::move(one)); });
    }
    if (is_one_of({"AVG", "SUM", "MIN", "MAX", "STDDEV", "DATAPOINT_COUNT"}, name)) {
      return with_one(node, [&](const Value& one) { return reduce(name, one); });
    }
    if (is_one_of({"MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"}, name)) {
      return with_one(node, [&](const Value& one) -> Result<Value> {
        if (one.kind != Value::Kind::kSeries) return takes("one time series", name);
        return Value::of(calendar(name, context_));
      });
    }
    if (name == "METRICS") return metrics(node);
    if (name == "SEARCH") return search(node);
    if (name == "IF") return choice(node);
    if (name == "FILL") return filled(node);
    if (name == "SORT") return sorted(node);
    if (name == "SLICE") return slice(node);
    return with_one(node, [&](Value one) { return other(name, std::move(one)); });
  }

  Result<Value> other(const std::string& name, Value one) {
    if (name == "TIME_SERIES") {
      if (one.kind != Value::Kind::kScalar) return takes("a number", name);
      return Value::of(constant(one.scalar, context_));
    }
    if (name == "PERIOD") {
      if (one.kind != Value::Kind::kSeries) return takes("one time series", name);
      return Value::of(static_cast<double>(one.series.front().period.count()) / 1000);
    }
    if (one.kind == Value::Kind::kScalar) return takes("an array of time series", name);
    if (name == "METRIC_COUNT") return Value::of(static_cast<double>(one.series.size()));
    if (name == "REMOVE_EMPTY") {
      std::erase_if(one.series, [](const TimeSeries& series) { return series.points.empty(); });
      return Value::array(std::move(one.series));
    }
    // FIRST, LAST
    if (one.series.empty()) return Value::of(TimeSeries{"", "", context_.period, {}});
    return Value::of(std::move(name == "FIRST" ? one.series.front() : one.series.back()));
  }

  static bool is_one_of(std::initializer_list<std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
  }
  static std::unexpected<Error> takes(std::string_view what, const std::string& name) {
    return bad_math("The function " + name + " takes " + std::string(what) + ".");
  }

  template <class Work>
  Result<Value> with_one(const Node& node, Work work) {
    if (node.parts.size() != 1) return takes("one argument", node.text);
    Result<Value> one = value(*node.parts[0]);
    if (!one) return one;
    return work(*std::move(one));
  }

  Result<Value> metrics(const Node& node) {
    if (node.parts.size() > 1 || (!node.parts.empty() && node.parts[0]->kind != Node::Kind::kText)) {
      return takes("nothing or one text", node.text);
    }
    Result<std::vector<TimeSeries>> all = context_.metrics();
    if (!all) return std::unexpected(std::move(all).error());
    if (!node.parts.empty()) {
      std::erase_if(*all, [&](const TimeSeries& series) { return !series.id.contains(node.parts[0]->text); });
    }
    return Value::array(*std::move(all));
  }

  Result<Value> search(const Node& node) {
    const auto is = [&](std::size_t i, Node::Kind kind) {
      return node.parts.size() > i && node.parts[i]->kind == kind;
    };
    if (node.parts.size() > 3 || !is(0, Node::Kind::kText) || !is(1, Node::Kind::kText) ||
        (node.parts.size() == 3 && !is(2, Node::Kind::kNumber))) {
      return takes("a search, a statistic and a period", node.text);
    }
    Duration period = context_.period;
    if (node.parts.size() == 3) {
      const double seconds = node.parts[2]->number;
      if (!(seconds >= 1 && seconds <= 86'400)) return takes("a period of 1 to 86400 seconds", node.text);
      period = std::chrono::seconds(static_cast<std::int64_t>(seconds));
    }
    auto found = context_.search(node.parts[0]->text, node.parts[1]->text, period);
    if (!found) return std::unexpected(std::move(found).error());
    return Value::array(*std::move(found));
  }

  Result<Value> choice(const Node& node) {
    if (node.parts.size() != 2 && node.parts.size() != 3) return takes("two or three arguments", node.text);
    std::vector<Value> values;
    for (const auto& part : node.parts) {
      Result<Value> one = value(*part);
      if (!one) return one;
      values.push_back(*std::move(one));
    }
    return choose(std::move(values[0]), values[1], values.size() == 3 ? &values[2] : nullptr, context_);
  }

  Result<Value> filled(const Node& node) {
    if (node.parts.size() != 2) return takes("two arguments", node.text);
    Result<Value> base = value(*node.parts[0]);
    if (!base) return base;
    if (base->kind == Value::Kind::kScalar) return takes("time series", node.text);
    const Node& with = *node.parts[1];
    Filler filler = Filler::kValue;
    Value filling;
    if (with.kind == Node::Kind::kWord) {
      if (with.text != "REPEAT" && with.text != "LINEAR") return takes("a value, REPEAT or LINEAR", node.text);
      filler = with.text == "REPEAT" ? Filler::kRepeat : Filler::kLinear;
    } else {
      Result<Value> made = value(with);
      if (!made) return made;
      if (made->kind == Value::Kind::kArray) return takes("a number or one time series to fill with", node.text);
      filling = *std::move(made);
    }
    for (TimeSeries& series : base->series) series = fill(std::move(series), filler, filling, context_);
    return base;
  }

  Result<Value> sorted(const Node& node) {
    const auto word = [&](std::size_t i) {
      return node.parts.size() > i && node.parts[i]->kind == Node::Kind::kWord ? node.parts[i]->text : std::string();
    };
    const std::string by = word(1);
    const std::string order = word(2);
    if (node.parts.size() > 4 || !is_one_of({"AVG", "MIN", "MAX", "SUM"}, by) || !is_one_of({"ASC", "DESC"}, order)) {
      return takes("an array, AVG, MIN, MAX or SUM, and ASC or DESC", node.text);
    }
    Result<Value> all = value(*node.parts[0]);
    if (!all) return all;
    if (all->kind == Value::Kind::kScalar) return takes("an array of time series", node.text);
    std::ranges::stable_sort(all->series, [&](const TimeSeries& a, const TimeSeries& b) {
      return order == "ASC" ? reduce(by, a) < reduce(by, b) : reduce(by, a) > reduce(by, b);
    });
    if (node.parts.size() == 4) {
      const auto limit = index(*node.parts[3]);
      if (!limit) return std::unexpected(limit.error());
      if (*limit < all->series.size()) all->series.resize(*limit);
    }
    all->kind = Value::Kind::kArray;
    return all;
  }

  Result<Value> slice(const Node& node) {
    if (node.parts.size() != 2 && node.parts.size() != 3) return takes("an array and one or two numbers", node.text);
    Result<Value> all = value(*node.parts[0]);
    if (!all) return all;
    if (all->kind == Value::Kind::kScalar) return takes("an array of time series", node.text);
    const auto from = index(*node.parts[1]);
    if (!from) return std::unexpected(from.error());
    std::size_t to = all->series.size();
    if (node.parts.size() == 3) {
      const auto end = index(*node.parts[2]);
      if (!end) return std::unexpected(end.error());
      to = std::min(to, *end);
    }
    std::vector<TimeSeries> some;
    for (std::size_t i = *from; i < to; ++i) some.push_back(std::move(all->series[i]));
    return Value::array(std::move(some));
  }

  /// A place in an array.
  Result<std::size_t> index(const Node& node) {
    Result<Value> number = value(node);
    if (!number) return std::unexpected(std::move(number).error());
    if (number->kind != Value::Kind::kScalar || !(number->scalar >= 0 && number->scalar <= 1e6)) {
      return bad_math("A place in an array is a whole number from 0.");
    }
    return static_cast<std::size_t>(number->scalar);
  }

  const MathContext& context_;
  std::size_t points_ = 0;
};

}  // namespace

Result<Value> evaluate(const Expression& expression, const MathContext& context) {
  if ((context.end - context.start) / context.period > static_cast<std::int64_t>(kMaxMathPoints)) {
    return bad_math("The time range has too many periods.");
  }
  return Evaluation(context).value(expression.root());
}

}  // namespace signalbox::cloudwatch
