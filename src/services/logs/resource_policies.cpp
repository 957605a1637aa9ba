#include "services/logs/resource_policies.h"

#include <mutex>

#include "cloud/paging.h"
#include "cloud/saved_policy.h"
#include "json/json.h"
#include "models/logs.h"
#include "services/logs/core.h"
#include "store/spaces.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

/// AWS's quotas in an account and Region ("CloudWatch Logs quotas"); the model bounds the document.
constexpr std::size_t kMaxPolicies = 10;
constexpr std::int32_t kMaxPolicyPage = 50;
constexpr std::string_view kSpace = "logs.resource-policy";
constexpr std::string_view kListing = "DescribeResourcePolicies";

store::Key key_of(const cloud::Scope& scope, std::string_view name) {
  return store::Key(kSpace).text(scope.account).text(scope.region).text(name);
}

std::unexpected<Error> broken() {
  return fail("StoreError", "A resource policy of CloudWatch Logs in the store cannot be read.");
}

/// Without its Sid, which is unique in its own document only.
void append_statement(json::Writer& writer, json::Value statement) {
  writer.begin_object();
  for (const auto& [key, value] : statement.members()) {
    if (key.is("Sid")) continue;
    writer.key(key.as_string());
    writer.raw(value.raw());
  }
  writer.end_object();
}

/// The statements of a document that was checked.
void append_statements(json::Writer& writer, const std::string& text) {
  json::Document document;
  const auto root = document.parse(text);
  const auto statements = root ? root->find("Statement") : std::nullopt;
  if (!statements) return;
  if (!statements->is_array()) return append_statement(writer, *statements);
  for (const json::Value one : statements->elements()) append_statement(writer, one);
}

m::ResourcePolicy shown(const Core& core, const ResourcePolicy& policy) {
  m::ResourcePolicy out;
  out.policy_name = policy.name;
  out.policy_document = cloud::shown_policy(core.house, policy.document);
  out.last_updated_time = policy.updated;
  return out;
}

/// Runs `work()` where resource policies are changed, alone.
template <class Work>
auto alone(Core& core, Work work) -> std::invoke_result_t<Work&> {
  auto in_turn = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await core.resource_policies.turns().take();
    co_return co_await work();
  };
  co_return co_await cloud::on(core.house.shards.at(0), std::ref(in_turn));
}

asio::awaitable<Result<m::PutResourcePolicyResponse>> put(Core& core, const Call& call,
                                                          m::PutResourcePolicyRequest request) {
  if (request.resource_arn) co_return not_supported("resourceArn", "policies are of the whole account and Region");
  if (!request.policy_name || !request.policy_document) {
    co_return invalid("policyName and policyDocument must be given.");
  }
  auto checked = policy::Document::parse(*request.policy_document, policy::DocumentKind::kResource);
  if (!checked) co_return fail("InvalidParameterException", "Invalid policy document: " + checked.error().message);
  cloud::SavedPolicy saved = cloud::save_policy(core.house, call.scope.account, *request.policy_document);
  if (saved.unknown)
    co_return fail("InvalidParameterException", "Invalid policy document: " + saved.unknown->message());
  ResourcePolicy made{*request.policy_name, std::move(saved.text), millis_of(core.house.clock.now())};
  auto work = [&]() -> asio::awaitable<Result<void>> {
    const auto known = core.resource_policies.of(call.scope);
    if (!known.contains(made.name) && known.size() >= kMaxPolicies) {
      co_return fail("LimitExceededException", "Resource limit exceeded.");
    }
    store::Batch batch;
    batch.put(key_of(call.scope, made.name), store::encode(made));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) core.resource_policies.put(call.scope, made);
    co_return done;
  };
  Result<void> done = co_await alone(core, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::PutResourcePolicyResponse response;
  response.resource_policy = shown(core, made);
  co_return response;
}

asio::awaitable<Result<m::DeleteResourcePolicyResponse>> remove(Core& core, const Call& call,
                                                                m::DeleteResourcePolicyRequest request) {
  if (request.resource_arn) co_return not_supported("resourceArn", "policies are of the whole account and Region");
  const std::string name = request.policy_name.value_or("");
  auto work = [&]() -> asio::awaitable<Result<void>> {
    if (!core.resource_policies.of(call.scope).contains(name)) {
      co_return fail("ResourceNotFoundException", "Policy with name [" + name + "] does not exist");
    }
    store::Batch batch;
    batch.erase(key_of(call.scope, name));
    Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (done) core.resource_policies.erase(call.scope, name);
    co_return done;
  };
  Result<void> done = co_await alone(core, std::ref(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteResourcePolicyResponse{};
}

asio::awaitable<Result<m::DescribeResourcePoliciesResponse>> describe(Core& core, const Call& call,
                                                                      m::DescribeResourcePoliciesRequest request) {
  if (request.resource_arn) co_return not_supported("resourceArn", "policies are of the whole account and Region");
  std::string after;
  if (request.next_token) {
    const auto token = cloud::read_page_token(kListing, *request.next_token);
    if (!token) co_return invalid("The specified nextToken is invalid.");
    after = *token;
  }
  m::DescribeResourcePoliciesResponse response;
  auto& list = response.resource_policies.emplace();
  const auto all = core.resource_policies.of(call.scope);
  const auto most = static_cast<std::size_t>(request.limit.value_or(kMaxPolicyPage));
  for (auto at = all.upper_bound(after); at != all.end(); ++at) {
    if (list.size() == most) {
      response.next_token = cloud::make_page_token(kListing, *list.back().policy_name);
      break;
    }
    list.push_back(shown(core, at->second));
  }
  co_return response;
}

}  // namespace

Result<void> ResourcePolicies::load(const store::Snapshot& snapshot) {
  Result<void> done = store::each_record(snapshot, store::Key(kSpace),
                                         [this](std::string_view key, std::string_view value) -> Result<void> {
                                           store::KeyReader reader(key);
                                           reader.text();
                                           cloud::Scope scope{reader.text().value_or(""), reader.text().value_or("")};
                                           auto policy = store::decode<ResourcePolicy>(value);
                                           if (!policy) return broken();
                                           std::string name = policy->name;
                                           sets_[std::move(scope)].policies[std::move(name)] = *std::move(policy);
                                           return {};
                                         });
  for (auto& [scope, set] : sets_) combine(set);
  return done;
}

ResourcePolicies::ByName ResourcePolicies::of(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  const auto found = sets_.find(scope);
  return found == sets_.end() ? ByName() : found->second.policies;
}

void ResourcePolicies::put(const cloud::Scope& scope, ResourcePolicy policy) {
  const std::unique_lock lock(mutex_);
  Set& set = sets_[scope];
  std::string name = policy.name;
  set.policies[std::move(name)] = std::move(policy);
  combine(set);
}

void ResourcePolicies::erase(const cloud::Scope& scope, const std::string& name) {
  const std::unique_lock lock(mutex_);
  Set& set = sets_[scope];
  set.policies.erase(name);
  combine(set);
}

std::shared_ptr<const policy::Document> ResourcePolicies::combined(const cloud::Scope& scope) const {
  const std::shared_lock lock(mutex_);
  const auto found = sets_.find(scope);
  return found == sets_.end() ? nullptr : found->second.combined;
}

void ResourcePolicies::combine(Set& set) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.member("Version", "2012-10-17");
  writer.key("Statement");
  writer.begin_array();
  for (const auto& [name, policy] : set.policies) append_statements(writer, policy.document);
  writer.end_array();
  writer.end_object();
  set.combined = nullptr;
  auto document = policy::Document::parse(text, policy::DocumentKind::kResource);
  if (document) set.combined = std::make_shared<const policy::Document>(*std::move(document));
}

void register_resource_policies(Core& core) {
  cloud::Door& door = core.house.door;
  door.handle(m::kPutResourcePolicy, [&core](const Call& call, m::PutResourcePolicyRequest request) {
    return put(core, call, std::move(request));
  });
  door.handle(m::kDeleteResourcePolicy, [&core](const Call& call, m::DeleteResourcePolicyRequest request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kDescribeResourcePolicies, [&core](const Call& call, m::DescribeResourcePoliciesRequest request) {
    return describe(core, call, std::move(request));
  });
}

}  // namespace signalbox::logs
