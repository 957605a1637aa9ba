#include "services/events/bus_access.h"

#include "cloud/scope.h"
#include "json/json.h"
#include "policy/evaluate.h"

namespace signalbox::events {
namespace {

bool add_keys(policy::Context& context, const BusAccess& access) {
  if (!add_event_keys(context, access.event)) return false;
  context.add("events:eventBusInvocation", access.source_arn.empty() ? "false" : "true");
  if (!access.source_arn.empty()) {
    context.add("aws:SourceAccount", access.account);
    context.add("aws:SourceArn", access.source_arn);
  }
  return true;
}

}  // namespace

bool add_event_keys(policy::Context& context, std::string_view text) {
  json::Document document;
  const auto event = document.parse(text);
  if (!event) return false;
  const auto member = [&](std::string_view name) {
    const auto found = event->find(name);
    return found && found->is_string() ? found->as_string() : std::string();
  };
  context.add("events:source", member("source"));
  context.add("events:detail-type", member("detail-type"));
  return true;
}

bool policy_allows(const policy::Document& policy, const BusAccess& access) {
  policy::Context context;
  if (!add_keys(context, access)) return false;
  const auto bus = cloud::Arn::parse(access.bus_arn);
  const auto role = cloud::Arn::parse(access.role_arn);
  const std::string root = cloud::Arn{bus ? bus->partition : "aws", "iam", "", access.account, "root"}.text();
  policy::Request request;
  request.principal.account = access.account;
  if (role && role->account == access.account) {
    request.principal.type = policy::PrincipalType::kAssumedRole;
    request.principal.source_arn = access.role_arn;
    request.principal.source_id = access.role_id;
  } else {
    request.principal.type = policy::PrincipalType::kRoot;
    request.principal.arn = root;
  }
  request.action = "events:PutEvents";
  request.resource = access.bus_arn;
  request.resource_account = access.bus_account;
  request.context = &context;
  request.others_unknown = true;
  return policy::evaluate_resource_policy(request, policy).allowed();
}

}  // namespace signalbox::events
