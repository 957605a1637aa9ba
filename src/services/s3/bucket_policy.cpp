#include "services/s3/bucket_policy.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "json/json.h"
#include "services/s3/access.h"
#include "services/s3/policy_actions.h"
#include "services/s3/request_keys.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kMaxPolicyBytes = 20 * 1024;
constexpr std::string_view kPolicyFields[] = {"Version", "Id", "Statement"};
constexpr std::string_view kStatementFields[] = {"Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
                                                 "NotAction", "Resource", "NotResource", "Condition"};

std::unexpected<Error> malformed(std::string message) {
  return fail("MalformedPolicy", std::move(message), 400);
}

Result<void> check_fields(json::Value value, std::span<const std::string_view> known) {
  for (const auto [name, member] : value.members()) {
    if (std::ranges::count(known, name.as_string()) == 0) return malformed("Unknown field " + name.as_string());
  }
  return {};
}

/// The texts of one or of a list; empty where it is anything else.
std::optional<std::vector<std::string>> texts_of(json::Value value) {
  if (value.is_string()) return std::vector{value.as_string()};
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const json::Value one : value.elements()) {
    if (!one.is_string()) return std::nullopt;
    texts.push_back(one.as_string());
  }
  return texts;
}

/// Whether a resource of a statement may be the bucket, and whether something in it.
PolicyActions place_of(std::string_view resource, std::string_view arn) {
  const auto wild = resource.find_first_of("*?$");
  const std::string_view fixed = resource.substr(0, wild);
  const bool within = fixed.size() > arn.size() && fixed.starts_with(arn) && fixed[arn.size()] == '/';
  if (within || wild == std::string_view::npos) return {resource == arn, within};
  const bool may_be = fixed.starts_with("arn:") && arn.starts_with(fixed);
  return {may_be, may_be};
}

/// What the statement's actions and resources are, and whether each action can be done with one of the resources.
Result<void> check_actions(json::Value statement, std::string_view arn) {
  PolicyActions places{true, true};
  if (const auto resources = statement.find("Resource")) {
    const auto texts = texts_of(*resources);
    if (!texts || texts->empty()) return malformed("Policy has invalid resource");
    places = {};
    for (const std::string& text : *texts) {
      const PolicyActions place = place_of(text, arn);
      if (!place.of_buckets && !place.of_objects) return malformed("Policy has invalid resource");
      places.of_buckets = places.of_buckets || place.of_buckets;
      places.of_objects = places.of_objects || place.of_objects;
    }
  } else if (!statement.find("NotResource")) {
    return malformed("Missing required field Resource");
  }
  const auto actions = statement.find("Action");
  const auto listed = actions ? actions : statement.find("NotAction");
  if (!listed) return malformed("Missing required field Action");
  const auto texts = texts_of(*listed);
  if (!texts || texts->empty()) return malformed("Policy has invalid action");
  for (const std::string& text : *texts) {
    const PolicyActions action = policy_actions(text);
    if (!action.of_buckets && !action.of_objects) return malformed("Policy has invalid action");
    const bool applies = (action.of_buckets && places.of_buckets) || (action.of_objects && places.of_objects);
    if (actions && !applies) return malformed("Action does not apply to any resource(s) in statement");
  }
  return {};
}

Result<void> check_statement(json::Value statement, std::string_view arn) {
  if (!statement.is_object()) return malformed("This policy contains invalid Json");
  Result<void> known = check_fields(statement, kStatementFields);
  if (!known) return known;
  const auto effect = statement.find("Effect");
  if (!effect) return malformed("Missing required field Effect");
  if (!effect->is("Allow") && !effect->is("Deny")) {
    return malformed("Invalid effect: " + (effect->is_string() ? effect->as_string() : std::string(effect->raw())));
  }
  if (!statement.find("Principal") && !statement.find("NotPrincipal")) {
    return malformed("Missing required field Principal");
  }
  return check_actions(statement, arn);
}

Result<void> check_policy(json::Value root, std::string_view arn) {
  Result<void> known = check_fields(root, kPolicyFields);
  if (!known) return known;
  const auto version = root.find("Version");
  if (version && !version->is("2012-10-17") && !version->is("2008-10-17")) {
    return malformed("The policy must contain a valid version string");
  }
  const auto statements = root.find("Statement");
  if (!statements) return malformed("Missing required field Statement");
  if (!statements->is_array()) return check_statement(*statements, arn);
  if (statements->size() == 0) return malformed("Could not parse the policy: Statement is empty!");
  for (const json::Value statement : statements->elements()) {
    Result<void> good = check_statement(statement, arn);
    if (!good) return good;
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const policy::Document>> read_bucket_policy(const Bucket& bucket, const std::string& text) {
  if (text.size() > kMaxPolicyBytes) {
    return s3_error("PolicyTooLarge", "The policy exceeds the maximum allowed document size.", 400);
  }
  if (!text.starts_with('{')) return malformed("Policies must be valid JSON and the first byte must be '{'");
  json::Document parsed;
  const auto root = parsed.parse(text);
  if (!root) return malformed("This policy contains invalid Json");
  Result<void> good = check_policy(*root, bucket.arn());
  if (!good) return std::unexpected(std::move(good).error());
  auto document = policy::Document::parse(text, policy::DocumentKind::kResource);
  if (!document) {
    // Of principals S3 says less than others: which it was stands in a member of the error.
    constexpr std::string_view kPrincipal = "Invalid principal in policy";
    const std::string& why = document.error().message;
    if (!why.starts_with(kPrincipal)) return malformed(why);
    const std::string detail = why.size() > kPrincipal.size() + 2 ? why.substr(kPrincipal.size() + 2) : "";
    return s3_error("MalformedPolicy", std::string(kPrincipal), 400, {{"Detail", detail}});
  }
  for (const policy::Statement& statement : document->statements()) {
    if (statement.allows && statement.who == policy::Statement::Who::kAllBut) {
      return malformed("Allow with NotPrincipal is not allowed.");
    }
  }
  if (!std::ranges::all_of(document->context_keys(), is_condition_key)) {
    return malformed("Policy has an invalid condition key");
  }
  return std::make_shared<const policy::Document>(*std::move(document));
}

}  // namespace signalbox::s3
