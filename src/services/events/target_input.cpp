#include "services/events/target_input.h"

#include "services/events/event_path.h"

namespace signalbox::events {
namespace {

std::string selected(const json::Path& path, json::Value event) {
  const auto values = path.select(event);
  if (!path.selects_many()) return values.empty() ? "null" : std::string(values.front().raw());
  std::string out = "[";
  for (json::Value value : values) {
    if (out.size() > 1) out.push_back(',');
    out.append(value.raw());
  }
  return out.append("]");
}

template <class... F>
struct Visitor : F... {
  using F::operator()...;
};

}  // namespace

Result<TargetInput> TargetInput::compile(std::string_view target_id, const TargetRecord& target) {
  const std::string id(target_id);
  const int given =
      int{target.input.has_value()} + int{target.input_path.has_value()} + int{target.transformer.has_value()};
  if (given > 1) {
    return fail("ValidationException",
                "Only one of Input, InputPath, or InputTransformer must be provided for target " + id + ".");
  }
  TargetInput compiled;
  if (target.input) {
    json::Document document;
    if (const auto parsed = document.parse(*target.input); !parsed) {
      return fail("ValidationException", "JSON syntax error in input for target " + id + ": " + parsed.error().message);
    }
    compiled.how_ = Constant{*target.input};
  } else if (target.input_path) {
    auto path = parse_event_path(*target.input_path);
    if (!path) return fail("ValidationException", "InputPath for target " + id + " is invalid.");
    compiled.how_ = *std::move(path);
  } else if (target.transformer) {
    auto transformer = InputTransformer::compile(target_id, *target.transformer);
    if (!transformer) return std::unexpected(std::move(transformer).error());
    compiled.how_ = *std::move(transformer);
  }
  return compiled;
}

std::string TargetInput::apply(const MatchedEvent& event) const {
  return std::visit(Visitor{[&](const WholeEvent&) { return std::string(event.text); },
                            [](const Constant& constant) { return constant.text; },
                            [&](const json::Path& path) { return selected(path, *event.root); },
                            [&](const InputTransformer& transformer) { return transformer.apply(event); }},
                    how_);
}

}  // namespace signalbox::events
