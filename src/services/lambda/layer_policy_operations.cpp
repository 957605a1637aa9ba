// AddLayerVersionPermission, RemoveLayerVersionPermission, GetLayerVersionPolicy: who of other accounts may use a
// layer.
#include <algorithm>

#include "policy/evaluate.h"
#include "policy/statement_text.h"
#include "services/lambda/changes.h"
#include "services/lambda/layer_policy.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

constexpr const char* kAction = "lambda:GetLayerVersion";

/// What a change does to the statements of a layer version's policy.
using StatementChange = std::function<Result<void>(std::vector<policy::StatementText>&)>;

std::unexpected<Error> none_of(const LayerReference& named) {
  return fail("ResourceNotFoundException", "Layer version " + named.layer.arn(named.version) + " does not exist.", 404);
}

/// Changes the policy of a version of the caller's, and gives its revision.
asio::awaitable<Result<std::string>> change_policy(Core& core, const Call& call, std::string text, std::int64_t number,
                                                   std::optional<std::string> revision, StatementChange change) {
  const auto name = read_layer(call.scope, text);
  if (!name) co_return std::unexpected(name.error());
  const LayerReference named{*name, static_cast<std::uint64_t>(number)};
  if (name->scope != call.scope) co_return none_of(named);
  auto work = [&]() -> asio::awaitable<Result<std::string>> {
    const LayerPtr present = core.find_layer(*name);
    if (!present || !present->versions.contains(named.version)) co_return none_of(named);
    auto layer = std::make_shared<Layer>(*present);
    LayerVersion& version = layer->versions.at(named.version);
    Result<void> done;
    if (!version.policy.empty()) done = check_revision(revision, version.policy_revision, "GetLayerPolicy");
    auto statements = policy::statement_texts(version.policy);
    if (done) done = change(statements);
    if (!done) co_return std::unexpected(std::move(done).error());
    version.policy = statements.empty() ? "" : policy::policy_text("default", statements);
    version.policy_revision = core.house.random.uuid();
    std::string made = version.policy_revision;
    store::Batch batch;
    batch.put(layer_key(*name), encode(*layer));
    done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    core.put(LayerPtr(layer));
    co_return made;
  };
  co_return co_await in_turn(core, name->scope, std::ref(work));
}

asio::awaitable<Result<model::AddLayerVersionPermissionResponse>> add(Core& core, const Call& call,
                                                                      model::AddLayerVersionPermissionRequest request) {
  const auto name = read_layer(call.scope, *request.layer_name);
  if (!name) co_return std::unexpected(name.error());
  policy::Permission permission;
  permission.sid = *request.statement_id;
  const std::string& who = *request.principal;
  permission.principals = {cloud::is_account_id(who) ? cloud::Arn{"aws", "iam", "", who, "root"}.text() : who};
  permission.actions = {*request.action};
  permission.resource = name->arn(static_cast<std::uint64_t>(*request.version_number));
  if (request.organization_id) {
    permission.condition = {"StringEquals", "aws:PrincipalOrgID", *request.organization_id};
  }
  const policy::StatementText statement = policy::statement_text(permission);
  StatementChange change = [&](std::vector<policy::StatementText>& statements) -> Result<void> {
    const auto same = [&](const policy::StatementText& one) { return one.sid == permission.sid; };
    if (std::ranges::any_of(statements, same)) {
      return fail("ResourceConflictException",
                  "The statement id (" + permission.sid +
                      ") provided already exists. Please provide a new statement id, or remove the existing statement.",
                  409);
    }
    statements.push_back(statement);
    return {};
  };
  auto revision = co_await change_policy(core, call, *request.layer_name, *request.version_number, request.revision_id,
                                         std::move(change));
  if (!revision) co_return std::unexpected(std::move(revision).error());
  co_return model::AddLayerVersionPermissionResponse{statement.text, *std::move(revision)};
}

asio::awaitable<Result<model::RemoveLayerVersionPermissionResponse>> remove(
    Core& core, const Call& call, model::RemoveLayerVersionPermissionRequest request) {
  StatementChange change = [&](std::vector<policy::StatementText>& statements) -> Result<void> {
    const auto same = [&](const policy::StatementText& one) { return one.sid == *request.statement_id; };
    if (std::erase_if(statements, same) > 0) return {};
    return fail("ResourceNotFoundException", "Statement " + *request.statement_id + " is not found in resource policy.",
                404);
  };
  const auto revision = co_await change_policy(core, call, *request.layer_name, *request.version_number,
                                               request.revision_id, std::move(change));
  if (!revision) co_return std::unexpected(revision.error());
  co_return model::RemoveLayerVersionPermissionResponse{};
}

asio::awaitable<Result<model::GetLayerVersionPolicyResponse>> get(Core& core, const Call& call,
                                                                  model::GetLayerVersionPolicyRequest request) {
  const auto name = read_layer(call.scope, *request.layer_name);
  if (!name) co_return std::unexpected(name.error());
  const LayerReference named{*name, static_cast<std::uint64_t>(*request.version_number)};
  const LayerPtr layer = name->scope == call.scope ? core.find_layer(*name) : nullptr;
  const auto version = layer ? layer->versions.find(named.version) : decltype(layer->versions.end()){};
  if (!layer || version == layer->versions.end()) co_return none_of(named);
  if (version->second.policy.empty()) {
    co_return fail("ResourceNotFoundException", "No policy is associated with the given resource.", 404);
  }
  co_return model::GetLayerVersionPolicyResponse{version->second.policy, version->second.policy_revision};
}

}  // namespace

PolicyDocument policy_of(const LayerVersion& version) {
  if (version.policy.empty()) return nullptr;
  auto document = policy::Document::parse(version.policy, policy::DocumentKind::kResource);
  return document ? std::make_shared<const policy::Document>(*std::move(document)) : nullptr;
}

Result<void> check_layer_user(const LayerReference& named, const LayerVersion& version, const std::string& account) {
  if (named.layer.scope.account == account) return {};
  const std::string user = cloud::Arn{"aws", "iam", "", account, "root"}.text();
  const std::string resource = named.layer.arn(named.version);
  policy::Request request;
  request.principal.type = policy::PrincipalType::kRoot;
  request.principal.arn = user;
  request.principal.account = account;
  request.action = kAction;
  request.resource = resource;
  request.resource_account = named.layer.scope.account;
  const policy::Context context;
  request.context = &context;
  const PolicyDocument document = policy_of(version);
  if (document && policy::evaluate_resource_policy(request, *document).allowed()) return {};
  return fail("AccessDeniedException",
              "User: " + user + " is not authorized to perform: " + kAction + " on resource: " + resource +
                  " because no resource-based policy allows the lambda:GetLayerVersion action",
              403);
}

void register_layer_policy_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(model::kAddLayerVersionPermission,
              [&core](const Call& call, model::AddLayerVersionPermissionRequest request) {
                return add(core, call, std::move(request));
              });
  door.handle(model::kRemoveLayerVersionPermission,
              [&core](const Call& call, model::RemoveLayerVersionPermissionRequest request) {
                return remove(core, call, std::move(request));
              });
  door.handle(model::kGetLayerVersionPolicy, [&core](const Call& call, model::GetLayerVersionPolicyRequest request) {
    return get(core, call, std::move(request));
  });
}

}  // namespace signalbox::lambda
