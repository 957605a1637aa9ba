#include "cloud/item_failures.h"

#include "json/json.h"

namespace signalbox::cloud {

std::string item_name(const SourceEvent& event, bool from_stream) {
  if (from_stream) return event.id;
  json::Document document;
  const auto root = document.parse(event.json);
  const auto id = root && root->is_object() ? root->find("messageId") : std::nullopt;
  return id && id->is_string() ? id->as_string() : "";
}

std::optional<std::set<std::size_t>> failed_items(std::string_view answer, std::span<const std::string> names) {
  std::set<std::size_t> failed;
  json::Document document;
  const auto root = document.parse(answer);
  if (!root) return std::nullopt;
  if (root->is_null()) return failed;
  if (!root->is_object()) return std::nullopt;
  const auto list = root->find("batchItemFailures");
  if (!list || list->is_null()) return failed;
  if (!list->is_array()) return std::nullopt;
  for (const json::Value one : list->elements()) {
    const auto name = one.is_object() ? one.find("itemIdentifier") : std::nullopt;
    if (!name || !name->is_string() || name->is("")) return std::nullopt;
    bool known = false;
    for (std::size_t place = 0; place < names.size(); ++place) {
      if (!name->is(names[place])) continue;
      failed.insert(place);
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return failed;
}

}  // namespace signalbox::cloud
