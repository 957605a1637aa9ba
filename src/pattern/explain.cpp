#include "pattern/explain.h"

#include <arpa/inet.h>

#include <algorithm>

#include "pattern/compiled.h"

namespace signalbox::pattern {
namespace {

/// Values of a field that are named; what is more is counted.
constexpr std::size_t kMaxNamed = 5;
constexpr std::size_t kMaxText = 80;

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string member(std::string_view name, const std::string& value) {
  return "{\"" + std::string(name) + "\":" + value + "}";
}

std::string number_text(double number) {
  std::string out;
  json::Writer(out).number(number);
  return out;
}

/// A condition as it may stand in a pattern.
struct Describe {
  std::string operator()(const Exact& exact) const {
    switch (exact.value.type) {
      case json::Type::kString:
        return quoted(exact.value.text);
      case json::Type::kNumber:
        return number_text(exact.value.number);
      case json::Type::kTrue:
        return "true";
      case json::Type::kFalse:
        return "false";
      default:
        return "null";
    }
  }
  std::string operator()(const Text& text) const {
    const std::string value = quoted(text.text);
    const std::string folded = member("equals-ignore-case", value);
    switch (text.how) {
      case TextMatch::kPrefix:
        return member("prefix", text.ignore_case ? folded : value);
      case TextMatch::kSuffix:
        return member("suffix", text.ignore_case ? folded : value);
      case TextMatch::kWildcard:
        return member("wildcard", value);
      default:
        return folded;
    }
  }
  std::string operator()(const Range& range) const {
    std::string list = "[";
    if (range.low) list += std::string(range.low->inclusive ? "\">=\"," : "\">\",") + number_text(range.low->value);
    if (range.low && range.high) list += ",";
    if (range.high) list += std::string(range.high->inclusive ? "\"<=\"," : "\"<\",") + number_text(range.high->value);
    return member("numeric", list + "]");
  }
  std::string operator()(const Cidr& cidr) const {
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(cidr.family, cidr.address.data(), text, sizeof(text));
    return member("cidr", quoted(std::string(text) + "/" + std::to_string(cidr.bits)));
  }
  std::string operator()(const Exists& exists) const { return member("exists", exists.wanted ? "true" : "false"); }
  std::string operator()(const AnythingBut& but) const {
    std::string list = "[";
    for (const Condition& one : but.none_of) list += (list.size() > 1 ? "," : "") + std::visit(*this, one.is);
    return member("anything-but", list + "]");
  }
};

std::string wanted(const Field& field) {
  std::string text;
  for (std::size_t i = 0; i < field.any_of.size() && i < kMaxNamed; ++i) {
    text += (i == 0 ? "" : " or ") + std::visit(Describe{}, field.any_of[i].is);
  }
  if (field.any_of.size() > kMaxNamed) text += " or " + std::to_string(field.any_of.size() - kMaxNamed) + " more";
  return text;
}

FieldExplanation explain_field(const Field& field, json::Value event) {
  FieldExplanation explanation{field.path, meets_alone(field, event), ""};
  std::string values;
  std::size_t count = 0;
  each_value(event, field.path, [&](json::Value value) {
    if (++count > kMaxNamed) return;
    values += (count == 1 ? "" : ", ") + std::string(value.raw().substr(0, kMaxText));
    if (value.raw().size() > kMaxText) values += "...";
  });
  if (count > kMaxNamed) values += " and " + std::to_string(count - kMaxNamed) + " more";
  explanation.reason = (count == 0 ? "is missing" : "is " + values);
  explanation.reason += explanation.met ? ", as wanted: " : ", wanted: ";
  explanation.reason += wanted(field);
  return explanation;
}

}  // namespace

Explanation explain(const Pattern& pattern, json::Value event) {
  Explanation best{false, {}};
  std::size_t most_met = 0;
  for (const Alternative& alternative : alternatives_of(pattern)) {
    Explanation one{meets_together(alternative, event), {}};
    for (const Field& field : alternative) one.fields.push_back(explain_field(field, event));
    const auto met = static_cast<std::size_t>(std::ranges::count(one.fields, true, &FieldExplanation::met));
    one.only_across_elements = !one.matches && met == one.fields.size();
    if (one.matches) return one;
    if (best.fields.empty() || met > most_met) {
      best = std::move(one);
      most_met = met;
    }
  }
  return best;
}

}  // namespace signalbox::pattern
