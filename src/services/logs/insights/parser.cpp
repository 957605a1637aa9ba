#include "services/logs/insights/parser.h"

#include <re2/re2.h>

#include <array>
#include <cmath>

#include "base/ascii.h"
#include "services/logs/insights/expression_parser.h"

namespace signalbox::logs::insights {
namespace {

constexpr std::size_t kMaxCommands = 100;
constexpr std::size_t kMaxParsed = 100;  // names that one parse gives
constexpr std::string_view kNotDone[] = {"pattern",    "diff",     "unmask", "anomaly",     "unnest",
                                         "lookup",     "join",     "source", "filterindex", "addtotals",
                                         "appendcols", "subquery", "expand", "rename"};

struct AggregateName {
  std::string_view name;
  Aggregate aggregate;
};
constexpr std::array kAggregates = {
    AggregateName{"count", Aggregate::kCount},       AggregateName{"count_distinct", Aggregate::kCountDistinct},
    AggregateName{"sum", Aggregate::kSum},           AggregateName{"avg", Aggregate::kAverage},
    AggregateName{"min", Aggregate::kMin},           AggregateName{"max", Aggregate::kMax},
    AggregateName{"pct", Aggregate::kPercentile},    AggregateName{"percentile", Aggregate::kPercentile},
    AggregateName{"median", Aggregate::kPercentile}, AggregateName{"stddev", Aggregate::kDeviation},
    AggregateName{"earliest", Aggregate::kEarliest}, AggregateName{"latest", Aggregate::kLatest},
    AggregateName{"sortsfirst", Aggregate::kFirst},  AggregateName{"sortslast", Aggregate::kLast}};

class QueryParser {
 public:
  explicit QueryParser(std::string_view text) : lexer_(text), expressions_(lexer_, syntax_) {}

  Result<Syntax> parse() {
    do {
      if (syntax_.commands.size() == kMaxCommands) return lexer_.wrong("there are too many commands");
      auto made = command();
      if (!made) return std::unexpected(std::move(made).error());
      syntax_.commands.push_back(*std::move(made));
    } while (lexer_.take_sign("|"));
    if (lexer_.peek().kind != TokenKind::kEnd) return lexer_.unexpected();
    return std::move(syntax_);
  }

 private:
  Result<Command> command() {
    if (lexer_.peek().kind != TokenKind::kName) return lexer_.unexpected();
    const std::string word = ascii_lowered(lexer_.peek().text);
    for (const std::string_view other : kNotDone) {
      if (word == other) return lexer_.wrong("the command " + word + " is not supported,");
    }
    if (word == "fields") return assignments<Fields>();
    if (word == "display") return assignments<Display>();
    if (word == "filter") return filter();
    if (word == "parse") return parse_command();
    if (word == "stats") return stats();
    if (word == "sort" || word == "order") return sort(word == "order");
    if (word == "limit" || word == "head") return limit();
    if (word == "dedup") return dedup();
    return lexer_.unexpected();
  }

  template <class Kind>
  Result<Command> assignments() {
    lexer_.take();
    Kind made;
    do {
      auto one = expressions_.assignment();
      if (!one) return std::unexpected(std::move(one).error());
      made.assignments.push_back(*std::move(one));
    } while (lexer_.take_sign(","));
    return made;
  }

  Result<Command> filter() {
    lexer_.take();
    auto condition = expressions_.expression();
    if (!condition) return std::unexpected(std::move(condition).error());
    return Filter{*std::move(condition)};
  }

  Result<Command> parse_command() {
    lexer_.take();
    Parse made;
    if (lexer_.peek().kind == TokenKind::kText || lexer_.at_sign("/")) {
      made.from = expressions_.field("@message");
    } else {
      const Token& token = lexer_.peek();
      if (token.kind != TokenKind::kName && token.kind != TokenKind::kQuotedName) return lexer_.unexpected();
      made.from = expressions_.field(lexer_.take().text);
    }
    return lexer_.at_sign("/") ? parse_by_regex(std::move(made)) : parse_by_glob(std::move(made));
  }

  Result<Command> parse_by_regex(Parse made) {
    auto regex = expressions_.regex();
    if (!regex) return std::unexpected(std::move(regex).error());
    made.regex = *std::move(regex);
    const auto& names = made.regex->CapturingGroupNames();
    if (names.empty()) return lexer_.wrong("the regular expression has no named groups (?<name>...) before what is");
    if (names.size() > kMaxParsed) return lexer_.wrong("there are too many groups before what is");
    if (names.size() != static_cast<std::size_t>(made.regex->NumberOfCapturingGroups())) {
      return lexer_.wrong("every group of the regular expression must be named, or (?:...), before what is");
    }
    for (const auto& [group, name] : names) made.slots.push_back(expressions_.assigned_slot(name));
    return made;
  }

  Result<Command> parse_by_glob(Parse made) {
    if (lexer_.peek().kind != TokenKind::kText) return lexer_.unexpected();
    const std::string glob = lexer_.take().text;
    std::size_t at = 0;
    for (auto star = glob.find('*'); star != std::string::npos; star = glob.find('*', at)) {
      made.glob.push_back(glob.substr(at, star - at));
      at = star + 1;
    }
    made.glob.push_back(glob.substr(at));
    const std::size_t groups = made.glob.size() - 1;
    if (!lexer_.take_word("as")) return lexer_.unexpected();
    do {
      const auto slot = expressions_.new_name();
      if (!slot) return std::unexpected(slot.error());
      made.slots.push_back(*slot);
    } while (lexer_.take_sign(","));
    if (groups > kMaxParsed) return lexer_.wrong("there are too many asterisks before what is");
    if (made.slots.size() != groups) {
      return lexer_.wrong("there are " + std::to_string(groups) + " asterisks for " +
                          std::to_string(made.slots.size()) + " names before what is");
    }
    return made;
  }

  Result<Command> stats() {
    lexer_.take();
    Stats made;
    do {
      auto one = aggregation();
      if (!one) return std::unexpected(std::move(one).error());
      made.aggregations.push_back(*std::move(one));
    } while (lexer_.take_sign(","));
    if (!lexer_.take_word("by")) return made;
    do {
      auto one = expressions_.assignment();
      if (!one) return std::unexpected(std::move(one).error());
      made.by.push_back(*std::move(one));
    } while (lexer_.take_sign(","));
    return made;
  }

  Result<Aggregation> aggregation() {
    const std::size_t start = lexer_.peek().start;
    if (lexer_.peek().kind != TokenKind::kName) return lexer_.unexpected();
    const std::string name = ascii_lowered(lexer_.peek().text);
    const AggregateName* known = nullptr;
    for (const AggregateName& one : kAggregates) {
      if (one.name == name) known = &one;
    }
    if (known == nullptr) return lexer_.wrong("the aggregation " + name + " is not supported,");
    lexer_.take();
    Aggregation made;
    made.aggregate = known->aggregate;
    made.percentile = name == "median" ? 50 : 0;
    if (!lexer_.take_sign("(")) return lexer_.unexpected();
    if (made.aggregate == Aggregate::kCount && (lexer_.take_sign("*") || lexer_.at_sign(")"))) {
      // every row
    } else {
      auto argument = expressions_.expression();
      if (!argument) return std::unexpected(std::move(argument).error());
      made.argument = *std::move(argument);
      if (made.aggregate == Aggregate::kPercentile && name != "median") {
        if (!lexer_.take_sign(",") || lexer_.peek().kind != TokenKind::kNumber) return lexer_.unexpected();
        if (lexer_.peek().number > 100) return lexer_.wrong("a percentile above 100");
        made.percentile = lexer_.take().number;
      }
    }
    if (!lexer_.take_sign(")")) return lexer_.unexpected();
    if (lexer_.take_word("as")) {
      const auto slot = expressions_.new_name();
      if (!slot) return std::unexpected(slot.error());
      made.slot = *slot;
    } else {
      made.slot = expressions_.assigned_slot(std::string(lexer_.text_since(start)));
    }
    return made;
  }

  Result<Command> sort(bool is_order) {
    lexer_.take();
    if (is_order && !lexer_.take_word("by")) return lexer_.unexpected();
    Sort made;
    do {
      const auto key = sort_key();
      if (!key) return std::unexpected(key.error());
      made.keys.push_back(*key);
    } while (lexer_.take_sign(","));
    return made;
  }

  /// What is sorted by may be called as a column is: count(*), bin(5m).
  Result<Sort::Key> sort_key() {
    Sort::Key key;
    const Lexer before = lexer_;
    const std::size_t start = lexer_.peek().start;
    auto expression = expressions_.expression();
    if (!expression || is_column(lexer_.text_since(start))) {
      const Lexer after = lexer_;
      lexer_ = before;
      auto name = column_name();
      if (!name && !expression) {
        lexer_ = before;
        return std::unexpected(std::move(expression).error());
      }
      if (name) {
        key.expression = expressions_.field(*name);
      } else {
        lexer_ = after;
        key.expression = *std::move(expression);
      }
    } else {
      key.expression = *std::move(expression);
    }
    if (lexer_.take_word("desc")) {
      key.descending = true;
    } else {
      lexer_.take_word("asc");
    }
    return key;
  }

  bool is_column(std::string_view name) const {
    for (std::size_t i = 0; i < syntax_.names.size(); ++i) {
      if (syntax_.names[i] == name && !syntax_.from_event[i]) return true;
    }
    return false;
  }

  /// The name of an assigned column, as it was written: with its parentheses.
  std::optional<std::string> column_name() {
    const std::size_t start = lexer_.peek().start;
    int depth = 0;
    while (lexer_.peek().kind != TokenKind::kEnd && !lexer_.at_sign("|")) {
      if (depth == 0 && (lexer_.at_sign(",") || lexer_.at_word("desc") || lexer_.at_word("asc"))) break;
      if (lexer_.at_sign("(")) ++depth;
      if (lexer_.at_sign(")")) --depth;
      lexer_.take();
    }
    const std::string name(lexer_.text_since(start));
    return is_column(name) ? std::optional(name) : std::nullopt;
  }

  Result<Command> limit() {
    lexer_.take();
    const Token& token = lexer_.peek();
    if (token.kind != TokenKind::kNumber || token.number != std::floor(token.number)) return lexer_.unexpected();
    if (token.number < 1 || token.number > static_cast<double>(kMaxLimit)) {
      return lexer_.wrong("limit takes 1 to " + std::to_string(kMaxLimit) + ", not what is");
    }
    return Limit{static_cast<std::size_t>(lexer_.take().number)};
  }

  Result<Command> dedup() {
    lexer_.take();
    Dedup made;
    do {
      auto key = expressions_.expression();
      if (!key) return std::unexpected(std::move(key).error());
      made.keys.push_back(*std::move(key));
    } while (lexer_.take_sign(","));
    return made;
  }

  Syntax syntax_;
  Lexer lexer_;
  ExpressionParser expressions_;
};

}  // namespace

Result<Syntax> parse_query(std::string_view text) {
  if (text.size() > kMaxQueryLength) {
    return fail("MalformedQueryException",
                "The query is longer than " + std::to_string(kMaxQueryLength) + " characters.");
  }
  return QueryParser(text).parse();
}

}  // namespace signalbox::logs::insights
