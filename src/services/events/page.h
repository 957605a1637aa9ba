// Listings in pages: Limit, NextToken and NamePrefix over anything kept by name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cloud/paging.h"
#include "services/events/core.h"

namespace signalbox::events {

struct PageRequest {
  std::string_view listing;  // names the listing in its tokens
  std::string prefix;
  std::optional<std::string> token;
  std::optional<std::int32_t> limit;
};

/// Calls `visit(name, value)` for the entries of one page of `sorted`; `visit` returns false for an entry that is not
/// in the listing. Returns the next page's token. Errors: ValidationException for a foreign token.
template <class T, class Visit>
Result<std::optional<std::string>> page(const std::map<std::string, T, std::less<>>& sorted, const PageRequest& request,
                                        Visit visit) {
  auto at = sorted.lower_bound(request.prefix);
  if (request.token) {
    const auto last = cloud::read_page_token(request.listing, *request.token);
    if (!last) return fail("ValidationException", "Parameter NextToken is not valid.");
    at = sorted.upper_bound(std::max(*last, request.prefix));
    if (*last < request.prefix) at = sorted.lower_bound(request.prefix);
  }
  const std::int32_t limit = std::clamp(request.limit.value_or(kMaxPage), 1, kMaxPage);
  std::string last;
  for (std::int32_t taken = 0; at != sorted.end() && at->first.starts_with(request.prefix); ++at) {
    if (taken == limit) return cloud::make_page_token(request.listing, last);
    if (!visit(at->first, at->second)) continue;
    last = at->first;
    ++taken;
  }
  return std::optional<std::string>();
}

}  // namespace signalbox::events
