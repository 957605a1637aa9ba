#include "services/logs/filter/json_pattern.h"

#include <cctype>
#include <charconv>

namespace signalbox::logs::filter {
namespace {

/// The event as JSON; empty for other texts. The value lives until the next call on this thread, while `message` does.
std::optional<json::Value> parse(std::string_view message) {
  static thread_local json::Document document;
  const auto start = message.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || (message[start] != '{' && message[start] != '[')) return std::nullopt;
  const auto root = document.parse(message);
  return root ? std::optional(*root) : std::nullopt;
}

std::string text_of(json::Value value) {
  return value.is_string() ? value.as_string() : std::string(value.raw());
}

bool is_property_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80U || c == '_' || c == '-' || c == '@' || c == ':' || c == '/';
}

}  // namespace

Result<Selector::Step> Selector::read_bracket(Reader& reader) {
  reader.take();
  if (reader.peek() == '\'' || reader.peek() == '"') {
    const char mark = reader.take();
    std::string name;
    while (!reader.done() && reader.peek() != mark) name.push_back(reader.take());
    if (reader.done()) return reader.wrong("a quotation mark that is not closed");
    reader.take();
    if (!reader.take("]")) return reader.wrong("']' is missing");
    return name;
  }
  if (reader.take("*]")) return Every{};
  std::size_t index = 0;
  const std::string_view rest = reader.rest();
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
  if (error != std::errc()) return reader.wrong("an index is missing");
  while (reader.rest().data() != end) reader.take();
  if (!reader.take("]")) return reader.wrong("']' is missing");
  return index;
}

Result<Selector> Selector::read(Reader& reader) {
  Selector selector;
  const std::string_view start = reader.rest();
  if (!reader.take("$")) return reader.wrong("a selector that begins with '$' is missing");
  while (reader.peek() == '.' || reader.peek() == '[') {
    if (reader.peek() == '.') reader.take();
    if (reader.peek() == '[') {
      auto step = read_bracket(reader);
      if (!step) return std::unexpected(std::move(step).error());
      selector.steps_.push_back(*std::move(step));
      continue;
    }
    std::string name;
    while (is_property_name(reader.peek())) name.push_back(reader.take());
    if (name.empty()) return reader.wrong("the name of a property is missing");
    selector.steps_.emplace_back(std::move(name));
  }
  if (selector.steps_.empty()) return reader.wrong("the name of a property is missing");
  selector.text_ = start.substr(0, start.size() - reader.rest().size());
  return selector;
}

Result<JsonPattern::Leaf> JsonPattern::read_leaf(Reader& reader) {
  auto selector = Selector::read(reader);
  if (!selector) return std::unexpected(std::move(selector).error());
  Leaf leaf{*std::move(selector), Test::kCompare, Comparison::kEqual, {}};
  reader.skip_space();
  if (reader.take_word("IS")) {
    reader.skip_space();
    if (reader.take_word("NULL")) {
      leaf.test = Test::kIsNull;
    } else if (reader.take_word("TRUE")) {
      leaf.test = Test::kIsTrue;
    } else if (reader.take_word("FALSE")) {
      leaf.test = Test::kIsFalse;
    } else {
      return reader.wrong("IS is followed by NULL, TRUE or FALSE, which is missing");
    }
    return leaf;
  }
  if (reader.take_word("NOT")) {
    reader.skip_space();
    if (!reader.take_word("EXISTS")) return reader.wrong("NOT is followed by EXISTS, which is missing");
    leaf.test = Test::kNotExists;
    return leaf;
  }
  if (reader.take_word("EXISTS")) {
    leaf.test = Test::kExists;
    return leaf;
  }
  const auto comparison = read_comparison(reader);
  if (!comparison) return reader.wrong("a comparison is missing");
  leaf.comparison = *comparison;
  reader.skip_space();
  auto operand = Operand::read(reader, ")}&|");
  if (!operand) return std::unexpected(std::move(operand).error());
  leaf.operand = *std::move(operand);
  if (leaf.comparison != Comparison::kEqual && leaf.comparison != Comparison::kNotEqual && !leaf.operand.is_ordered()) {
    return reader.wrong("only numbers are less or greater, which is none");
  }
  return leaf;
}

Result<std::shared_ptr<const Matcher>> JsonPattern::compile(Reader reader) {
  auto pattern = std::make_shared<JsonPattern>();
  reader.skip_space();
  reader.take();  // the '{' that made it a JSON pattern
  auto condition = Condition::read(reader, [&](Reader& in) -> Result<std::size_t> {
    auto leaf = read_leaf(in);
    if (!leaf) return std::unexpected(std::move(leaf).error());
    pattern->leaves_.push_back(*std::move(leaf));
    return pattern->leaves_.size() - 1;
  });
  if (!condition) return std::unexpected(std::move(condition).error());
  pattern->condition_ = *std::move(condition);
  reader.skip_space();
  if (!reader.take("}")) return reader.wrong("'}' is missing");
  reader.skip_space();
  if (!reader.done()) return reader.wrong("something follows the pattern");
  return pattern;
}

bool JsonPattern::Leaf::holds(json::Value root) const {
  switch (test) {
    case Test::kIsNull:
      return selector.any(root, [](json::Value value) { return value.is_null(); });
    case Test::kIsTrue:
      return selector.any(root, [](json::Value value) { return value.type() == json::Type::kTrue; });
    case Test::kIsFalse:
      return selector.any(root, [](json::Value value) { return value.type() == json::Type::kFalse; });
    case Test::kExists:
      return selector.any(root, [](json::Value) { return true; });
    case Test::kNotExists:
      return !selector.any(root, [](json::Value) { return true; });
    case Test::kCompare:
      break;
  }
  return selector.any(root, [this](json::Value value) {
    if (value.is_object() || value.is_array() || value.is_null()) return false;
    return operand.holds(comparison, text_of(value));
  });
}

bool JsonPattern::matches(std::string_view message) const {
  const auto root = parse(message);
  return root && condition_.holds([&](std::size_t leaf) { return leaves_[leaf].holds(*root); });
}

Extracted JsonPattern::extract(std::string_view message) const {
  Extracted found;
  const auto root = parse(message);
  if (!root) return found;
  for (const Leaf& leaf : leaves_) {
    leaf.selector.any(*root, [&](json::Value value) {
      found.try_emplace(leaf.selector.text(), text_of(value));
      return true;
    });
  }
  return found;
}

std::optional<std::string> JsonPattern::value(std::string_view message, std::string_view selector) const {
  Reader reader(selector);
  const auto compiled = Selector::read(reader);
  const auto root = parse(message);
  std::optional<std::string> found;
  if (!compiled || !reader.done() || !root) return found;
  compiled->any(*root, [&](json::Value value) {
    found = text_of(value);
    return true;
  });
  return found;
}

bool JsonPattern::can_select(std::string_view selector) const {
  Reader reader(selector);
  return Selector::read(reader) && reader.done();
}

}  // namespace signalbox::logs::filter
