#include "wire/media_type.h"

#include <algorithm>

#include "http/message.h"
#include "http/white_space.h"

namespace signalbox::wire {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kAmazonsJson = "application/x-amz-json-";

/// Without parameters and white space around it.
std::string_view bare(std::string_view type) {
  return http::trim(type.substr(0, type.find(';')));
}

}  // namespace

bool is_json_type(std::string_view content_type) {
  const std::string_view type = bare(content_type);
  return type.empty() || http::same_name(type, kJson) ||
         http::same_name(type.substr(0, kAmazonsJson.size()), kAmazonsJson);
}

bool accepts_json(std::string_view accept) {
  if (bare(accept).empty()) return true;
  while (!accept.empty()) {
    const std::string_view range = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(accept.size(), range.size() + 1));
    const std::string_view type = bare(range);
    if (type == "*/*" || type == "*" || type == "application/*" || (!type.empty() && is_json_type(type))) return true;
  }
  return false;
}

}  // namespace signalbox::wire
