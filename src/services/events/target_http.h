// HttpParameters of a target: fixed texts, and JSON paths that the event fills ("Dynamic path parameters" on the page
// of event bus targets in the EventBridge User Guide).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cloud/event_target.h"
#include "json/path.h"
#include "services/events/matched_event.h"

namespace signalbox::events {

class TargetHttp {
 public:
  /// Errors: ValidationException for a path that cannot be read, naming the target.
  static Result<TargetHttp> compile(std::string_view target_id, const std::optional<cloud::HttpParameters>& parameters);

  bool reads_event() const { return !paths_.empty(); }

  /// Null without parameters. A path that leads nowhere gives an empty text.
  std::shared_ptr<const cloud::HttpParameters> apply(const MatchedEvent& event) const;

 private:
  using Place = std::string* (*)(cloud::HttpParameters&, const std::string& key);
  struct Dynamic {
    Place place;
    std::string key;
    json::Path path;
  };
  std::shared_ptr<const cloud::HttpParameters> fixed_;
  std::vector<Dynamic> paths_;
};

}  // namespace signalbox::events
