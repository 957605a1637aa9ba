// Matching one pattern against one event, by the meaning of the language and no shortcuts: for every field of an
// alternative, find the values at its path; then choose one value for each so that no two stand in different elements
// of the same array.

#include <algorithm>
#include <optional>

#include "pattern/compiled.h"

namespace signalbox::pattern {
namespace {

/// Steps after which a search through array elements gives up: only an event made to be slow needs more.
constexpr std::size_t kMaxSteps = 100'000;

/// The element of an array that a value stands in: the array's place in the text, and the element's number.
using Place = std::pair<std::size_t, std::size_t>;
using Places = std::vector<Place>;

/// Calls `found(value, places)` for every scalar at `path` below `value`. No path is the value itself; an empty one is
/// a member whose name is empty.
template <class Found>
void walk(json::Value value, std::optional<std::string_view> path, Places& places, const Found& found) {
  if (value.is_array()) {
    std::size_t number = 0;
    for (const json::Value element : value.elements()) {
      const bool scalar = !element.is_array() && !element.is_object();
      if (!scalar) places.emplace_back(value.offset(), number);
      walk(element, path, places, found);
      if (!scalar) places.pop_back();
      ++number;
    }
    return;
  }
  if (!value.is_object()) {
    if (!path) found(value, places);
    return;
  }
  if (!path) return;
  for (const auto& [key, member] : value.members()) {
    // Names are compared along the joined path, so that {"a.b": 1} and {"a": {"b": 1}} are the same field.
    const std::string_view raw = key.raw().substr(1, key.raw().size() - 2);
    const std::string unescaped = raw.find('\\') == std::string_view::npos ? std::string() : key.as_string();
    const std::string_view name = unescaped.empty() ? raw : unescaped;
    if (!path->starts_with(name)) continue;
    if (path->size() == name.size()) {
      walk(member, std::nullopt, places, found);
    } else if ((*path)[name.size()] == '.') {
      walk(member, path->substr(name.size() + 1), places, found);
    }
  }
}

bool wants_absence(const Field& field) {
  return std::ranges::any_of(field.any_of, [](const Condition& c) {
    const auto* exists = std::get_if<Exists>(&c.is);
    return exists != nullptr && !exists->wanted;
  });
}

/// Where the values stand that meet a field. `anywhere` when one stands outside all arrays, or absence is what is
/// wanted.
struct Choices {
  std::vector<Places> places;
  bool anywhere = false;
  bool none() const { return places.empty() && !anywhere; }
};

Choices choices_of(const Field& field, json::Value event) {
  Choices choices;
  bool present = false;
  Places places;
  walk(event, field.path, places, [&](json::Value value, const Places& at) {
    present = true;
    if (choices.anywhere) return;
    const Scalar scalar = Scalar::of(value);
    if (std::ranges::none_of(field.any_of, [&](const Condition& c) { return meets(scalar, c); })) return;
    if (at.empty()) {
      choices.anywhere = true;
    } else if (choices.places.empty() || choices.places.back() != at) {
      choices.places.push_back(at);
    }
  });
  if (!present && wants_absence(field)) choices.anywhere = true;
  return choices;
}

bool agree(const Places& a, const Places& b) {
  for (const Place& x : a) {
    for (const Place& y : b) {
      if (x.first == y.first && x.second != y.second) return false;
    }
  }
  return true;
}

/// Chooses for fields[i...] so that everything chosen agrees.
bool choose(const std::vector<Choices>& fields, std::size_t i, std::vector<const Places*>& chosen, std::size_t& steps) {
  if (i == fields.size()) return true;
  for (const Places& places : fields[i].places) {
    if (++steps > kMaxSteps) return false;
    if (!std::ranges::all_of(chosen, [&](const Places* other) { return agree(*other, places); })) continue;
    chosen.push_back(&places);
    if (choose(fields, i + 1, chosen, steps)) return true;
    chosen.pop_back();
  }
  return false;
}

}  // namespace

void each_value(json::Value event, const std::string& path, const std::function<void(json::Value)>& found) {
  Places places;
  walk(event, path, places, [&found](json::Value value, const Places&) { found(value); });
}

bool meets_alone(const Field& field, json::Value event) {
  return !choices_of(field, event).none();
}

bool meets_together(const Alternative& fields, json::Value event) {
  std::vector<Choices> in_arrays;
  for (const Field& field : fields) {
    Choices choices = choices_of(field, event);
    if (choices.none()) return false;
    if (!choices.anywhere) in_arrays.push_back(std::move(choices));
  }
  if (in_arrays.size() < 2) return true;
  std::ranges::sort(in_arrays, {}, [](const Choices& c) { return c.places.size(); });
  std::vector<const Places*> chosen;
  std::size_t steps = 0;
  return choose(in_arrays, 0, chosen, steps);
}

bool Pattern::matches(json::Value event) const {
  return std::ranges::any_of(compiled_->alternatives,
                             [event](const Alternative& fields) { return meets_together(fields, event); });
}

}  // namespace signalbox::pattern
