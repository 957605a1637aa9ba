#include "services/sns/topic_attributes.h"

#include <algorithm>

#include "base/encoding.h"
#include "json/json.h"
#include "policy/document.h"
#include "services/sns/archive.h"

namespace signalbox::sns {
namespace {

constexpr std::size_t kMaxPolicyBytes = 30 * 1024;
constexpr std::size_t kMaxDisplayName = 100;
constexpr std::size_t kMaxKeyId = 2048;  // of KMS
constexpr std::string_view kTopicActions[] = {"SNS:GetTopicAttributes",
                                              "SNS:SetTopicAttributes",
                                              "SNS:AddPermission",
                                              "SNS:RemovePermission",
                                              "SNS:DeleteTopic",
                                              "SNS:Subscribe",
                                              "SNS:ListSubscriptionsByTopic",
                                              "SNS:Publish"};

char lower(unsigned char c) {
  return static_cast<char>(std::tolower(c));
}

bool is_statement(json::Value value) {
  const auto effect = value.find("Effect");
  return effect && (effect->is("Allow") || effect->is("Deny")) && value.find("Action") && value.find("Principal");
}

bool are_statements(json::Value value) {
  if (!value.is_array()) return is_statement(value);
  for (const json::Value statement : value.elements()) {
    if (!is_statement(statement)) return false;
  }
  return value.size() > 0;
}

Result<bool> read_flag(const std::string& name, const std::string& value) {
  if (value == "true" || value == "false") return value == "true";
  return invalid(name, "Invalid value [" + value + "]. Must be true or false.");
}

Result<void> fifo_only(const TopicId& id, const std::string& name) {
  if (id.fifo()) return {};
  return invalid("Attributes", name + " can only be set on FIFO topics");
}

Result<void> read_one(const TopicId& id, const std::string& name, const std::string& value, TopicSettings& settings) {
  if (name == "DisplayName") {
    const bool good = is_utf8(value) && value.size() <= kMaxDisplayName &&
                      std::ranges::none_of(value, [](unsigned char c) { return c < ' ' || c == 127; });
    if (!good) return invalid("DisplayName", "A display name has at most 100 characters and no control characters");
    settings.display_name = value;
    return {};
  }
  if (name == "Policy") return check_policy(value);
  if (name == "DeliveryPolicy") {
    auto policy = read_topic_policy(value);
    if (!policy) return std::unexpected(std::move(policy).error());
    settings.http = *std::move(policy);
    return {};
  }
  if (name == "SignatureVersion") {
    if (value != "1" && value != "2") return invalid("SignatureVersion", "Must be 1 or 2");
    settings.signature_version = value == "1" ? 1 : 2;
    return {};
  }
  if (name == "TracingConfig") {
    if (value == "PassThrough") return {};
    if (value == "Active")
      return not_supported_yet("TracingConfig Active", ": segments are sent to no tracing service");
    return invalid("TracingConfig", "Must be PassThrough or Active");
  }
  if (name == "FifoTopic") {
    const auto fifo = read_flag(name, value);
    if (!fifo) return std::unexpected(fifo.error());
    if (*fifo == id.fifo()) return {};
    return *fifo ? invalid(
                       "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase "
                       "ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 "
                       "characters long.")
                 : invalid("Topic Name");
  }
  if (name == "ContentBasedDeduplication") {
    const auto flag = read_flag(name, value);
    if (!flag) return std::unexpected(flag.error());
    if (*flag && !id.fifo()) return fifo_only(id, name);
    settings.content_based_deduplication = *flag;
    return {};
  }
  if (name == "FifoThroughputScope") {
    if (value != "Topic" && value != "MessageGroup")
      return invalid("FifoThroughputScope", "Must be Topic or MessageGroup");
    settings.deduplicate_by_group = value == "MessageGroup";
    return fifo_only(id, name);
  }
  if (name == "ArchivePolicy") {
    const auto days = read_archive_policy(value);
    if (!days) return std::unexpected(days.error());
    settings.archive_days = *days;
    return fifo_only(id, name);
  }
  if (name == "KmsMasterKeyId") {
    const bool good =
        value.size() <= kMaxKeyId && std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; });
    return good ? Result<void>() : invalid(name);
  }
  const auto logs = read_feedback(name, value, settings.feedback);
  if (!logs) return std::unexpected(logs.error());
  if (*logs) return {};
  return invalid("AttributeName");
}

}  // namespace

Result<TopicSettings> read_settings(const TopicId& id, const Attributes& attributes) {
  TopicSettings settings;
  for (const auto& [name, value] : attributes) {
    Result<void> read = read_one(id, name, value, settings);
    if (!read) return std::unexpected(std::move(read).error());
  }
  if (id.fifo()) {
    const auto fifo = attributes.find("FifoTopic");
    if (fifo == attributes.end() || fifo->second != "true") return invalid("Topic Name");
  }
  return settings;
}

void tidy(const TopicId& id, Attributes& attributes) {
  for (const char* name : {"FifoTopic", "ContentBasedDeduplication"}) {
    const auto found = attributes.find(name);
    if (found != attributes.end()) std::ranges::transform(found->second, found->second.begin(), lower);
  }
  const auto fifo = attributes.find("FifoTopic");
  if (fifo != attributes.end() && fifo->second == "false" && !id.fifo()) attributes.erase(fifo);
}

std::string_view default_of(std::string_view name) {
  if (name == "ContentBasedDeduplication") return "false";
  if (name == "SignatureVersion") return "1";
  return name == "TracingConfig" ? "PassThrough" : "";
}

Result<void> set_attribute(const TopicId& id, TopicRecord& record, const std::string& name, const std::string& value) {
  if (name == "FifoTopic") return invalid("AttributeName", "FifoTopic cannot be changed");
  Attributes changed = record.attributes;
  const bool no_archive = name == "ArchivePolicy" && value == "{}";
  if (value.empty() || no_archive) {
    TopicSettings ignored;
    const bool known =
        changed.contains(name) || no_archive || name == "DisplayName" || name == "Policy" || name == "DeliveryPolicy";
    if (!known) {
      Result<void> read = read_one(id, name, value, ignored);
      if (!read) return read;
    }
    changed.erase(name);
  } else {
    changed[name] = value;
    tidy(id, changed);
  }
  const auto settings = read_settings(id, changed);
  if (!settings) return std::unexpected(settings.error());
  record.attributes = std::move(changed);
  return {};
}

std::string default_policy(const TopicId& id) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.member("Version", "2008-10-17");
  writer.member("Id", "__default_policy_ID");
  writer.key("Statement");
  writer.begin_array();
  writer.begin_object();
  writer.member("Sid", "__default_statement_ID");
  writer.member("Effect", "Allow");
  writer.key("Principal");
  writer.begin_object();
  writer.member("AWS", "*");
  writer.end_object();
  writer.key("Action");
  writer.begin_array();
  for (const std::string_view action : kTopicActions) writer.string(action);
  writer.end_array();
  writer.member("Resource", id.arn());
  writer.key("Condition");
  writer.begin_object();
  writer.key("StringEquals");
  writer.begin_object();
  writer.member("AWS:SourceOwner", id.scope.account);
  writer.end_object();
  writer.end_object();
  writer.end_object();
  writer.end_array();
  writer.end_object();
  return text;
}

Result<void> check_policy(std::string_view policy) {
  if (policy.size() > kMaxPolicyBytes) return invalid("Policy", "Policy is larger than 30 KB");
  json::Document document;
  const auto root = document.parse(policy);
  if (!root || !root->is_object()) return invalid("Policy", "failed to parse JSON.");
  const auto statements = root->find("Statement");
  if (!statements || !are_statements(*statements)) {
    return invalid("Policy", "Policy statement must have Effect, Principal and Action");
  }
  const auto compiled = policy::Document::parse(policy, policy::DocumentKind::kResource);
  if (!compiled) return invalid("Policy", compiled.error().message);
  return {};
}

}  // namespace signalbox::sns
