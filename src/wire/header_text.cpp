#include "wire/header_text.h"

#include <algorithm>

#include "base/encoding.h"
#include "http/white_space.h"
#include "json/json.h"
#include "wire/text_value.h"

namespace signalbox::wire {
namespace {

bool is_http_date(const Shape& shape) {
  return shape.type == ShapeType::kTimestamp &&
         (shape.timestamp == TimestampFormat::kProtocolDefault || shape.timestamp == TimestampFormat::kHttpDate);
}

/// Takes the next item off the list.
std::string take_item(std::string_view& rest, bool dates) {
  rest = http::trim(rest);
  std::string item;
  if (!rest.starts_with('"')) {
    std::size_t end = rest.find(',');
    if (dates && end != std::string_view::npos) end = rest.find(',', end + 1);
    item = http::trim(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return item;
  }
  rest.remove_prefix(1);
  while (!rest.empty() && !rest.starts_with('"')) {
    if (rest.starts_with('\\') && rest.size() > 1) rest.remove_prefix(1);
    item += rest.front();
    rest.remove_prefix(1);
  }
  const auto comma = rest.find(',');
  rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  return item;
}

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  return out + "\"";
}

}  // namespace

std::string joined_header(const http::Request& request, std::string_view name) {
  std::string text;
  for (const auto& [other, value] : request.headers) {
    if (value.empty() || !http::same_name(other, name)) continue;
    text.append(text.empty() ? "" : ",").append(value);
  }
  return text;
}

std::vector<std::string> header_items(const Shape& element, std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) items.push_back(take_item(text, is_http_date(element)));
  return items;
}

std::string header_text(const Shape& shape, const void* value) {
  if (shape.json_value) return to_base64(*static_cast<const std::string*>(value));
  if (shape.type != ShapeType::kList) return text_of_value(shape, value, TimestampFormat::kHttpDate);
  std::string text;
  for (std::size_t i = 0; i < shape.size(value); ++i) {
    const std::string item = text_of_value(*shape.element, shape.at(value, i), TimestampFormat::kHttpDate);
    text.append(i == 0 ? "" : ", ").append(shape.element->type == ShapeType::kString ? quoted(item) : item);
  }
  return text;
}

void set_header(http::Response& response, std::string_view name, std::string value) {
  std::ranges::replace_if(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  const auto same = [&](const auto& header) { return http::same_name(header.first, name); };
  const auto found = std::ranges::find_if(response.headers, same);
  if (found == response.headers.end()) {
    response.headers.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

void set_headers(http::Response& response, const Member& member, const void* map) {
  struct Context {
    http::Response& response;
    const Member& member;
  } context{response, member};
  member.shape->each(map, &context, [](void* opaque, const std::string& key, const void* value) {
    const auto& c = *static_cast<Context*>(opaque);
    set_header(c.response, std::string(c.member.location_name) + key, *static_cast<const std::string*>(value));
  });
}

bool read_json_header(std::string_view text, std::string& out) {
  auto decoded = from_base64(text);
  json::Document document;
  if (!decoded || !document.parse(*decoded)) return false;
  out = *std::move(decoded);
  return true;
}

}  // namespace signalbox::wire
