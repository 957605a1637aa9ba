// What a target receives of an event: the event itself, or what Input, InputPath or InputTransformer makes of it.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "services/events/input_transformer.h"

namespace signalbox::events {

class TargetInput {
 public:
  /// Errors: ValidationException with AWS's texts, naming the target.
  static Result<TargetInput> compile(std::string_view target_id, const TargetRecord& target);

  /// Whether `apply` looks into the event, so that it must be given parsed.
  bool reads_event() const {
    return std::holds_alternative<json::Path>(how_) || std::holds_alternative<InputTransformer>(how_);
  }

  /// The payload. An InputPath that leads nowhere gives null.
  std::string apply(const MatchedEvent& event) const;

 private:
  struct WholeEvent {};
  struct Constant {
    std::string text;
  };
  std::variant<WholeEvent, Constant, json::Path, InputTransformer> how_;
};

}  // namespace signalbox::events
