#include "services/events/input_transformer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "services/events/event_path.h"

namespace signalbox::events {
namespace {

constexpr std::string_view kNameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
constexpr std::string_view kReservedPrefix = "AWS";
constexpr std::string_view kSpace = " \t\r\n";

std::unexpected<Error> invalid(std::string message) {
  return fail("ValidationException", std::move(message));
}

/// The line and column of a JSON error, as AWS words them.
std::unexpected<Error> invalid_template(std::string_view target_id, std::string_view text, const Error& error) {
  constexpr std::string_view kAt = "line ";
  const auto at = error.message.rfind(kAt);
  std::string where = at == std::string::npos ? "1, column 1" : error.message.substr(at + kAt.size());
  if (const auto column = where.find("column "); column != std::string::npos) where.insert(column + 6, ":");
  return invalid("Invalid InputTemplate for target " + std::string(target_id) + " : [Source: (String)\"" +
                 std::string(text) + "\"; line: " + where + "].");
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The event without its detail, and with the one name that EventBridge spells differently there.
void append_head(std::string& out, json::Value event) {
  json::Writer writer(out);
  writer.begin_object();
  for (const auto [key, value] : event.members()) {
    if (key.is("detail")) continue;
    writer.key(key.is("detail-type") ? "detailType" : key.as_string());
    writer.raw(value.raw());
  }
  writer.end_object();
}

/// JSON text where it stands: inside quotes without its own.
void append_json(std::string& out, std::string_view json, bool quoted) {
  if (!quoted) {
    out.append(json);
    return;
  }
  std::copy_if(json.begin(), json.end(), std::back_inserter(out), [](char c) { return c != '"'; });
}

void append_text(std::string& out, std::string_view text, bool quoted) {
  if (quoted) {
    out.append(text);
  } else {
    json::append_string(out, text);
  }
}

void append_selected(std::string& out, const json::Path& path, json::Value event, bool quoted) {
  const auto values = path.select(event);
  if (path.selects_many()) {
    std::string array = "[";
    for (json::Value value : values) {
      if (array.size() > 1) array.push_back(',');
      array.append(value.raw());
    }
    append_json(out, array.append("]"), quoted);
  } else if (values.empty()) {
    append_text(out, "", quoted);
  } else if (quoted && values.front().is_string()) {
    out.append(values.front().as_string());
  } else {
    append_json(out, values.front().raw(), quoted);
  }
}

}  // namespace

/// Reads a template once, keeping what is between quotes apart from what is not.
struct InputTransformer::Reader {
  std::string_view target_id;
  const Transformer& transformer;
  std::vector<Piece> pieces = {};
  std::string literal = {};
  std::string probe = {};  // the template as it is checked: placeholders outside quotes stand as numbers
  bool quoted = false;
  bool is_object = false;

  Result<void> read() {
    const std::string_view text = transformer.input_template;
    is_object = trimmed(text).starts_with('{');
    for (std::size_t i = 0; i < text.size();) {
      const auto name = placeholder_at(text.substr(i));
      if (name.empty()) {
        i += take_literal(text.substr(i));
        continue;
      }
      if (auto added = add(name); !added) return added;
      i += name.size() + 2;
    }
    flush();
    return check_probe();
  }

  /// The name between '<' and '>' that `text` starts with; empty when it does not start with one.
  static std::string_view placeholder_at(std::string_view text) {
    if (!text.starts_with('<')) return {};
    const auto end = text.find_first_not_of(kNameCharacters, 1);
    if (end == std::string_view::npos || text[end] != '>') return {};
    return text.substr(1, end - 1);
  }

  std::size_t take_literal(std::string_view text) {
    const bool escape = quoted && text.front() == '\\' && text.size() > 1;
    if (text.front() == '"') quoted = !quoted;
    const std::size_t length = escape ? 2 : 1;
    literal.append(text.substr(0, length));
    probe.append(text.substr(0, length));
    return length;
  }

  void flush() {
    if (!literal.empty()) pieces.push_back({Source::kLiteral, std::exchange(literal, {}), {}, false});
  }

  Result<void> add(std::string_view name) {
    flush();
    if (!quoted) probe.push_back('0');
    static constexpr std::array<std::pair<std::string_view, Source>, 5> kPredefined{{
        {"aws.events.rule-arn", Source::kRuleArn},
        {"aws.events.rule-name", Source::kRuleName},
        {"aws.events.event.ingestion-time", Source::kIngestionTime},
        {"aws.events.event", Source::kEvent},
        {"aws.events.event.json", Source::kEventJson},
    }};
    for (const auto& [predefined, source] : kPredefined) {
      if (name != predefined) continue;
      if ((source == Source::kEvent || source == Source::kEventJson) && !is_object) {
        return invalid("InputTemplate for target " + std::string(target_id) + " contains placeholder " +
                       std::string(name) + " valid only for JSON template.");
      }
      pieces.push_back({source, "", {}, quoted});
      return {};
    }
    const auto path = transformer.paths.find(name);
    if (path == transformer.paths.end()) {
      return invalid("InputTemplate for target " + std::string(target_id) + " contains invalid placeholder " +
                     std::string(name) + ".");
    }
    pieces.push_back({Source::kPath, "", *parse_event_path(path->second), quoted});
    return {};
  }

  /// A JSON value, or JSON strings on lines of their own.
  Result<void> check_probe() const {
    json::Document document;
    const std::string_view whole = trimmed(probe);
    if (!whole.starts_with('"')) {
      const auto parsed = document.parse(whole);
      if (!parsed) return invalid_template(target_id, transformer.input_template, parsed.error());
      return {};
    }
    for (std::size_t start = 0; start < whole.size();) {
      const auto end = std::min(whole.find('\n', start), whole.size());
      const std::string_view line = trimmed(whole.substr(start, end - start));
      start = end + 1;
      if (line.empty()) continue;
      const auto parsed = document.parse(line);
      if (!parsed) return invalid_template(target_id, transformer.input_template, parsed.error());
    }
    return {};
  }
};

Result<InputTransformer> InputTransformer::compile(std::string_view target_id, const Transformer& transformer) {
  for (const auto& [name, path] : transformer.paths) {
    if (name.starts_with(kReservedPrefix)) {
      return invalid("InputPathsMap for target " + std::string(target_id) + " contains reserved key " + name + ".");
    }
    if (!parse_event_path(path)) return invalid("InputPath for target " + std::string(target_id) + " is invalid.");
  }
  Reader reader{target_id, transformer};
  if (auto read = reader.read(); !read) return std::unexpected(std::move(read).error());
  InputTransformer compiled;
  compiled.pieces_ = std::move(reader.pieces);
  return compiled;
}

std::string InputTransformer::apply(const MatchedEvent& event) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    switch (piece.source) {
      case Source::kLiteral:
        out.append(piece.text);
        break;
      case Source::kPath:
        append_selected(out, piece.path, *event.root, piece.quoted);
        break;
      case Source::kRuleArn:
        append_text(out, event.rule_arn, piece.quoted);
        break;
      case Source::kRuleName:
        append_text(out, event.rule_name, piece.quoted);
        break;
      case Source::kIngestionTime:
        append_text(out, event.ingestion_time, piece.quoted);
        break;
      case Source::kEvent: {
        std::string head;
        append_head(head, *event.root);
        append_json(out, head, piece.quoted);
        break;
      }
      case Source::kEventJson:
        append_json(out, event.text, piece.quoted);
        break;
    }
  }
  return out;
}

}  // namespace signalbox::events
