#include "wire/query_text.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "wire/form.h"

namespace signalbox::wire {

std::optional<Parameters> query_parameters(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::string_view key = pair.substr(0, pair.find('='));
    auto name = percent_decode(key, true);
    auto value = percent_decode(pair.substr(std::min(pair.size(), key.size() + 1)), true);
    if (!name || !value || parameters.size() >= kMaxFormParameters) return std::nullopt;
    parameters.emplace_back(*std::move(name), *std::move(value));
  }
  return parameters;
}

void read_query_table(const Member& member, const Parameters& parameters, void* structure) {
  void* map = nullptr;
  const Shape& element = *member.shape->element;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : parameters) {
    if (map == nullptr) map = member.emplace(structure);
    void* place = member.shape->insert(map, name);
    if (element.type == ShapeType::kList) {
      *static_cast<std::string*>(element.append(place)) = value;
    } else if (seen.insert(name).second) {
      *static_cast<std::string*>(place) = value;
    }
  }
}

}  // namespace signalbox::wire
