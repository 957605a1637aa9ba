// A query as it was written: commands and expressions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "services/logs/insights/value.h"

namespace re2 {
class RE2;
}

namespace signalbox::logs::insights {

struct Function;  // functions.h

enum class Operator : std::uint8_t {
  kOr,
  kAnd,
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kLike,     // a text that is in another
  kMatches,  // a regular expression
  kIn,       // the first is one of the others
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kRemainder,
  kPower,
  kNegate
};

struct Expression {
  enum class Kind : std::uint8_t { kConstant, kField, kOperation, kCall };
  Kind kind = Kind::kConstant;
  Cell constant;
  std::size_t slot = 0;  // of a field: its place in a row
  Operator operation = Operator::kOr;
  std::shared_ptr<const re2::RE2> regex;  // of kMatches
  const Function* function = nullptr;
  std::vector<Expression> parts;
};

/// "expression as name": what it makes goes to the slot.
struct Assignment {
  Expression expression;
  std::size_t slot = 0;
  bool is_plain_field = false;  // a field under its own name: nothing to do
};

enum class Aggregate : std::uint8_t {
  kCount,
  kCountDistinct,
  kSum,
  kAverage,
  kMin,
  kMax,
  kPercentile,
  kDeviation,
  kEarliest,
  kLatest,
  kFirst,
  kLast
};

struct Aggregation {
  Aggregate aggregate = Aggregate::kCount;
  std::optional<Expression> argument;  // none: count(*)
  double percentile = 0;
  std::size_t slot = 0;
};

struct Fields {
  std::vector<Assignment> assignments;
};
struct Display {
  std::vector<Assignment> assignments;
};
struct Filter {
  Expression condition;
};
struct Parse {
  Expression from;
  std::shared_ptr<const re2::RE2> regex;  // null for a glob
  std::vector<std::string> glob;          // what stands before, between and behind its asterisks
  std::vector<std::size_t> slots;         // of its groups or asterisks, in order
};
struct Stats {
  std::vector<Aggregation> aggregations;
  std::vector<Assignment> by;
};
struct Sort {
  struct Key {
    Expression expression;
    bool descending = false;
  };
  std::vector<Key> keys;
};
struct Limit {
  std::size_t count = 0;
};
struct Dedup {
  std::vector<Expression> keys;
};
using Command = std::variant<Fields, Display, Filter, Parse, Stats, Sort, Limit, Dedup>;

/// A query's commands, and the names of the slots of a row that they read and write.
struct Syntax {
  std::vector<Command> commands;
  std::vector<std::string> names;
  /// Slots that are read before anything is assigned to them: fields of the log events.
  std::vector<bool> from_event;
};

}  // namespace signalbox::logs::insights
