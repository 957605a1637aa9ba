#include "services/pipes/path.h"

#include <charconv>

namespace signalbox::pipes {
namespace {

/// What a member's name in a path is made of, beside letters and digits.
constexpr std::string_view kMarks = "_-/";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

}  // namespace

std::optional<Path> Path::parse(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  Path path;
  for (std::size_t i = 1; i < text.size();) {
    if (text[i] == '.') {
      const std::size_t start = ++i;
      while (i < text.size() && is_name(text[i])) ++i;
      if (i == start && i < text.size() && text[i] == '*') {
        ++i;
        path.steps_.push_back({Step::Kind::kAll, "", 0});
        path.many_ = true;
        continue;
      }
      if (i == start) return std::nullopt;
      path.steps_.push_back({Step::Kind::kMember, std::string(text.substr(start, i - start)), 0});
    } else if (text[i] == '[') {
      const auto close = text.find(']', i);
      if (close == std::string_view::npos) return std::nullopt;
      const std::string_view inside = text.substr(i + 1, close - i - 1);
      i = close + 1;
      Step step{Step::Kind::kAll, "", 0};
      if (inside == "*") {
        path.many_ = true;
      } else {
        step.kind = Step::Kind::kIndex;
        const auto read = std::from_chars(inside.data(), inside.data() + inside.size(), step.index);
        if (read.ec != std::errc() || read.ptr != inside.data() + inside.size()) return std::nullopt;
      }
      path.steps_.push_back(step);
    } else {
      return std::nullopt;
    }
  }
  return path;
}

std::vector<json::Value> Path::select(json::Value root) const {
  std::vector<json::Value> found{root};
  for (const Step& step : steps_) {
    std::vector<json::Value> next;
    for (json::Value value : found) {
      if (step.kind == Step::Kind::kMember) {
        if (const auto member = value.find(step.name)) next.push_back(*member);
        continue;
      }
      std::size_t at = 0;
      if (value.is_array()) {
        for (json::Value element : value.elements()) {
          if (step.kind == Step::Kind::kAll || at++ == step.index) next.push_back(element);
        }
      } else if (value.is_object() && step.kind == Step::Kind::kAll) {
        for (const auto member : value.members()) next.push_back(member.value);
      }
    }
    found = std::move(next);
  }
  return found;
}

std::optional<Parameter> Parameter::parse(const std::string& text) {
  Parameter parameter;
  parameter.text_ = text;
  if (text != "$" && !text.starts_with("$.")) return parameter;
  parameter.path_ = Path::parse(text);
  if (!parameter.path_) return std::nullopt;
  return parameter;
}

std::string Parameter::apply(json::Value event) const {
  if (!path_) return text_;
  std::string out;
  for (json::Value value : path_->select(event)) {
    if (!out.empty()) out.push_back(',');
    out.append(value.is_string() ? value.as_string() : std::string(value.raw()));
  }
  return out;
}

}  // namespace signalbox::pipes
