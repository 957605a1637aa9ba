// InputTransformer: a template filled with values of the event.
// Rules from "Amazon EventBridge input transformation" in the EventBridge User Guide.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/path.h"
#include "services/events/matched_event.h"
#include "services/events/records.h"

namespace signalbox::events {

class InputTransformer {
 public:
  /// Errors: ValidationException with AWS's texts, naming the target.
  static Result<InputTransformer> compile(std::string_view target_id, const Transformer& transformer);

  /// Where a variable's path leads nowhere, nothing is written inside quotes and "" elsewhere. Inside quotes,
  /// values are written without escaping, objects and arrays without their quotes.
  std::string apply(const MatchedEvent& event) const;

 private:
  enum class Source { kLiteral, kPath, kRuleArn, kRuleName, kIngestionTime, kEvent, kEventJson };
  struct Piece {
    Source source = Source::kLiteral;
    std::string text;  // of a literal
    json::Path path;
    bool quoted = false;
  };
  struct Reader;
  std::vector<Piece> pieces_;
};

}  // namespace signalbox::events
