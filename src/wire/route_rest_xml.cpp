#include "wire/route_rest_xml.h"

#include <algorithm>

#include "base/ascii.h"
#include "wire/form.h"
#include "wire/uri_template.h"

namespace signalbox::wire {
namespace {

std::string_view take(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

/// How much of the request the operation asks for; -1 when it asks for something else.
int score(const Operation& operation, const http::Request& request) {
  if (operation.method != request.method) return -1;
  int found = 0;
  std::string_view wanted = operation.uri.substr(std::min(operation.uri.find('?'), operation.uri.size()));
  if (!wanted.empty()) wanted.remove_prefix(1);
  while (!wanted.empty()) {
    std::string_view pair = take(wanted, '&');
    const std::string_view name = take(pair, '=');
    const auto value = form_parameter(request.query(), name);
    if (!value || (!pair.empty() && *value != pair)) return -1;
    // More than any number of members: "?acl" is never an object's content.
    found += 100;
  }
  if (!match_uri(operation.uri, request.path())) return -1;  // last: it costs most
  for (const Member& member : operation.input->members) {
    if (!member.required) continue;
    if (member.location == Location::kQuery) {
      if (!form_parameter(request.query(), member.location_name)) return -1;
      ++found;
    } else if (member.location == Location::kHeader && member.name == "CopySource") {
      if (request.header(member.location_name).empty()) return -1;
      ++found;
    }
  }
  return found;
}

}  // namespace

bool has_version_path(const http::Request& request) {
  constexpr std::size_t kDate = 8;
  const std::string_view path = request.path();
  if (!path.starts_with("/v") || path.size() < kDate + 3 || path[kDate + 2] != '/') return false;
  return path.substr(2, kDate).find_first_not_of("0123456789") == std::string_view::npos &&
         !request.header("x-amz-account-id").empty();
}

const Operation* route_rest_xml(const Service& service, const http::Request& request) {
  const Operation* best = nullptr;
  int most = -1;
  for (const Operation& operation : service.operations) {
    const int found = score(operation, request);
    if (found > most) {
      most = found;
      best = &operation;
    }
  }
  return best;
}

std::optional<std::string> bucket_of_host(std::string_view given) {
  constexpr std::string_view kLocal = ".localhost";
  if (const auto colon = given.rfind(':'); colon != std::string_view::npos && given.back() != ']')
    given = given.substr(0, colon);
  if (given.ends_with('.')) given.remove_suffix(1);
  const std::string lowered = ascii_lowered(given);
  const std::string_view host = lowered;
  for (const std::string_view mark : {".s3.", ".s3-"}) {
    const auto at = host.find(mark);
    if (at == std::string_view::npos || at == 0) continue;
    if (host.substr(at + mark.size()).starts_with("control.")) return std::nullopt;  // before it stands an account
    return std::string(host.substr(0, at));
  }
  if (host.ends_with(kLocal) && host.size() > kLocal.size()) {
    const std::string_view name = host.substr(0, host.size() - kLocal.size());
    if (name != "s3" && !name.starts_with("s3.")) return std::string(name);
  }
  return std::nullopt;
}

}  // namespace signalbox::wire
