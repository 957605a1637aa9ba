#include "services/cloudwatch/alarm_rule.h"

#include <vector>

namespace signalbox::cloudwatch {

struct AlarmRule::Node {
  enum class Kind { kConstant, kState, kNot, kAnd, kOr } kind = Kind::kConstant;
  bool value = false;
  State state = State::kOk;
  std::string alarm;
  std::vector<std::shared_ptr<const Node>> parts;
};

namespace {

using Node = AlarmRule::Node;
using RulePointer = std::shared_ptr<const Node>;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class RuleParser {
 public:
  RuleParser(std::string_view text, std::set<std::string, std::less<>>& alarms) : text_(text), alarms_(alarms) {}

  RulePointer whole() {
    RulePointer rule = any();
    skip_space();
    if (rule && at_ < text_.size()) return refuse("unexpected '" + std::string(1, text_[at_]) + "'");
    return problem_.empty() ? rule : nullptr;
  }
  const std::string& problem() const { return problem_; }

 private:
  std::nullptr_t refuse(std::string what) {
    if (problem_.empty()) problem_ = std::move(what) + " at position " + std::to_string(at_ + 1);
    return nullptr;
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// The word that comes next, in capitals and underscores.
  std::string_view peek() {
    skip_space();
    std::size_t end = at_;
    while (end < text_.size() && ((text_[end] >= 'A' && text_[end] <= 'Z') || text_[end] == '_')) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view word) {
    if (peek() != word) return false;
    at_ += word.size();
    return true;
  }

  RulePointer any() {
    return chain(Node::Kind::kOr, "OR", [this] { return all(); });
  }
  RulePointer all() {
    return chain(Node::Kind::kAnd, "AND", [this] { return one(); });
  }
  template <class Next>
  RulePointer chain(Node::Kind kind, std::string_view word, Next next) {
    RulePointer first = next();
    if (!first || peek() != word) return first;
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->parts.push_back(std::move(first));
    while (take_word(word)) {
      RulePointer part = next();
      if (!part) return nullptr;
      node->parts.push_back(std::move(part));
    }
    return node;
  }

  RulePointer one() {
    if (++depth_ > AlarmRule::kMaxDepth) return refuse("the rule is nested too deep");
    RulePointer node = inner();
    --depth_;
    return node;
  }

  RulePointer inner() {
    if (take('(')) {
      RulePointer node = any();
      if (node && !take(')')) return refuse("expected ')'");
      return node;
    }
    auto node = std::make_shared<Node>();
    const std::string word(peek());
    if (word.empty()) return refuse("expected a state function, NOT, TRUE, FALSE or '('");
    if (word == "AT_LEAST") return refuse("AT_LEAST is not supported yet");
    at_ += word.size();
    if (word == "TRUE" || word == "FALSE") {
      node->value = word == "TRUE";
      return node;
    }
    if (word == "NOT") {
      node->kind = Node::Kind::kNot;
      RulePointer part = one();
      if (!part) return nullptr;
      node->parts.push_back(std::move(part));
      return node;
    }
    const auto state = state_of(word);
    if (!state) return refuse("unknown function " + word);
    node->kind = Node::Kind::kState;
    node->state = *state;
    if (!take('(')) return refuse("expected '('");
    node->alarm = name();
    if (node->alarm.empty()) return refuse("expected the name or ARN of an alarm");
    if (!take(')')) return refuse("expected ')'");
    if (alarms_.size() >= AlarmRule::kMaxAlarms) return refuse("the rule has too many alarms");
    alarms_.insert(node->alarm);
    return node;
  }

  /// In quotes, or up to a space or a bracket.
  std::string name() {
    skip_space();
    std::string found;
    const char quote = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'') ? text_[at_] : '\0';
    if (quote == '\0') {
      while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ')' && text_[at_] != '(')
        found += text_[at_++];
      return found;
    }
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      found += text_[at_];
    }
    if (at_ == text_.size()) return "";
    ++at_;
    return found;
  }

  std::string_view text_;
  std::set<std::string, std::less<>>& alarms_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string problem_;
};

bool holds(const Node& node, const std::function<State(const std::string&)>& current) {
  switch (node.kind) {
    case Node::Kind::kConstant:
      return node.value;
    case Node::Kind::kState:
      return current(node.alarm) == node.state;
    case Node::Kind::kNot:
      return !holds(*node.parts[0], current);
    case Node::Kind::kAnd:
      for (const RulePointer& part : node.parts) {
        if (!holds(*part, current)) return false;
      }
      return true;
    case Node::Kind::kOr:
      for (const RulePointer& part : node.parts) {
        if (holds(*part, current)) return true;
      }
      return false;
  }
  return false;
}

}  // namespace

Result<AlarmRule> AlarmRule::parse(std::string_view text) {
  AlarmRule rule;
  RuleParser parser(text, rule.alarms_);
  rule.root_ = parser.whole();
  if (!rule.root_) return fail("ValidationError", "AlarmRule cannot be read: " + parser.problem() + ".");
  return rule;
}

bool AlarmRule::is_true(const std::function<State(const std::string& alarm)>& current) const {
  return holds(*root_, current);
}

}  // namespace signalbox::cloudwatch
