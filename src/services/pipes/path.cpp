#include "services/pipes/path.h"

namespace signalbox::pipes {
namespace {

/// What a member's name in a path is made of, beside letters and digits.
constexpr std::string_view kMarks = "_-/";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

}  // namespace

std::optional<json::Path> parse_path(std::string_view text) {
  return json::Path::parse(text, is_name);
}

std::optional<Parameter> Parameter::parse(const std::string& text) {
  Parameter parameter;
  parameter.text_ = text;
  if (text != "$" && !text.starts_with("$.")) return parameter;
  parameter.path_ = parse_path(text);
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
