#include "services/events/event_path.h"

#include <charconv>

namespace signalbox::events {

void EventPath::add_all() {
  steps_.push_back({Step::Kind::kAll, "", 0});
  many_ = true;
}

bool EventPath::read_member(std::string_view& rest) {
  rest.remove_prefix(1);
  const auto end = std::min(rest.find_first_of(".["), rest.size());
  const std::string_view name = rest.substr(0, end);
  if (name.empty() || name.find_first_of("]'\"()?@, \t\r\n") != std::string_view::npos) return false;
  rest.remove_prefix(end);
  if (name == "*") {
    add_all();
  } else {
    steps_.push_back({Step::Kind::kMember, std::string(name), 0});
  }
  return true;
}

bool EventPath::read_bracket(std::string_view& rest) {
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

std::optional<EventPath> EventPath::parse(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  EventPath path;
  std::string_view rest = text.substr(1);
  while (!rest.empty()) {
    const bool read = rest.front() == '.'   ? path.read_member(rest)
                      : rest.front() == '[' ? path.read_bracket(rest)
                                            : false;
    if (!read) return std::nullopt;
  }
  return path;
}

void EventPath::take(const Step& step, json::Value from, std::vector<json::Value>& into) {
  switch (step.kind) {
    case Step::Kind::kMember:
      if (const auto member = from.find(step.name)) into.push_back(*member);
      return;
    case Step::Kind::kIndex: {
      if (!from.is_array()) return;
      std::size_t at = 0;
      for (json::Value element : from.elements()) {
        if (at++ == step.index) into.push_back(element);
      }
      return;
    }
    case Step::Kind::kAll:
      if (from.is_array()) {
        for (json::Value element : from.elements()) into.push_back(element);
      } else if (from.is_object()) {
        for (const auto member : from.members()) into.push_back(member.value);
      }
      return;
  }
}

std::vector<json::Value> EventPath::select(json::Value root) const {
  std::vector<json::Value> found{root};
  for (const Step& step : steps_) {
    std::vector<json::Value> next;
    for (json::Value value : found) take(step, value, next);
    found = std::move(next);
  }
  return found;
}

}  // namespace signalbox::events
