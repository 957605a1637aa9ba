#include "http/response_head.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>

#include "base/clock.h"
#include "base/time_text.h"

namespace signalbox::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out.append(digits, end);
}

bool is_token_char(char c) {
  return c > ' ' && c < '\x7f' && std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
}

bool is_control(char c) {
  return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f';
}

}  // namespace

std::string_view date_text() {
  static thread_local std::string text;
  static thread_local std::time_t second = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    text = to_http_date(Time(std::chrono::seconds(now)));
  }
  return text;
}

bool has_content(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::optional<std::uint64_t> length_of(const Response& response) {
  if (has_content(response.status)) {
    if (!response.content_length && response.stream) return std::nullopt;
    return response.content_length.value_or(response.body.size());
  }
  return response.status == 304 ? response.content_length : std::nullopt;
}

bool is_framing(std::string_view name) {
  switch (name.size()) {
    case 7:
      return same_name(name, "upgrade");
    case 10:
      return same_name(name, "connection") || same_name(name, "keep-alive");
    case 14:
      return same_name(name, "content-length");
    case 16:
      return same_name(name, "proxy-connection");
    case 17:
      return same_name(name, "transfer-encoding");
    default:
      return false;
  }
}

bool is_sendable(std::string_view name, std::string_view value) {
  return !name.empty() && std::ranges::all_of(name, is_token_char) && std::ranges::none_of(value, is_control);
}

void write_head(std::string& out, const Response& response, bool keep_alive, bool old_client) {
  out = "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(response.status));
  out += ' ';
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  out.append(reason.data(), reason.size());
  out += "\r\nServer: Signalbox\r\nDate: ";
  out += date_text();
  for (const auto& [name, value] : response.headers) {
    if (is_framing(name) || !is_sendable(name, value)) continue;
    out.append("\r\n").append(name).append(": ").append(value);
  }
  if (const auto length = length_of(response)) {
    out += "\r\nContent-Length: ";
    append_number(out, *length);
  }
  if (!keep_alive) out += "\r\nConnection: close";
  if (keep_alive && old_client) out += "\r\nConnection: keep-alive";
  out += "\r\n\r\n";
}

}  // namespace signalbox::http
