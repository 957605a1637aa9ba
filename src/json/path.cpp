#include "json/path.h"

#include <algorithm>
#include <charconv>

namespace signalbox::json {

void Path::add_all() {
  steps_.push_back({Step::Kind::kAll, "", 0});
  many_ = true;
}

bool Path::read_member(std::string_view& rest, NameRule is_name) {
  rest.remove_prefix(1);
  const auto length = std::ranges::find_if_not(rest, is_name) - rest.begin();
  const std::string_view name = length == 0 && rest.starts_with('*') ? rest.substr(0, 1) : rest.substr(0, length);
  if (name.empty()) return false;
  rest.remove_prefix(name.size());
  if (name == "*") {
    add_all();
  } else {
    steps_.push_back({Step::Kind::kMember, std::string(name), 0});
  }
  return true;
}

bool Path::read_bracket(std::string_view& rest) {
  const auto close = rest.find(']');
  if (close == std::string_view::npos) return false;
  const std::string_view inside = rest.substr(1, close - 1);
  rest.remove_prefix(close + 1);
  if (inside == "*") {
    add_all();
    return true;
  }
  std::size_t index = 0;
  const auto read = std::from_chars(inside.data(), inside.data() + inside.size(), index);
  if (read.ec != std::errc() || read.ptr != inside.data() + inside.size()) return false;
  steps_.push_back({Step::Kind::kIndex, "", index});
  return true;
}

std::optional<Path> Path::parse(std::string_view text, NameRule is_name) {
  if (!text.starts_with('$')) return std::nullopt;
  Path path;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    const bool read = rest.front() == '.'   ? path.read_member(rest, is_name)
                      : rest.front() == '[' ? path.read_bracket(rest)
                                            : false;
    if (!read) return std::nullopt;
  }
  return path;
}

void Path::take(const Step& step, Value from, std::vector<Value>& into) {
  switch (step.kind) {
    case Step::Kind::kMember:
      if (const auto member = from.find(step.name)) into.push_back(*member);
      return;
    case Step::Kind::kIndex: {
      if (!from.is_array()) return;
      std::size_t at = 0;
      for (Value element : from.elements()) {
        if (at++ == step.index) into.push_back(element);
      }
      return;
    }
    case Step::Kind::kAll:
      if (from.is_array()) {
        for (Value element : from.elements()) into.push_back(element);
      } else if (from.is_object()) {
        for (const auto member : from.members()) into.push_back(member.value);
      }
      return;
  }
}

std::vector<Value> Path::select(Value root) const {
  std::vector<Value> found{root};
  for (const Step& step : steps_) {
    std::vector<Value> next;
    for (Value value : found) take(step, value, next);
    found = std::move(next);
  }
  return found;
}

}  // namespace signalbox::json
