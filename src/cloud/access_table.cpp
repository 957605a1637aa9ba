#include "cloud/access_table.h"

#include <algorithm>
#include <charconv>

#include "cloud/scope.h"

namespace signalbox::cloud {
namespace {

using wire::Member;
using wire::Shape;
using wire::ShapeType;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (end != 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

const Member* member_of(const Shape& shape, std::string_view name) {
  const auto found = std::ranges::find(shape.members, name, &Member::name);
  return found == shape.members.end() ? nullptr : &*found;
}

std::string text_of(const Shape& shape, const void* value) {
  switch (shape.type) {
    case ShapeType::kString:
      return *static_cast<const std::string*>(value);
    case ShapeType::kBoolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case ShapeType::kInteger:
      return std::to_string(*static_cast<const std::int32_t*>(value));
    case ShapeType::kLong:
      return std::to_string(*static_cast<const std::int64_t*>(value));
    default:
      return "";
  }
}

/// Visits the texts at a path; a list on the way is visited element by element.
template <class Visit>
void each_text(const Shape& shape, const void* value, std::string_view path, const Visit& visit) {
  if (shape.type == ShapeType::kList) {
    for (std::size_t i = 0; i < shape.size(value); ++i) each_text(*shape.element, shape.at(value, i), path, visit);
    return;
  }
  if (path.empty()) {
    std::string text = text_of(shape, value);
    if (!text.empty()) visit(std::move(text));
    return;
  }
  const auto dot = path.find('.');
  std::string_view name = path.substr(0, dot);
  if (name.ends_with("[]")) name.remove_suffix(2);
  const Member* member = member_of(shape, name);
  const void* found = member == nullptr ? nullptr : member->find(value);
  if (found == nullptr) return;
  each_text(*member->shape, found, dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1), visit);
}

/// What a row reads from: the element of the list it goes through, and the whole.
struct Reading {
  const Call& call;
  const InputFields& input;
  const Shape* element_shape = nullptr;
  const void* element = nullptr;

  std::string text(std::string_view path) const {
    if (element != nullptr && element_shape->type == ShapeType::kStructure) {
      std::string found = InputFields(*element_shape, element).text(path);
      if (!found.empty()) return found;
    }
    if (path.empty()) {
      const bool text = element != nullptr && element_shape->type == ShapeType::kString;
      return text ? text_of(*element_shape, element) : std::string();
    }
    if (path == "account") return call.scope.account;
    return input.text(path);
  }
  std::vector<std::string> texts(std::string_view path) const {
    if (path.starts_with('\'')) return {std::string(path.substr(1, path.size() - 2))};
    if (path == "account") return {call.scope.account};
    if (element != nullptr && element_shape->type == ShapeType::kStructure) {
      auto found = InputFields(*element_shape, element).texts(path);
      if (!found.empty()) return found;
    }
    return input.texts(path);
  }
};

/// "rule/{EventBusName=default}/{Name}" with its members' values; empty when one is absent.
std::optional<std::string> filled(std::string_view text, const Reading& reading) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    out.append(text.substr(0, open));
    if (open == std::string_view::npos) break;
    const auto close = text.find('}', open);
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    const auto equals = inside.find('=');
    std::string value = reading.text(inside.substr(0, equals));
    if (value.empty() && equals != std::string_view::npos) value = inside.substr(equals + 1);
    if (value.empty()) return std::nullopt;
    out.append(value);
    text.remove_prefix(close + 1);
  }
  return out;
}

class RowDescriber {
 public:
  RowDescriber(Authority& authority, const wire::Operation& operation, const AccessRow& row, const AccessTable& table,
               std::shared_ptr<const ResourceFinders> finders)
      : authority_(authority), row_(row), table_(table), finders_(std::move(finders)) {
    for (const std::string_view action : split(row.action, ' ')) actions_.emplace_back(action);
    if (actions_.empty()) actions_.push_back(std::string(table.prefix) + ":" + std::string(operation.name));
    if (row.action == "-") actions_.clear();
  }

  asio::awaitable<Result<Accesses>> describe(const Call& call, const wire::AnyStructure& input) const {
    const InputFields fields(input);
    Accesses accesses;
    policy::Context tags;
    add_tag_keys(fields, tags);
    if (row_.each.empty()) {
      add(Reading{call, fields}, tags, accesses);
    } else {
      for (const std::string_view name : split(row_.each, '|')) {
        const Member* list = member_of(fields.shape(), name);
        const void* value = list == nullptr ? nullptr : list->find(fields.value());
        for (std::size_t i = 0; value != nullptr && i < list->shape->size(value); ++i) {
          add(Reading{call, fields, list->shape->element, list->shape->at(value, i)}, tags, accesses);
        }
        if (!accesses.empty()) break;
      }
    }
    if (accesses.empty() && !actions_.empty()) add(Reading{call, fields}, tags, accesses);
    if (!row_.tagging.empty() && !tags.entries().empty()) {
      accesses.push_back(accesses.front());
      accesses.back().action = row_.tagging;
    }
    add_uses(fields, accesses);
    for (Access& access : accesses) {
      if (access.resource == "*") continue;
      ResourceFacts facts = co_await authority_.facts(access.resource);
      if (!row_.own_account) access.policy = std::move(facts.policy);
      add_resource_tags(facts, access.keys);
    }
    add_roles(call, fields, accesses);
    co_return accesses;
  }

 private:
  std::string resource_of(const Reading& reading) const;
  std::vector<std::string> values_of(const Reading& reading, std::string_view path) const;
  void add(const Reading& reading, const policy::Context& tags, Accesses& accesses) const;
  void add_uses(const InputFields& input, Accesses& accesses) const;
  void add_roles(const Call& call, const InputFields& input, Accesses& accesses) const;

  Authority& authority_;
  const AccessRow& row_;
  const AccessTable& table_;
  const std::shared_ptr<const ResourceFinders> finders_;
  std::vector<std::string> actions_;
};

std::string RowDescriber::resource_of(const Reading& reading) const {
  for (const std::string_view one : split(row_.resource, '|')) {
    if (one == "*") return "*";
    if (one.starts_with('@')) {
      if (std::string arn = reading.text(one.substr(1)); Arn::parse(arn)) return arn;
      continue;
    }
    if (one.starts_with('$')) {
      const auto finder = finders_->find(one.substr(1));
      const bool of_element = reading.element != nullptr && reading.element_shape->type == ShapeType::kStructure;
      const InputFields from = of_element ? InputFields(*reading.element_shape, reading.element) : reading.input;
      if (finder == finders_->end()) continue;
      if (auto found = finder->second(reading.call, from)) return *std::move(found);
      continue;
    }
    if (auto text = filled(one, reading)) {
      return text->starts_with("arn:") ? *std::move(text) : arn_here(reading.call, table_.prefix, *text);
    }
  }
  return "*";
}

std::vector<std::string> RowDescriber::values_of(const Reading& reading, std::string_view path) const {
  if (!path.starts_with('$')) return reading.texts(path);
  std::vector<std::string> values;
  const auto finder = finders_->find(path.substr(1));
  const std::string found = finder == finders_->end() ? "" : finder->second(reading.call, reading.input).value_or("");
  for (const std::string_view value : split(found, '\n')) values.emplace_back(value);
  return values;
}

void RowDescriber::add(const Reading& reading, const policy::Context& tags, Accesses& accesses) const {
  Access access;
  access.resource = resource_of(reading);
  access.keys = tags;
  for (const std::string_view pair : split(row_.keys, ' ')) {
    const auto equals = pair.find('=');
    for (std::string& value : values_of(reading, pair.substr(equals + 1))) {
      access.keys.add(pair.substr(0, equals), std::move(value));
    }
  }
  for (const std::string& action : actions_) {
    access.action = action;
    const bool again = std::ranges::any_of(accesses, [&](const Access& one) {
      return row_.keys.empty() && one.action == access.action && one.resource == access.resource;
    });
    if (!again) accesses.push_back(access);
  }
}

void RowDescriber::add_uses(const InputFields& input, Accesses& accesses) const {
  for (const std::string_view pair : split(row_.uses, ' ')) {
    const auto equals = pair.find('=');
    for (std::string& arn : input.texts(pair.substr(equals + 1))) {
      if (Arn::parse(arn)) accesses.push_back({std::string(pair.substr(0, equals)), std::move(arn), ""});
    }
  }
}

void RowDescriber::add_roles(const Call& call, const InputFields& input, Accesses& accesses) const {
  for (const std::string_view path : split(row_.roles, ' ')) {
    std::vector<std::string> roles;
    if (const auto finder = finders_->find(path.substr(1)); path.starts_with('$') && finder != finders_->end()) {
      const std::string found = finder->second(call, input).value_or("");
      for (const std::string_view role : split(found, ' ')) roles.emplace_back(role);
    } else {
      roles = input.texts(path);
    }
    for (std::string& role : roles) {
      Access access;
      access.action = "iam:PassRole";
      access.resource = std::move(role);
      access.keys.add("iam:PassedToService", std::string(table_.passed_to));
      const bool known = !accesses.empty() && accesses.front().resource != "*";
      if (known) access.keys.add("iam:AssociatedResourceArn", accesses.front().resource);
      accesses.push_back(std::move(access));
    }
  }
}

}  // namespace

void add_tag_keys(const InputFields& input, policy::Context& keys) {
  constexpr std::string_view kTags[] = {"Tags", "tags", "ResourceTags", "TagsList"};
  constexpr std::string_view kTagKeys[] = {"TagKeys", "tagKeys", "ResourceTagKeys"};
  const auto add = [&keys](const std::string& key, const std::string& value) {
    keys.add("aws:RequestTag/" + key, value);
    keys.add("aws:TagKeys", key);
  };
  for (const Member& member : input.shape().members) {
    const void* value = member.find(input.value());
    if (value == nullptr) continue;
    const Shape& shape = *member.shape;
    const bool holds_tags = std::ranges::count(kTags, member.name) > 0;
    const bool lists_keys = shape.type == ShapeType::kList && shape.element->type == ShapeType::kString;
    if (std::ranges::count(kTagKeys, member.name) > 0 || (holds_tags && lists_keys)) {
      each_text(shape, value, "", [&keys](std::string key) { keys.add("aws:TagKeys", std::move(key)); });
    }
    if (!holds_tags) continue;
    if (shape.type == ShapeType::kMap && shape.element->type == ShapeType::kString) {
      for (const auto& [key, text] : *static_cast<const std::map<std::string, std::string, std::less<>>*>(value)) {
        add(key, text);
      }
    }
    if (shape.type != ShapeType::kList || shape.element->type != ShapeType::kStructure) continue;
    for (std::size_t i = 0; i < shape.size(value); ++i) {
      const InputFields tag(*shape.element, shape.at(value, i));
      const bool capital = member_of(*shape.element, "Key") != nullptr;
      add(tag.text(capital ? "Key" : "key"), tag.text(capital ? "Value" : "value"));
    }
  }
}

void add_resource_tags(const ResourceFacts& facts, policy::Context& keys) {
  for (const auto& [key, value] : facts.tags) keys.add("aws:ResourceTag/" + key, value);
}

std::string InputFields::text(std::string_view path) const {
  std::string first;
  each_text(*shape_, value_, path, [&first](std::string text) {
    if (first.empty()) first = std::move(text);
  });
  return first;
}

std::vector<std::string> InputFields::texts(std::string_view path) const {
  std::vector<std::string> all;
  each_text(*shape_, value_, path, [&all](std::string text) { all.push_back(std::move(text)); });
  return all;
}

std::string arn_here(const Call& call, std::string_view service, std::string_view resource) {
  return make_arn(service, call.scope, resource);
}

void describe(Authority& authority, const wire::Service& service, const AccessTable& table, ResourceFinders finders) {
  const auto shared = std::make_shared<const ResourceFinders>(std::move(finders));
  for (const AccessRow& row : table.rows) {
    const wire::Operation* operation = service.find_operation(row.operation);
    if (operation == nullptr) continue;  // trimmed from the model
    if (!row.roles.empty()) authority.passes_roles(*operation);
    auto describer = std::make_shared<const RowDescriber>(authority, *operation, row, table, shared);
    authority.describe(*operation, [describer](const Call& call, const wire::AnyStructure& input) {
      return describer->describe(call, input);
    });
  }
}

}  // namespace signalbox::cloud
