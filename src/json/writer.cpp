#include <charconv>
#include <cmath>

#include "json/json.h"
#include "json/utf8.h"

namespace signalbox::json {

namespace {

// A byte that stands for itself in a string literal and is a whole character.
bool is_plain(char c) {
  return c >= 0x20 && c != '"' && c != '\\' && static_cast<unsigned char>(c) < 0x80;
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[c >> 4 & 0xF];
      out += kHex[c & 0xF];
  }
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && is_plain(text[run])) ++run;
    out += text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;

    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_escape(out, text[0]);
      text.remove_prefix(1);
    } else if (const std::size_t length = utf8_character_length(text)) {
      out += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      append_utf8(out, 0xFFFD);
      text.remove_prefix(1);
    }
  }
  out += '"';
}

void append_minified(std::string& out, Value value) {
  std::string_view rest = value.raw();
  while (!rest.empty()) {
    std::size_t length = 1;
    if (rest[0] == '"') {
      while (rest[length] != '"') length += rest[length] == '\\' ? 2 : 1;
      ++length;
    } else {
      length = std::min(rest.find_first_of("\" \t\r\n"), rest.size());
    }
    out += rest.substr(0, length);
    rest.remove_prefix(length);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
  }
}

void Writer::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  after_key_ = true;
}

void Writer::string(std::string_view value) {
  separate();
  append_string(out_, value);
}

void Writer::member(std::string_view name, std::string_view value) {
  key(name);
  string(value);
}

void Writer::number(std::int64_t value) {
  separate();
  char text[24];
  out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void Writer::number(double value) {
  constexpr double kExactlyWhole = 9007199254740992.0;  // 2^53
  if (!std::isfinite(value)) {
    null();
  } else if (std::abs(value) <= kExactlyWhole && std::trunc(value) == value && !(value == 0 && std::signbit(value))) {
    number(static_cast<std::int64_t>(value));
  } else {
    separate();
    char text[32];
    out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
}

void Writer::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void Writer::null() {
  separate();
  out_ += "null";
}

void Writer::raw(std::string_view json) {
  separate();
  out_ += json;
}

void Writer::open(char bracket) {
  separate();
  out_ += bracket;
  first_ = true;
}

void Writer::close(char bracket) {
  out_ += bracket;
  first_ = false;
}

void Writer::separate() {
  if (!first_ && !after_key_) out_ += ',';
  first_ = false;
  after_key_ = false;
}

}  // namespace signalbox::json
