#include "services/pipes/input_template.h"

#include <array>
#include <utility>

namespace signalbox::pipes {
namespace {

struct Variable {
  std::string_view name;
  std::string Surroundings::* member;
};
constexpr std::array<Variable, 6> kVariables{{{"aws.pipes.pipe-arn", &Surroundings::pipe_arn},
                                              {"aws.pipes.pipe-name", &Surroundings::pipe_name},
                                              {"aws.pipes.source-arn", &Surroundings::source_arn},
                                              {"aws.pipes.enrichment-arn", &Surroundings::enrichment_arn},
                                              {"aws.pipes.target-arn", &Surroundings::target_arn},
                                              {"aws.pipes.event.ingestion-time", &Surroundings::ingestion_time}}};
constexpr std::string_view kEvent = "aws.pipes.event";
constexpr std::string_view kEventJson = "aws.pipes.event.json";

/// What stands between '<' and '>' where `text` begins with a variable; empty where it does not.
std::string_view variable_at(std::string_view text) {
  if (!text.starts_with("<$") && !text.starts_with("<aws.pipes.")) return {};
  const auto end = text.find('>');
  return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
}

/// `text` as the inside of a JSON string.
void append_escaped(std::string& out, std::string_view text) {
  std::string quoted;
  json::append_string(quoted, text);
  out.append(quoted, 1, quoted.size() - 2);
}

}  // namespace

Result<InputTemplate> InputTemplate::compile(std::string_view text) {
  InputTemplate compiled;
  const auto first = text.find_first_not_of(" \t\r\n");
  compiled.json_ =
      first != std::string_view::npos && std::string_view("{[\"").find(text[first]) != std::string_view::npos;
  std::string literal;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view name = variable_at(text.substr(i));
    if (name.empty()) {
      const bool escape = quoted && text[i] == '\\' && i + 1 < text.size();
      if (text[i] == '"') quoted = !quoted;
      literal.append(text.substr(i, escape ? 2 : 1));
      i += escape ? 2 : 1;
      continue;
    }
    if (!literal.empty())
      compiled.pieces_.push_back({Source::kLiteral, std::exchange(literal, {}), {}, nullptr, false});
    i += name.size() + 2;
    Piece piece{Source::kVariable, "", {}, nullptr, quoted};
    for (const Variable& variable : kVariables) {
      if (name == variable.name) piece.variable = variable.member;
    }
    if (name == kEvent) piece.source = Source::kEvent;
    if (name == kEventJson) piece.source = Source::kEventJson;
    if (piece.source == Source::kVariable && piece.variable == nullptr) {
      auto path = parse_path(name);
      if (!path) {
        return fail("ValidationException", "InputTemplate contains the invalid variable <" + std::string(name) + ">.");
      }
      piece.source = Source::kPath;
      piece.path = *std::move(path);
    }
    compiled.pieces_.push_back(std::move(piece));
  }
  if (!literal.empty()) compiled.pieces_.push_back({Source::kLiteral, std::move(literal), {}, nullptr, false});
  return compiled;
}

void InputTemplate::write(std::string& out, std::string_view json, bool is_string, const std::string& text,
                          bool quoted) const {
  if (!json_) {
    out.append(is_string ? std::string_view(text) : json);
  } else if (!quoted) {
    out.append(json);
  } else if (is_string) {
    append_escaped(out, text);
  } else {
    append_escaped(out, json);
  }
}

void InputTemplate::write_path(std::string& out, const Piece& piece, json::Value view) const {
  const auto found = piece.path.select(view);
  if (piece.path.selects_many()) {
    std::string array = "[";
    for (json::Value value : found) array.append(array.size() > 1 ? "," : "").append(value.raw());
    write(out, array.append("]"), false, "", piece.quoted);
  } else if (found.empty()) {
    write(out, "\"\"", true, "", piece.quoted);
  } else {
    const json::Value value = found.front();
    write(out, value.raw(), value.is_string(), value.is_string() ? value.as_string() : "", piece.quoted);
  }
}

std::string InputTemplate::apply(std::string_view event, json::Value view, const Surroundings& surroundings) const {
  if (pieces_.empty()) return std::string(event);
  std::string out;
  for (const Piece& piece : pieces_) {
    if (piece.source == Source::kLiteral) {
      out.append(piece.text);
    } else if (piece.source == Source::kPath) {
      write_path(out, piece, view);
    } else if (piece.source == Source::kVariable) {
      std::string json;
      json::append_string(json, surroundings.*piece.variable);
      write(out, json, true, surroundings.*piece.variable, piece.quoted);
    } else {
      // The event as it came, or with its body opened.
      write(out, piece.source == Source::kEvent ? event : view.raw(), false, "", piece.quoted);
    }
  }
  return out;
}

}  // namespace signalbox::pipes
