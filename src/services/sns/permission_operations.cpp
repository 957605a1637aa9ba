// AddPermission and RemovePermission: single statements of a topic's policy.

#include <algorithm>

#include "json/json.h"
#include "models/sns.h"
#include "services/sns/core.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

constexpr std::string_view kActions[] = {"Publish",
                                         "Subscribe",
                                         "GetTopicAttributes",
                                         "SetTopicAttributes",
                                         "AddPermission",
                                         "RemovePermission",
                                         "DeleteTopic",
                                         "ListTagsForResource",
                                         "ListSubscriptionsByTopic",
                                         "GetDataProtectionPolicy",
                                         "TagResource",
                                         "UntagResource",
                                         "PutDataProtectionPolicy"};
constexpr std::size_t kMaxLabel = 100;

/// The members of a policy as they are, but for its statements, which come apart with their Sids.
struct Policy {
  std::vector<std::pair<std::string, std::string>> members;
  std::vector<std::pair<std::string, std::string>> statements;
};

std::string minified(json::Value value) {
  std::string text;
  json::append_minified(text, value);
  return text;
}

Policy read_policy(const std::string& text) {
  Policy policy;
  json::Document document;
  const auto root = document.parse(text);
  if (!root) return policy;
  const auto add = [&](json::Value statement) {
    const auto sid = statement.find("Sid");
    policy.statements.emplace_back(sid && sid->is_string() ? sid->as_string() : "", minified(statement));
  };
  for (const auto [key, value] : root->members()) {
    if (!key.is("Statement")) {
      policy.members.emplace_back(key.as_string(), minified(value));
    } else if (value.is_array()) {
      for (const json::Value statement : value.elements()) add(statement);
    } else {
      add(value);
    }
  }
  return policy;
}

std::string text_of(const Policy& policy) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  for (const auto& [name, value] : policy.members) {
    writer.key(name);
    writer.raw(value);
  }
  writer.key("Statement");
  writer.begin_array();
  for (const auto& [sid, statement] : policy.statements) writer.raw(statement);
  writer.end_array();
  writer.end_object();
  return text;
}

void write_list(json::Writer& writer, const std::vector<std::string>& values) {
  if (values.size() == 1) return writer.string(values.front());
  writer.begin_array();
  for (const std::string& value : values) writer.string(value);
  writer.end_array();
}

std::string statement_of(const std::string& topic, const m::AddPermissionInput& request) {
  std::vector<std::string> principals;
  for (const std::string& account : *request.aws_account_id) principals.push_back("arn:aws:iam::" + account + ":root");
  std::vector<std::string> actions;
  for (const std::string& action : *request.action_name) actions.push_back("SNS:" + action);
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.member("Sid", *request.label);
  writer.member("Effect", "Allow");
  writer.key("Principal");
  writer.begin_object();
  writer.key("AWS");
  write_list(writer, principals);
  writer.end_object();
  writer.key("Action");
  write_list(writer, actions);
  writer.member("Resource", topic);
  writer.end_object();
  return text;
}

Result<void> check(const m::AddPermissionInput& request) {
  if (request.label->empty() || request.label->size() > kMaxLabel) return invalid("Label");
  if (request.aws_account_id->empty()) return invalid("AWSAccountId");
  if (request.action_name->empty()) return invalid("ActionName");
  for (const std::string& account : *request.aws_account_id) {
    if (!cloud::is_account_id(account)) return invalid("AWSAccountId", "Unable to verify.");
  }
  for (const std::string& action : *request.action_name) {
    if (std::ranges::count(kActions, std::string_view(action)) != 0) continue;
    return invalid("Policy statement action out of service scope!");
  }
  return {};
}

/// Changes the statements of the topic's policy.
template <class Change>
asio::awaitable<Result<void>> change(Core& core, TopicPtr topic, Change changes) {
  Result<void> done = co_await in_turn(topic, [&](Topic& mine) -> asio::awaitable<Result<void>> {
    TopicRecord record = mine.state()->record;
    const auto present = record.attributes.find("Policy");
    Policy policy = read_policy(present == record.attributes.end() ? default_policy(mine.id) : present->second);
    Result<void> changed = changes(policy);
    if (!changed) co_return changed;
    record.attributes.erase("Policy");  // without statements, the one that holds by default
    if (!policy.statements.empty()) record.attributes["Policy"] = text_of(policy);
    Result<void> saved = co_await save(core, mine, std::move(record));
    co_return saved;
  });
  co_return done;
}

asio::awaitable<Result<m::AddPermissionResponse>> add(Core& core, const Call& call, m::AddPermissionInput request) {
  const auto topic = find_topic(core, call, *request.topic_arn);
  if (!topic) co_return std::unexpected(topic.error());
  Result<void> checked = check(request);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  Result<void> done = co_await change(core, *topic, [&](Policy& policy) -> Result<void> {
    const auto same = [&](const auto& statement) { return statement.first == *request.label; };
    if (std::ranges::any_of(policy.statements, same)) return invalid("Statement already exists");
    policy.statements.emplace_back(*request.label, statement_of((*topic)->arn, request));
    return {};
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::AddPermissionResponse{};
}

asio::awaitable<Result<m::RemovePermissionResponse>> remove(Core& core, const Call& call,
                                                            m::RemovePermissionInput request) {
  const auto topic = find_topic(core, call, *request.topic_arn);
  if (!topic) co_return std::unexpected(topic.error());
  // Removing what is not there is no error.
  Result<void> done = co_await change(core, *topic, [&](Policy& policy) -> Result<void> {
    std::erase_if(policy.statements, [&](const auto& statement) { return statement.first == *request.label; });
    return {};
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::RemovePermissionResponse{};
}

}  // namespace

void register_permission_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kAddPermission,
              [&core](const Call& call, m::AddPermissionInput request) { return add(core, call, std::move(request)); });
  door.handle(m::kRemovePermission, [&core](const Call& call, m::RemovePermissionInput request) {
    return remove(core, call, std::move(request));
  });
}

}  // namespace signalbox::sns
