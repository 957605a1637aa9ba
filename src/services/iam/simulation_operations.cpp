// What policies would decide: SimulateCustomPolicy, SimulatePrincipalPolicy, and the context keys that they read.

#include <set>

#include "policy/evaluate.h"
#include "policy/validate.h"
#include "services/iam/aws_policies.h"
#include "services/iam/names.h"

namespace signalbox::iam {
namespace {

/// Where a statement comes from, as SourcePolicyId and SourcePolicyType tell it.
struct Source {
  std::string id;
  std::string type;
};

/// The policies and the caller of one simulation. Not copied: it points into itself.
class Simulation {
 public:
  explicit Simulation(const View& view) : view_(view) { principal_.type = policy::PrincipalType::kUser; }
  Simulation(const Simulation&) = delete;

  /// The entity whose policies are tried, by its ARN. Errors: NoSuchEntity, InvalidInput.
  Result<void> add_entity(const std::string& arn);
  Result<void> add_texts(const std::vector<std::string>& texts);
  Result<void> set_boundary(const std::vector<std::string>& texts);
  Result<void> set_resource_policy(const std::string& text);
  Result<void> set_caller(const std::string& arn);
  void set_owner(const std::string& owner);
  void add_context(const std::vector<m::ContextEntry>& entries);

  m::EvaluationResult decide(const std::string& action, const std::string& resource) const;
  std::vector<std::string> context_keys() const;

 private:
  void add(const PolicyPtr& document, Source source);
  void add_identity(const Identity& identity, const std::string& kind);
  std::vector<m::Statement> shown(const std::vector<policy::MatchedStatement>& matched) const;

  const View& view_;
  std::vector<PolicyPtr> kept_;
  std::vector<const policy::Document*> identity_;
  PolicyPtr boundary_;
  PolicyPtr resource_;
  std::map<const policy::Document*, Source> sources_;
  policy::Context context_;
  policy::Principal principal_;
  std::string arn_;
  std::string id_;
  std::string owner_;
  Tags tags_;
};

std::unexpected<Error> bad_input(std::string message) {
  return fail(m::errors::kInvalidInputException, std::move(message));
}

Result<PolicyPtr> compiled(const std::string& text, policy::DocumentKind kind) {
  auto document = policy::validate(text, kind);
  if (!document) return bad_input(document.error().message);
  return std::make_shared<const policy::Document>(*std::move(document));
}

void Simulation::add(const PolicyPtr& document, Source source) {
  kept_.push_back(document);
  identity_.push_back(document.get());
  sources_[document.get()] = std::move(source);
}

void Simulation::add_identity(const Identity& identity, const std::string& kind) {
  for (const auto& [name, policy] : identity.inline_policies) {
    add(policy.document, {kind + "_" + identity.name + "_" + name, "IAM Policy"});
  }
  for (const std::string& arn : identity.attached) {
    if (const auto managed = find_managed(view_.account(), arn)) {
      add(managed->current().policy.document, {managed->name, "IAM Policy"});
    }
  }
}

Result<void> Simulation::add_entity(const std::string& arn) {
  const Account& account = view_.account();
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "iam" || parsed->account != account.id) {
    return bad_input("Invalid Entity Arn: " + arn + " does not clearly define entity type and name.");
  }
  const std::string name = parsed->resource.substr(parsed->resource.rfind('/') + 1);
  const Identity* entity = nullptr;
  if (parsed->resource.starts_with("user/")) {
    const auto user = need<User>(account, name);
    if (!user) return std::unexpected(user.error());
    for (const std::string& of : (*user)->groups) {
      if (const auto group = account.find<Group>(of)) add_identity(*group, "group");
    }
    entity = user->get();
    add_identity(*entity, "user");
    arn_ = arn_of(account, **user);
  } else if (parsed->resource.starts_with("role/")) {
    const auto role = need<Role>(account, name);
    if (!role) return std::unexpected(role.error());
    entity = role->get();
    add_identity(*entity, "role");
    arn_ = arn_of(account, **role);
  } else if (parsed->resource.starts_with("group/")) {
    const auto group = need<Group>(account, name);
    if (!group) return std::unexpected(group.error());
    add_identity(**group, "group");
    return {};
  } else {
    return bad_input("Invalid Entity Arn: " + arn + " does not clearly define entity type and name.");
  }
  if (!entity->boundary.empty()) {
    if (const auto managed = find_managed(account, entity->boundary)) {
      boundary_ = managed->current().policy.document;
      sources_[boundary_.get()] = {managed->name, "IAM Permissions Boundary Policy"};
    }
  }
  id_ = entity->id;
  tags_ = entity->tags;
  return {};
}

Result<void> Simulation::add_texts(const std::vector<std::string>& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto document = compiled(texts[i], policy::DocumentKind::kInline);
    if (!document) return std::unexpected(document.error());
    add(*document, {"PolicyInputList." + std::to_string(i + 1), "IAM Policy"});
  }
  return {};
}

Result<void> Simulation::set_boundary(const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  if (texts.size() > 1) return bad_input("Only one permissions boundary can be simulated.");
  const auto document = compiled(texts[0], policy::DocumentKind::kInline);
  if (!document) return std::unexpected(document.error());
  boundary_ = *document;
  sources_[boundary_.get()] = {"PermissionsBoundaryPolicyInputList.1", "IAM Permissions Boundary Policy"};
  return {};
}

Result<void> Simulation::set_resource_policy(const std::string& text) {
  const auto document = compiled(text, policy::DocumentKind::kResource);
  if (!document) return std::unexpected(document.error());
  resource_ = *document;
  sources_[resource_.get()] = {"ResourcePolicy", "Resource Policy"};
  return {};
}

Result<void> Simulation::set_caller(const std::string& arn) {
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "iam" || !parsed->resource.starts_with("user/")) {
    return bad_input("CallerArn " + arn + " is not the ARN of a user.");
  }
  arn_ = arn;
  return {};
}

/// An account, or its root's ARN.
void Simulation::set_owner(const std::string& owner) {
  const auto parsed = cloud::Arn::parse(owner);
  owner_ = parsed ? parsed->account : owner;
}

void Simulation::add_context(const std::vector<m::ContextEntry>& entries) {
  for (const m::ContextEntry& entry : entries) {
    if (!entry.context_key_name || !entry.context_key_values) continue;
    for (const std::string& value : *entry.context_key_values) context_.add(*entry.context_key_name, value);
  }
}

std::vector<m::Statement> Simulation::shown(const std::vector<policy::MatchedStatement>& matched) const {
  std::vector<m::Statement> all;
  for (const policy::MatchedStatement& one : matched) {
    const auto source = sources_.find(one.document);
    m::Statement out;
    if (source != sources_.end()) {
      out.source_policy_id = source->second.id;
      out.source_policy_type = source->second.type;
    }
    out.start_position = m::Position{one.statement->start.line, one.statement->start.column};
    out.end_position = m::Position{one.statement->end.line, one.statement->end.column};
    all.push_back(std::move(out));
  }
  return all;
}

m::EvaluationResult Simulation::decide(const std::string& action, const std::string& resource) const {
  std::vector<policy::Tag> tags;
  for (const auto& [key, value] : tags_) tags.push_back({key, value});
  policy::Request request;
  request.principal = principal_;
  request.principal.arn = arn_;
  request.principal.account = view_.account().id;
  request.principal.user_id = id_;
  request.principal.tags = tags;
  request.action = action;
  request.resource = resource;
  request.resource_account = owner_;
  request.context = &context_;
  policy::Policies policies;
  policies.identity = identity_;
  policies.boundary = boundary_.get();
  policies.resource = resource_.get();
  const policy::Explanation explanation = policy::explain(request, policies);
  m::EvaluationResult out;
  out.eval_action_name = action;
  out.eval_resource_name = resource;
  const auto outcome = explanation.decision.outcome;
  out.eval_decision = outcome == policy::Outcome::kAllowed        ? "allowed"
                      : outcome == policy::Outcome::kExplicitDeny ? "explicitDeny"
                                                                  : "implicitDeny";
  out.matched_statements = shown(explanation.matched);
  out.missing_context_values = explanation.missing_context_keys;
  if (boundary_) {
    out.permissions_boundary_decision_detail = m::PermissionsBoundaryDecisionDetail{explanation.boundary_allows};
  }
  return out;
}

std::vector<std::string> Simulation::context_keys() const {
  std::set<std::string> names;
  for (const policy::Document* document : identity_) {
    names.insert(document->context_keys().begin(), document->context_keys().end());
  }
  return {names.begin(), names.end()};
}

template <class Request>
Result<m::SimulatePolicyResponse> simulate(Simulation& simulation, const Request& request) {
  Result<void> done =
      simulation.set_boundary(request.permissions_boundary_policy_input_list.value_or(std::vector<std::string>{}));
  if (done && request.resource_policy) done = simulation.set_resource_policy(*request.resource_policy);
  if (done && request.caller_arn) done = simulation.set_caller(*request.caller_arn);
  if (!done) return std::unexpected(std::move(done).error());
  if (request.resource_owner) simulation.set_owner(*request.resource_owner);
  if (request.resource_handling_option) {
    return bad_input("ResourceHandlingOption is not supported: it is about instances.");
  }
  if (request.context_entries) simulation.add_context(*request.context_entries);
  std::vector<std::string> resources = request.resource_arns.value_or(std::vector<std::string>{});
  if (resources.empty()) resources.emplace_back("*");
  std::vector<std::pair<std::string, m::EvaluationResult>> all;
  for (const std::string& action : *request.action_names) {
    if (action.find(':') == std::string::npos) return bad_input("Invalid Action Name: " + action);
    for (const std::string& resource : resources) {
      std::string place = std::to_string(all.size());
      place.insert(0, 8 - std::min<std::size_t>(8, place.size()), '0');
      all.emplace_back(std::move(place), simulation.decide(action, resource));
    }
  }
  m::SimulatePolicyResponse answer;
  auto page = page_of<m::EvaluationResult>("iam.simulation", std::move(all), request, answer);
  if (!page) return std::unexpected(page.error());
  answer.evaluation_results = *std::move(page);
  return answer;
}

Result<m::SimulatePolicyResponse> simulate_principal(const View& view, const m::SimulatePrincipalPolicyRequest& r) {
  Simulation simulation(view);
  Result<void> done = simulation.add_entity(*r.policy_source_arn);
  if (done && r.policy_input_list) done = simulation.add_texts(*r.policy_input_list);
  if (!done) return std::unexpected(std::move(done).error());
  return simulate(simulation, r);
}

Result<m::SimulatePolicyResponse> simulate_custom(const View& view, const m::SimulateCustomPolicyRequest& r) {
  Simulation simulation(view);
  Result<void> done = simulation.add_texts(*r.policy_input_list);
  if (!done) return std::unexpected(std::move(done).error());
  return simulate(simulation, r);
}

Result<m::GetContextKeysForPolicyResponse> keys_of_custom(const View& view,
                                                          const m::GetContextKeysForCustomPolicyRequest& r) {
  Simulation simulation(view);
  Result<void> done = simulation.add_texts(*r.policy_input_list);
  if (!done) return std::unexpected(std::move(done).error());
  return m::GetContextKeysForPolicyResponse{simulation.context_keys()};
}

Result<m::GetContextKeysForPolicyResponse> keys_of_principal(const View& view,
                                                             const m::GetContextKeysForPrincipalPolicyRequest& r) {
  Simulation simulation(view);
  Result<void> done = simulation.add_entity(*r.policy_source_arn);
  if (done && r.policy_input_list) done = simulation.add_texts(*r.policy_input_list);
  if (!done) return std::unexpected(std::move(done).error());
  return m::GetContextKeysForPolicyResponse{simulation.context_keys()};
}

}  // namespace

void register_simulation_operations(Core& core) {
  reads(core, m::kSimulatePrincipalPolicy, simulate_principal);
  reads(core, m::kSimulateCustomPolicy, simulate_custom);
  reads(core, m::kGetContextKeysForCustomPolicy, keys_of_custom);
  reads(core, m::kGetContextKeysForPrincipalPolicy, keys_of_principal);
}

}  // namespace signalbox::iam
