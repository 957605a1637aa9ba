// InputTemplate of pipes: text with variables that the event fills ("Amazon EventBridge Pipes input transformation" in
// the EventBridge User Guide).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/pipes/path.h"

namespace signalbox::pipes {

/// What the reserved variables stand for.
struct Surroundings {
  std::string pipe_arn;
  std::string pipe_name;
  std::string source_arn;
  std::string enrichment_arn;
  std::string target_arn;
  std::string ingestion_time;
};

class InputTemplate {
 public:
  /// An empty text stands for the event itself. Errors: ValidationException.
  static Result<InputTemplate> compile(std::string_view text);

  bool empty() const { return pieces_.empty(); }
  /// The payload: `event` as it came for an empty template. `view` is its opened form (event_view.h), parsed.
  /// In a template that is JSON, values stand as JSON, and within quotes as escaped text: what comes out is JSON again.
  /// In others they stand as bare text. Where a path leads nowhere, nothing is written, "" in the place of a JSON
  /// value.
  std::string apply(std::string_view event, json::Value view, const Surroundings& surroundings) const;

 private:
  enum class Source { kLiteral, kPath, kVariable, kEvent, kEventJson };
  struct Piece {
    Source source = Source::kLiteral;
    std::string text;  // of a literal
    json::Path path;
    std::string Surroundings::* variable = nullptr;
    bool quoted = false;
  };
  void write(std::string& out, std::string_view json, bool is_string, const std::string& text, bool quoted) const;
  void write_path(std::string& out, const Piece& piece, json::Value view) const;

  std::vector<Piece> pieces_;
  bool json_ = false;
};

}  // namespace signalbox::pipes
