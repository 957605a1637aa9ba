#include "services/events/target_http.h"

#include "services/events/event_path.h"

namespace signalbox::events {
namespace {

bool is_path(std::string_view text) {
  return text == "$" || text.starts_with("$.");
}

std::string text_of(const json::Path& path, json::Value event) {
  std::string out;
  for (json::Value value : path.select(event)) {
    if (!out.empty()) out.push_back(',');
    out.append(value.is_string() ? value.as_string() : std::string(value.raw()));
  }
  return out;
}

}  // namespace

Result<TargetHttp> TargetHttp::compile(std::string_view target_id,
                                       const std::optional<cloud::HttpParameters>& parameters) {
  TargetHttp compiled;
  if (!parameters) return compiled;
  compiled.fixed_ = std::make_shared<const cloud::HttpParameters>(*parameters);
  bool readable = true;
  const auto add = [&](const std::string& text, const std::string& key, Place place) {
    if (!is_path(text)) return;
    auto path = parse_event_path(text);
    readable = readable && path.has_value();
    if (path) compiled.paths_.push_back({place, key, *std::move(path)});
  };
  for (std::size_t i = 0; i < parameters->path_values.size(); ++i) {
    add(parameters->path_values[i], std::to_string(i),
        [](cloud::HttpParameters& in, const std::string& index) { return &in.path_values[std::stoul(index)]; });
  }
  for (const auto& [name, text] : parameters->headers) {
    add(text, name, [](cloud::HttpParameters& in, const std::string& key) { return &in.headers[key]; });
  }
  for (const auto& [name, text] : parameters->query) {
    add(text, name, [](cloud::HttpParameters& in, const std::string& key) { return &in.query[key]; });
  }
  if (readable) return compiled;
  return fail("ValidationException",
              "HttpParameters for target " + std::string(target_id) + " hold a JSON path that is invalid.");
}

std::shared_ptr<const cloud::HttpParameters> TargetHttp::apply(const MatchedEvent& event) const {
  if (paths_.empty()) return fixed_;
  auto filled = std::make_shared<cloud::HttpParameters>(*fixed_);
  for (const Dynamic& dynamic : paths_) *dynamic.place(*filled, dynamic.key) = text_of(dynamic.path, *event.root);
  return filled;
}

}  // namespace signalbox::events
