#include "policy/statement.h"

#include <algorithm>

#include "policy/glob.h"

namespace signalbox::policy {

bool Statement::applies(const Request& request, std::string& buffer) const {
  const bool action =
      std::ranges::any_of(actions, [&](const std::string& p) { return glob_matches_folded(p, request.action); });
  if (action == not_actions) return false;
  if (!resources.empty()) {
    const bool resource = std::ranges::any_of(
        resources, [&](const ArnPattern& p) { return p.matches(request.resource, request, buffer); });
    if (resource == not_resources) return false;
  }
  return std::ranges::all_of(conditions, [&](const Condition& c) {
    if (request.others_unknown && c.reads_missing_key(request, buffer)) return !allows;
    return c.met(request, buffer);
  });
}

Grant Statement::grant(const Principal& caller) const {
  switch (who) {
    case Who::kUnsaid:
      return Grant::kDirect;
    case Who::kThese:
      return principals.grant(caller);
    case Who::kAllBut:
      // Whoever it names in any way is not let in; to be spared by a Deny, all that the caller is must be named.
      if (allows) return principals.grant(caller) == Grant::kNone ? Grant::kDirect : Grant::kNone;
      return principals.name_all_of(caller) ? Grant::kNone : Grant::kDirect;
  }
  return Grant::kNone;
}

}  // namespace signalbox::policy
