#include "services/logs/insights/row.h"

#include <simdjson.h>

namespace signalbox::logs::insights {
namespace {

/// JSON texts beyond this are not looked into.
constexpr std::size_t kMaxJson = 2 * 1024 * 1024;

using simdjson::dom::element;
using simdjson::dom::element_type;

/// "a.b.0.c": members and elements; a member's own name may have dots.
bool find(element at, std::string_view path, element& found) {
  if (path.empty()) {
    found = at;
    return true;
  }
  if (at.is_object()) {
    simdjson::dom::object object;
    if (at.get(object) != simdjson::SUCCESS) return false;
    for (auto dot = path.size();; dot = path.rfind('.', dot - 1)) {
      element member;
      if (object.at_key(path.substr(0, dot)).get(member) == simdjson::SUCCESS) {
        if (find(member, dot == path.size() ? std::string_view() : path.substr(dot + 1), found)) return true;
      }
      if (dot == 0 || path.rfind('.', dot - 1) == std::string_view::npos) return false;
    }
  }
  if (!at.is_array()) return false;
  const auto dot = path.find('.');
  std::size_t index = 0;
  for (const char c : path.substr(0, dot)) {
    if (c < '0' || c > '9' || index > 1'000'000) return false;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  element inner;
  if (simdjson::dom::array array;
      at.get(array) != simdjson::SUCCESS || array.at(index).get(inner) != simdjson::SUCCESS) {
    return false;
  }
  return find(inner, dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1), found);
}

Value value_of(element found, Arena& arena) {
  constexpr std::int64_t kExact = 9'000'000'000'000'000;
  switch (found.type()) {
    case element_type::STRING:
      return Value::of(std::string_view(found));
    case element_type::BOOL:
      return Value::of(bool(found));
    case element_type::DOUBLE:
      return Value::of(double(found));
    case element_type::INT64: {
      const std::int64_t number = found;
      if (number > -kExact && number < kExact) return Value::of(static_cast<double>(number));
      return Value::of(arena.keep(std::to_string(number)));
    }
    case element_type::UINT64:
      return Value::of(arena.keep(std::to_string(std::uint64_t(found))));
    case element_type::NULL_VALUE:
      return {};
    default:
      return Value::of(arena.keep(simdjson::minify(found)));
  }
}

}  // namespace

struct Row::Json {
  simdjson::dom::parser parser{kMaxJson};
};

Row::Origin Row::origin_of(const Syntax& syntax, std::size_t slot) {
  const std::string& name = syntax.names[slot];
  if (name == "@timestamp") return Origin::kTimestamp;
  if (name == "@message") return Origin::kMessage;
  if (name == "@logStream") return Origin::kStream;
  if (name == "@log") return Origin::kLog;
  if (name == "@ingestionTime") return Origin::kIngested;
  if (name == "@ptr") return Origin::kPointer;
  return syntax.from_event[slot] ? Origin::kJson : Origin::kNone;
}

Row::Row(const Syntax& syntax, std::int64_t now) : syntax_(syntax), now_(now), json_(std::make_unique<Json>()) {
  for (std::size_t slot = 0; slot < syntax.names.size(); ++slot) {
    origins_.push_back(origin_of(syntax, slot));
    Value value;
    if (origins_.back() != Origin::kNone) value.kind = Value::Kind::kNotRead;
    fresh_.push_back(value);
  }
  values_ = fresh_;
}

Row::~Row() = default;

void Row::read(const SourceEvent& event) {
  event_ = &event;
  pointer_ = {event.group, event.time, event.number};
  json_read_ = false;
  arena_.clear();
  values_ = fresh_;
}

void Row::clear(const Pointer& pointer) {
  event_ = nullptr;
  pointer_ = pointer;
  arena_.clear();
  values_.assign(values_.size(), Value{});
}

const Value& Row::load(std::size_t slot) {
  Value& value = values_[slot];
  value = {};
  if (event_ == nullptr) return value;
  switch (origins_[slot]) {
    case Origin::kTimestamp:
      value = Value::of_time(static_cast<double>(event_->time));
      break;
    case Origin::kMessage:
      value = Value::of(event_->message);
      break;
    case Origin::kStream:
      value = Value::of(event_->stream);
      break;
    case Origin::kLog:
      value = Value::of(event_->log);
      break;
    case Origin::kIngested:
      value = Value::of_time(static_cast<double>(event_->ingested));
      break;
    case Origin::kJson:
      value.kind = Value::Kind::kNotRead;
      load_json();
      break;
    case Origin::kNone:
    case Origin::kPointer:
      break;
  }
  return value;
}

void Row::load_json() {
  if (json_read_) return;
  json_read_ = true;
  element root;
  const std::string_view text = event_->message;
  const auto start = text.find_first_not_of(" \t\r\n");
  const bool is_json = start != std::string_view::npos && text[start] == '{' && text.size() <= kMaxJson &&
                       json_->parser.parse(text.data(), text.size(), !event_->is_padded).get(root) == simdjson::SUCCESS;
  for (std::size_t slot = 0; slot < values_.size(); ++slot) {
    if (origins_[slot] != Origin::kJson || values_[slot].kind != Value::Kind::kNotRead) continue;
    element found;
    values_[slot] = is_json && find(root, syntax_.names[slot], found) ? value_of(found, arena_) : Value{};
  }
}

bool reads_messages(const Syntax& syntax) {
  for (std::size_t slot = 0; slot < syntax.names.size(); ++slot) {
    const std::string& name = syntax.names[slot];
    if (name == "@message") return true;
    if (syntax.from_event[slot] && !name.starts_with('@')) return true;
    const bool is_known =
        name == "@timestamp" || name == "@logStream" || name == "@log" || name == "@ingestionTime" || name == "@ptr";
    if (syntax.from_event[slot] && !is_known) return true;
  }
  return false;
}

}  // namespace signalbox::logs::insights
