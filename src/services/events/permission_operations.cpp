#include "cloud/saved_policy.h"
#include "models/events.h"
#include "services/events/core.h"
#include "services/events/policy.h"

namespace signalbox::events {
namespace {

namespace m = models::events;
using cloud::Call;

constexpr std::string_view kConditionType = "StringEquals";
constexpr std::string_view kConditionKey = "aws:PrincipalOrgID";
constexpr std::string_view kAction = "events:PutEvents";

std::unexpected<Error> missing(std::string_view parameters) {
  return fail("ValidationException", "Parameter(s) " + std::string(parameters) + " must be specified.");
}

Result<policy::Permission> permission_of(const m::PutPermissionRequest& request, const Bus& bus) {
  if (!request.action) return missing("Action");
  if (!request.principal) return missing("Principal");
  if (!request.statement_id) return missing("StatementId");
  if (*request.action != kAction) {
    return fail("ValidationException", "Provided value in parameter 'action' is not supported.");
  }
  policy::Permission permission{*request.statement_id, {*request.principal}, {*request.action}, bus.arn(), {}};
  if (*request.principal != "*") {
    const auto partition = cloud::Arn::parse(bus.arn())->partition;
    permission.principals = {cloud::Arn{partition, "iam", "", *request.principal, "root"}.text()};
  }
  if (request.condition) {
    auto& condition = permission.condition.emplace();
    condition.type = request.condition->type.value_or("");
    condition.key = request.condition->key.value_or("");
    condition.value = request.condition->value.value_or("");
    if (condition.type != kConditionType || condition.key != kConditionKey) {
      return fail("ValidationException",
                  "Parameter Condition is not valid: only Type StringEquals with Key "
                  "aws:PrincipalOrgID is supported.");
    }
  }
  return permission;
}

Result<std::string> policy_with(const Core& core, const m::PutPermissionRequest& request, const Bus& bus,
                                std::string_view policy) {
  if (request.policy) {
    if (request.action || request.principal || request.statement_id || request.condition) {
      return fail("ValidationException",
                  "Parameter Policy cannot be specified together with Action, Principal, StatementId or Condition.");
    }
    const cloud::SavedPolicy saved = cloud::save_policy(core.house, bus.id().scope.account, *request.policy);
    if (saved.unknown) return invalid_policy(saved.unknown->message());
    return check_policy(saved.text);
  }
  const auto permission = permission_of(request, bus);
  if (!permission) return std::unexpected(permission.error());
  return with_statement(policy, *permission);
}

Result<std::string> policy_without(const m::RemovePermissionRequest& request, std::string_view policy) {
  if (request.remove_all_permissions.value_or(false)) return std::string();
  if (!request.statement_id) return missing("StatementId");
  return without_statement(policy, *request.statement_id);
}

/// Stores what `change(policy)` makes of the bus's policy.
template <class Change>
asio::awaitable<Result<void>> change_policy(Core& core, cloud::Scope caller, std::optional<std::string> name,
                                            Change change) {
  const auto bus = find_bus(core, caller, name);
  if (!bus) co_return std::unexpected(bus.error());
  const BusId& id = (*bus)->id();
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto record = (*bus)->record();
    if (!record) co_return no_such_bus(id.name);
    auto policy = change(**bus, record->policy);
    if (!policy) co_return std::unexpected(std::move(policy).error());
    BusRecord changed = *record;
    changed.policy = *std::move(policy);
    changed.modified = core.house.clock.now();
    store::Batch batch;
    batch.put(bus_key(id), store::encode(changed));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) (*bus)->set_record(std::move(changed));
    co_return done;
  };
  Result<void> done = co_await in_turn(*bus, std::ref(work));
  co_return done;
}

asio::awaitable<Result<m::PutPermissionResponse>> put_permission(Core& core, const Call& call,
                                                                 m::PutPermissionRequest request) {
  auto change = [&](const Bus& bus, std::string_view policy) { return policy_with(core, request, bus, policy); };
  Result<void> done = co_await change_policy(core, call.scope, request.event_bus_name, std::ref(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::PutPermissionResponse{};
}

asio::awaitable<Result<m::RemovePermissionResponse>> remove_permission(Core& core, const Call& call,
                                                                       m::RemovePermissionRequest request) {
  auto change = [&](const Bus&, std::string_view policy) { return policy_without(request, policy); };
  Result<void> done = co_await change_policy(core, call.scope, request.event_bus_name, std::ref(change));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::RemovePermissionResponse{};
}

}  // namespace

void register_permission_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPutPermission, [&core](const Call& call, m::PutPermissionRequest request) {
    return put_permission(core, call, std::move(request));
  });
  door.handle(m::kRemovePermission, [&core](const Call& call, m::RemovePermissionRequest request) {
    return remove_permission(core, call, std::move(request));
  });
}

}  // namespace signalbox::events
