#include "cloud/delivery_rights.h"

#include <algorithm>

#include "cloud/scope.h"

namespace signalbox::cloud {
namespace {

/// What a delivery does, by what the target's ARN names.
struct Kind {
  std::string_view service;
  std::string_view resource;  // what its resource begins with
  std::string_view action;
  bool has_policy;  // resources of that kind have policies that can name a service
  bool needs_role;  // and of that kind nobody delivers to without a role
};
constexpr Kind kKinds[] = {
    {"sqs", "", "sqs:SendMessage", true, false},
    {"sns", "", "sns:Publish", true, false},
    {"lambda", "function:", "lambda:InvokeFunction", false, false},
    {"kinesis", "stream/", "kinesis:PutRecord", false, true},
    {"logs", "log-group:", "logs:PutLogEvents", true, false},
    {"events", "event-bus/", "events:PutEvents", true, false},
    {"events", "api-destination/", "events:InvokeApiDestination", false, true},
};

const Kind* kind_of(const Arn& target) {
  const auto found = std::ranges::find_if(kKinds, [&](const Kind& kind) {
    return kind.service == target.service && target.resource.starts_with(kind.resource);
  });
  return found == std::end(kKinds) ? nullptr : found;
}

/// Whose the source is, and where: a bucket is where it may send to.
Scope scope_of(const DeliveryRight& right) {
  const auto source = Arn::parse(right.source);
  Scope scope = source ? source->scope() : Scope{};
  if (!right.source_account.empty()) scope.account = right.source_account;
  if (const auto target = scope.region.empty() ? Arn::parse(right.target) : std::nullopt; target) {
    scope.region = target->region;
  }
  return scope;
}

Call call_of(const DeliveryRight& right, Principal principal) {
  Call call;
  call.scope = scope_of(right);
  call.principal = std::move(principal);
  call.invoked_by = right.service;
  if (call.principal.is_service()) {
    call.source_arn = right.source;
    call.source_account = call.scope.account;
  }
  return call;
}

}  // namespace

asio::awaitable<Result<void>> role_may(const Authority& authority, const Sessions& sessions, DeliveryRight right,
                                       std::string action) {
  if (!authority.verifying()) co_return Result<void>();
  auto principal = sessions.principal_of({right.role, right.service, "", right.source, scope_of(right).account});
  if (!principal) co_return std::unexpected(std::move(principal).error());
  Access access;
  access.action = std::move(action);
  access.resource = right.target;
  Call call = call_of(right, *std::move(principal));
  co_return co_await authority.may(std::move(call), std::move(access));
}

asio::awaitable<Result<void>> may_deliver(const Authority& authority, const Sessions& sessions, DeliveryRight right) {
  if (!authority.verifying()) co_return Result<void>();
  const auto target = Arn::parse(right.target);
  const bool own = target && target->account == scope_of(right).account;
  const Kind* kind = target ? kind_of(*target) : nullptr;
  if (kind == nullptr) co_return Result<void>();
  if (!right.role.empty()) co_return co_await role_may(authority, sessions, right, std::string(kind->action));
  if (own && !authority.enforcing()) co_return Result<void>();
  if (kind->needs_role) {
    co_return fail("AccessDeniedException", right.service + " needs a role to perform: " + std::string(kind->action) +
                                                " on resource: " + right.target);
  }
  if (kind->service == "lambda") co_return Result<void>();  // functions ask their policies themselves
  if (own && (!kind->has_policy || kind->service == "events")) co_return Result<void>();
  Access access;
  access.action = kind->action;
  access.resource = right.target;
  // A policy's "log-group:NAME:*" means the streams of the group.
  if (kind->service == "logs" && !right.target.ends_with(":*")) access.resource += ":log-stream:";
  Call call = call_of(right, Principal::service(right.service));
  co_return co_await authority.may(std::move(call), std::move(access));
}

}  // namespace signalbox::cloud
