#include "services/logs/filter/field_pattern.h"

#include <cctype>

namespace signalbox::logs::filter {
namespace {

/// "Characters between square brackets or two double quotes are single fields."
std::vector<std::string_view> split(std::string_view message) {
  std::vector<std::string_view> values;
  std::size_t at = 0;
  while (at < message.size()) {
    if (is_space(message[at])) {
      ++at;
      continue;
    }
    const char closing = message[at] == '[' ? ']' : message[at] == '"' ? '"' : ' ';
    const auto start = closing == ' ' ? at : at + 1;
    auto end = message.find(closing, start);
    if (closing != ' ' && end == std::string_view::npos) {  // not closed: a field like others
      end = std::min(message.find(' ', at), message.size());
      values.push_back(message.substr(at, end - at));
      at = end;
      continue;
    }
    end = std::min(end, message.size());
    values.push_back(message.substr(start, end - start));
    at = end + 1;
  }
  return values;
}

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '$' || c == '.';
}

}  // namespace

Result<FieldPattern::Field> FieldPattern::read_field(Reader& reader) {
  Field field;
  const auto read_test = [&](Reader& in) -> Result<std::size_t> {
    std::string name;
    while (is_name(in.peek())) name.push_back(in.take());
    if (name.empty()) return in.wrong("the name of a field is missing");
    if (!field.name.empty() && field.name != name) return in.wrong("a condition on another field");
    field.name = name;
    in.skip_space();
    const auto comparison = read_comparison(in);
    if (!comparison) return in.wrong("a comparison is missing");
    in.skip_space();
    auto operand = Operand::read(in, ",])&|");
    if (!operand) return std::unexpected(std::move(operand).error());
    if (*comparison != Comparison::kEqual && *comparison != Comparison::kNotEqual && !operand->is_ordered()) {
      return in.wrong("only numbers are less or greater, which is none");
    }
    field.tests.push_back({*comparison, *std::move(operand)});
    return field.tests.size() - 1;
  };
  reader.skip_space();
  if (reader.peek() == ',' || reader.peek() == ']') return field;
  Reader ahead = reader;  // a name alone?
  while (is_name(ahead.peek())) field.name.push_back(ahead.take());
  ahead.skip_space();
  if (ahead.peek() == ',' || ahead.peek() == ']') {
    reader = ahead;
    return field;
  }
  field.name.clear();
  auto condition = Condition::read(reader, read_test);
  if (!condition) return std::unexpected(std::move(condition).error());
  field.condition = *std::move(condition);
  return field;
}

Result<std::shared_ptr<const Matcher>> FieldPattern::compile(Reader reader) {
  auto pattern = std::make_shared<FieldPattern>();
  reader.skip_space();
  reader.take();  // the '[' that made it a pattern of fields
  do {
    reader.skip_space();
    if (reader.take("...")) {
      if (pattern->ellipsis_) return reader.wrong("a second ellipsis");
      pattern->ellipsis_ = pattern->fields_.size();
    } else {
      auto field = read_field(reader);
      if (!field) return std::unexpected(std::move(field).error());
      pattern->fields_.push_back(*std::move(field));
    }
    reader.skip_space();
  } while (reader.take(","));
  if (!reader.take("]")) return reader.wrong("']' is missing");
  reader.skip_space();
  if (!reader.done()) return reader.wrong("something follows the pattern");
  return pattern;
}

bool FieldPattern::Field::holds(std::string_view value) const {
  if (!condition) return true;
  return condition->holds([&](std::size_t test) { return tests[test].operand.holds(tests[test].comparison, value); });
}

std::optional<std::vector<std::string_view>> FieldPattern::place(std::string_view message) const {
  auto values = split(message);
  if (!ellipsis_) return values.size() == fields_.size() ? std::optional(std::move(values)) : std::nullopt;
  if (values.size() < fields_.size()) return std::nullopt;
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(*ellipsis_);
  values.erase(first, first + static_cast<std::ptrdiff_t>(values.size() - fields_.size()));
  return values;
}

bool FieldPattern::matches(std::string_view message) const {
  const auto values = place(message);
  if (!values) return false;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!fields_[i].holds((*values)[i])) return false;
  }
  return true;
}

std::string FieldPattern::name_of(std::size_t field) const {
  return "$" + (fields_[field].name.empty() ? std::to_string(field + 1) : fields_[field].name);
}

Extracted FieldPattern::extract(std::string_view message) const {
  Extracted found;
  const auto values = place(message);
  if (!values) return found;
  for (std::size_t i = 0; i < fields_.size(); ++i) found.try_emplace(name_of(i), (*values)[i]);
  return found;
}

std::optional<std::string> FieldPattern::value(std::string_view message, std::string_view selector) const {
  const auto values = place(message);
  if (!values) return std::nullopt;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (name_of(i) == selector) return std::string((*values)[i]);
  }
  return std::nullopt;
}

bool FieldPattern::can_select(std::string_view selector) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (name_of(i) == selector) return true;
  }
  return false;
}

}  // namespace signalbox::logs::filter
