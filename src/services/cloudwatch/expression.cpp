#include "services/cloudwatch/expression.h"

#include <algorithm>
#include <charconv>

namespace signalbox::cloudwatch {
namespace {

using Pointer = std::unique_ptr<Node>;

constexpr std::string_view kFunctions[] = {
    "ABS",         "AVG",          "CEIL",        "DATAPOINT_COUNT", "DATE",  "DAY",    "DIFF",   "DIFF_TIME",
    "EPOCH",       "FILL",         "FIRST",       "FLOOR",           "HOUR",  "IF",     "LAST",   "LOG",
    "LOG10",       "MAX",          "METRICS",     "METRIC_COUNT",    "MIN",   "MINUTE", "MONTH",  "PERIOD",
    "RATE",        "REMOVE_EMPTY", "RUNNING_SUM", "SEARCH",          "SLICE", "SORT",   "STDDEV", "SUM",
    "TIME_SERIES", "YEAR"};
/// Known to CloudWatch, and needing what this server has not.
constexpr std::string_view kNotYet[] = {"ANOMALY_DETECTION_BAND", "INSIGHT_RULE_METRIC", "SERVICE_QUOTA",
                                        "DB_PERF_INSIGHTS", "LAMBDA"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

Pointer make(Node::Kind kind, std::string text = "") {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->text = std::move(text);
  return node;
}

/// Recursive descent, one method for each level of precedence. After the first problem everything gives null.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Pointer whole() {
    Pointer node = any();
    skip_space();
    if (node && at_ < text_.size()) refuse("unexpected '" + std::string(1, text_[at_]) + "'");
    return problem_.empty() ? std::move(node) : nullptr;
  }
  const std::string& problem() const { return problem_; }

 private:
  std::nullptr_t refuse(std::string what) {
    if (problem_.empty()) problem_ = std::move(what) + " at position " + std::to_string(at_ + 1);
    return nullptr;
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    // A word ends where no letter goes on.
    const std::size_t end = at_ + token.size();
    if (is_letter(token.front()) && end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) return false;
    at_ = end;
    return true;
  }

  /// Left to right: `next` between any of `operators`; the first that fits, so longer ones first.
  template <class Next>
  Pointer chain(std::initializer_list<std::string_view> operators, Next next) {
    Pointer left = next();
    while (left) {
      const auto found = std::ranges::find_if(operators, [this](std::string_view token) { return take(token); });
      if (found == operators.end()) return left;
      const std::string_view name = *found == "&&" ? "AND" : *found == "||" ? "OR" : *found;
      Pointer node = make(Node::Kind::kBinary, std::string(name));
      Pointer right = next();
      if (!right) return nullptr;
      node->parts.push_back(std::move(left));
      node->parts.push_back(std::move(right));
      left = std::move(node);
      if (++length_ > kMaxChain) return refuse("the expression is too long");
    }
    return left;
  }

  Pointer any() {
    if (++depth_ > Expression::kMaxDepth) return refuse("the expression is nested too deep");
    Pointer node = chain({"OR", "||"}, [this] { return conjunction(); });
    --depth_;
    return node;
  }
  Pointer conjunction() {
    return chain({"AND", "&&"}, [this] { return comparison(); });
  }
  Pointer comparison() {
    return chain({"==", "!=", "<=", ">=", "<", ">"}, [this] { return sum(); });
  }
  Pointer sum() {
    return chain({"+", "-"}, [this] { return product(); });
  }
  Pointer product() {
    return chain({"*", "/"}, [this] { return unary(); });
  }
  Pointer unary() {
    if (!take("-")) return power();
    if (++depth_ > Expression::kMaxDepth) return refuse("the expression is nested too deep");
    Pointer node = make(Node::Kind::kUnary, "-");
    Pointer inner = unary();
    --depth_;
    if (!inner) return nullptr;
    node->parts.push_back(std::move(inner));
    return node;
  }
  Pointer power() {
    Pointer base = primary();
    if (!base || !take("^")) return base;
    if (++depth_ > Expression::kMaxDepth) return refuse("the expression is nested too deep");
    Pointer node = make(Node::Kind::kBinary, "^");
    Pointer exponent = unary();
    --depth_;
    if (!exponent) return nullptr;
    node->parts.push_back(std::move(base));
    node->parts.push_back(std::move(exponent));
    return node;
  }

  Pointer primary() {
    skip_space();
    if (at_ >= text_.size()) return refuse("the expression ends too early");
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      Pointer node = any();
      if (node && !take(")")) return refuse("expected ')'");
      return node;
    }
    if (c == '[') {
      ++at_;
      return list(make(Node::Kind::kArray), "]");
    }
    if (c == '\'' || c == '"') return quoted(c);
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return word();
    return refuse("unexpected '" + std::string(1, c) + "'");
  }

  Pointer list(Pointer node, std::string_view close) {
    if (take(close)) return node;
    do {
      Pointer part = any();
      if (!part) return nullptr;
      node->parts.push_back(std::move(part));
    } while (take(","));
    if (!take(close)) return refuse("expected '" + std::string(close) + "'");
    return node;
  }

  Pointer quoted(char quote) {
    Pointer node = make(Node::Kind::kText);
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      node->text.push_back(text_[at_]);
    }
    if (at_ == text_.size()) return refuse("a text does not end");
    ++at_;
    return node;
  }

  Pointer number() {
    Pointer node = make(Node::Kind::kNumber);
    const char* const from = text_.data() + at_;
    const auto [end, error] = std::from_chars(from, text_.data() + text_.size(), node->number);
    if (error != std::errc()) return refuse("a number cannot be read");
    at_ += static_cast<std::size_t>(end - from);
    return node;
  }

  Pointer word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    std::string name(text_.substr(from, at_ - from));
    if (name.front() >= 'a' && name.front() <= 'z') return make(Node::Kind::kId, std::move(name));
    if (!take("(")) return make(Node::Kind::kWord, std::move(name));
    if (std::ranges::count(kNotYet, name) != 0) return refuse("the function " + name + " is not supported yet");
    if (std::ranges::count(kFunctions, name) == 0) return refuse("there is no function " + name);
    return list(make(Node::Kind::kFunction, std::move(name)), ")");
  }

  static constexpr int kMaxChain = 1024;

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int length_ = 0;
  std::string problem_;
};

void gather(const Node& node, std::set<std::string, std::less<>>& ids, std::set<std::string, std::less<>>& functions) {
  if (node.kind == Node::Kind::kId) ids.insert(node.text);
  if (node.kind == Node::Kind::kFunction) functions.insert(node.text);
  for (const Pointer& part : node.parts) gather(*part, ids, functions);
}

}  // namespace

Result<Expression> Expression::parse(std::string_view text) {
  Parser parser(text);
  Expression expression;
  expression.root_ = parser.whole();
  if (!expression.root_) {
    return fail("ValidationError", "Error in expression '" + std::string(text) + "': " + parser.problem() + ".");
  }
  gather(*expression.root_, expression.ids_, expression.functions_);
  return expression;
}

}  // namespace signalbox::cloudwatch
