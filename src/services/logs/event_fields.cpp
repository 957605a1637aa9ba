#include "services/logs/event_fields.h"

#include "json/json.h"

namespace signalbox::logs {
namespace {

constexpr int kMaxNesting = 20;

void gather(json::Value value, const std::string& path, int depth, std::map<std::string, std::string>& found) {
  if (found.size() >= kMaxFields || depth > kMaxNesting || value.is_null()) return;
  const std::string before = path.empty() ? "" : path + ".";
  if (value.is_object()) {
    for (const auto member : value.members()) gather(member.value, before + member.key.as_string(), depth + 1, found);
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (json::Value one : value.elements()) gather(one, before + std::to_string(index++), depth + 1, found);
  } else {
    found.try_emplace(path, value.is_string() ? value.as_string() : std::string(value.raw()));
  }
}

}  // namespace

std::map<std::string, std::string> fields_in(std::string_view message) {
  std::map<std::string, std::string> found;
  json::Document document;
  if (const auto root = document.parse(message); root && root->is_object()) gather(*root, "", 0, found);
  return found;
}

}  // namespace signalbox::logs
