// The attributes of a queue: which there are, and what values they take ("SetQueueAttributes" in the SQS API
// Reference).

#include <algorithm>
#include <charconv>

#include "json/json.h"
#include "services/sqs/queue.h"

namespace signalbox::sqs {
namespace {

constexpr std::uint32_t kMaxMaxReceives = 1000;
constexpr std::size_t kMaxKeyId = 2048;  // of KMS
constexpr const char* kDefaultKeyReuse = "300";

std::unexpected<Error> bad_value(std::string_view name) {
  return fail("InvalidAttributeValue", "Invalid value for the parameter " + std::string(name) + ".");
}

template <class Number>
bool read_number(const std::string& text, std::int64_t least, std::int64_t most, Number& out) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < least || value > most) return false;
  out = Number(value);
  return true;
}

/// "True" is as good as "true".
std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool read_flag(const std::string& given, bool& out) {
  const std::string text = lower_case(given);
  out = text == "true";
  return text == "true" || text == "false";
}

Result<void> read_redrive_policy(const std::string& text, bool fifo, Settings& settings) {
  settings.dead_letter_arn.clear();
  settings.max_receives = 0;
  if (text.empty()) return {};
  const auto bad = [&text](std::string_view why) {
    return fail("InvalidParameterValue",
                "Value " + text + " for parameter RedrivePolicy is invalid. Reason: " + std::string(why));
  };
  json::Document document;
  const auto policy = document.parse(text);
  if (!policy || !policy->is_object()) return bad("Redrive policy is not a valid JSON map.");
  const auto target = policy->find("deadLetterTargetArn");
  const auto count = policy->find("maxReceiveCount");
  if (!target || !target->is_string())
    return bad("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
  if (!count) return bad("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  const std::string arn = target->as_string();
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || parsed->service != "sqs") return bad("Invalid value for deadLetterTargetArn.");
  if (arn.ends_with(".fifo") != fifo) return bad("Dead-letter queue must be same type of queue as the source.");
  const std::string digits = count->is_string() ? count->as_string() : std::string(count->raw());
  if (!read_number(digits, 1, kMaxMaxReceives, settings.max_receives)) {
    return bad("Invalid value for maxReceiveCount: " + digits + ", valid values are from 1 to 1000 both inclusive.");
  }
  settings.dead_letter_arn = arn;
  return {};
}

constexpr std::size_t kMaxRedriveSources = 10;

/// {"redrivePermission": "allowAll" | "denyAll" | "byQueue", "sourceQueueArns": [...]}, the latter with byQueue only.
bool is_redrive_allow_policy(const std::string& text) {
  json::Document document;
  const auto policy = document.parse(text);
  const auto permission = policy ? policy->find("redrivePermission") : std::nullopt;
  if (!permission || !permission->is_string()) return false;
  auto sources = policy->find("sourceQueueArns");
  if (sources && sources->is_null()) sources.reset();
  if (permission->is("allowAll") || permission->is("denyAll")) return !sources;
  if (!permission->is("byQueue") || !sources || !sources->is_array()) return false;
  std::size_t count = 0;
  for (const json::Value source : sources->elements()) {
    if (!source.is_string() || !cloud::Arn::parse(source.as_string()) || ++count > kMaxRedriveSources) return false;
  }
  return count > 0;
}

/// The policy as SQS tells it: without what is null.
std::string tidy_redrive_allow_policy(const std::string& text) {
  json::Document document;
  const auto policy = document.parse(text);
  const auto permission = policy ? policy->find("redrivePermission") : std::nullopt;
  if (!permission) return text;
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("redrivePermission", permission->as_string());
  if (const auto sources = policy->find("sourceQueueArns"); sources && sources->is_array()) {
    writer.key("sourceQueueArns");
    writer.begin_array();
    for (const json::Value source : sources->elements()) writer.string(source.as_string());
    writer.end_array();
  }
  writer.end_object();
  return out;
}

/// A good value as it is kept and told.
std::string tidy(const std::string& name, const std::string& value) {
  if (name == "RedriveAllowPolicy" && is_redrive_allow_policy(value)) return tidy_redrive_allow_policy(value);
  const bool flag = name == "SqsManagedSseEnabled" || name == "FifoQueue" || name == "ContentBasedDeduplication";
  return flag ? lower_case(value) : value;
}

bool is_json_object(const std::string& text) {
  json::Document document;
  const auto value = document.parse(text);
  return value && value->is_object();
}

/// Attributes that only FIFO queues have.
Result<bool> read_fifo_attribute(const std::string& name, const std::string& value, bool fifo, Settings& settings) {
  const bool known = name == "FifoQueue" || name == "ContentBasedDeduplication" || name == "DeduplicationScope" ||
                     name == "FifoThroughputLimit";
  if (!known) return false;
  if (name == "FifoQueue") {
    bool wanted = false;
    if (!read_flag(value, wanted)) return bad_value(name);
    if (wanted && fifo) return true;
    if (wanted) {
      return fail(
          "InvalidParameterValue",
          "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
          "with .fifo suffix and be 1 to 80 in length.");
    }
    // As AWS: there is no saying that a queue is no FIFO queue.
    return fail("InvalidAttributeName", "Unknown Attribute FifoQueue.");
  }
  if (!fifo && name == "ContentBasedDeduplication") {
    return fail("InvalidAttributeName", "Unknown Attribute " + name + ".");
  }
  if (!fifo) {
    return fail("InvalidAttributeName", "You can specify the " + name + " only when FifoQueue is set to true.");
  }
  if (name == "ContentBasedDeduplication") {
    if (!read_flag(value, settings.content_based_deduplication)) return bad_value(name);
  } else if (name == "DeduplicationScope") {
    if (value != "queue" && value != "messageGroup") return bad_value(name);
    settings.deduplicate_by_group = value == "messageGroup";
  } else if (value != "perQueue" && value != "perMessageGroupId") {
    return bad_value(name);
  }
  return true;
}

Result<void> read_attribute(const std::string& name, const std::string& value, bool fifo, Settings& s) {
  bool good = true;
  if (name == "DelaySeconds") {
    good = read_number(value, 0, 900, s.delay);
  } else if (name == "MaximumMessageSize") {
    good = read_number(value, 1024, 1'048'576, s.max_message_bytes);
  } else if (name == "MessageRetentionPeriod") {
    good = read_number(value, 60, 1'209'600, s.retention);
  } else if (name == "ReceiveMessageWaitTimeSeconds") {
    good = read_number(value, 0, 20, s.receive_wait);
  } else if (name == "VisibilityTimeout") {
    good = read_number(value, 0, 43'200, s.visibility_timeout);
  } else if (name == "RedrivePolicy") {
    return read_redrive_policy(value, fifo, s);
  } else if (name == "Policy") {
    good = value.empty() || is_json_object(value);
  } else if (name == "RedriveAllowPolicy") {
    if (!value.empty() && !is_redrive_allow_policy(value)) {
      return fail("InvalidParameterValue", "Value " + value +
                                               " for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't "
                                               "create the redrive allow policy, as it's in an unsupported format.");
    }
  } else if (name == "SqsManagedSseEnabled") {
    bool ignored = false;
    good = read_flag(value, ignored);
  } else if (name == "KmsMasterKeyId") {
    s.sealed = !value.empty();
    good = value.size() <= kMaxKeyId && std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; });
  } else if (name == "KmsDataKeyReusePeriodSeconds") {
    std::int64_t ignored = 0;
    good = value.empty() || read_number(value, 60, 86'400, ignored);
  } else {
    Result<bool> of_fifo = read_fifo_attribute(name, value, fifo, s);
    if (!of_fifo) return std::unexpected(std::move(of_fifo).error());
    if (!*of_fifo) return fail("InvalidAttributeName", "Unknown Attribute " + name + ".");
  }
  if (!good) return bad_value(name);
  return {};
}

}  // namespace

bool allows_redrive(const std::string& policy, const std::string& source_arn) {
  json::Document document;
  const auto read = document.parse(policy);
  const auto permission = read ? read->find("redrivePermission") : std::nullopt;
  if (!permission || permission->is("allowAll")) return true;
  const auto sources = read->find("sourceQueueArns");
  if (permission->is("denyAll") || !sources) return false;
  for (const json::Value source : sources->elements()) {
    if (source.is(source_arn)) return true;
  }
  return false;
}

Result<Attributes> merge_attributes(Attributes present, const Attributes& changes) {
  const auto given = [&](std::string_view name) {
    const auto found = changes.find(name);
    return found == changes.end() ? std::string() : tidy(found->first, found->second);
  };
  const bool by_key = !given("KmsMasterKeyId").empty();
  const bool managed = given("SqsManagedSseEnabled") == "true";
  if (by_key && managed) {
    return fail("InvalidAttributeName",
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or "
                "SQS SSE.");
  }
  for (const auto& [name, value] : changes) present[name] = tidy(name, value);
  if (by_key) present["SqsManagedSseEnabled"] = "false";
  if (managed) {
    present.erase("KmsMasterKeyId");
    present.erase("KmsDataKeyReusePeriodSeconds");
  }
  return present;
}

Attributes setting_texts(const Attributes& attributes, const Settings& s, bool fifo) {
  Attributes texts = {{"SqsManagedSseEnabled", "true"}};
  if (fifo) {
    texts["DeduplicationScope"] = "queue";
    texts["FifoThroughputLimit"] = "perQueue";
  }
  for (const auto& [name, value] : attributes) {
    if (!value.empty()) texts[name] = value;  // an empty one is a policy that was taken away
  }
  if (texts.contains("KmsMasterKeyId")) {
    texts.try_emplace("KmsDataKeyReusePeriodSeconds", kDefaultKeyReuse);
  } else {
    texts.erase("KmsDataKeyReusePeriodSeconds");
  }
  texts["DelaySeconds"] = std::to_string(s.delay.count());
  texts["MaximumMessageSize"] = std::to_string(s.max_message_bytes);
  texts["MessageRetentionPeriod"] = std::to_string(s.retention.count());
  texts["ReceiveMessageWaitTimeSeconds"] = std::to_string(s.receive_wait.count());
  texts["VisibilityTimeout"] = std::to_string(s.visibility_timeout.count());
  if (!s.dead_letter_arn.empty()) {
    std::string& policy = texts["RedrivePolicy"];
    policy.clear();
    json::Writer writer(policy);
    writer.begin_object();
    writer.member("deadLetterTargetArn", s.dead_letter_arn);
    writer.key("maxReceiveCount");
    writer.raw(std::to_string(s.max_receives));
    writer.end_object();
  }
  if (fifo) {
    texts["FifoQueue"] = "true";
    texts["ContentBasedDeduplication"] = s.content_based_deduplication ? "true" : "false";
  }
  return texts;
}

Result<Settings> read_settings(const Attributes& attributes, bool fifo) {
  Settings settings;
  for (const auto& [name, value] : attributes) {
    Result<void> read = read_attribute(name, value, fifo, settings);
    if (!read) return std::unexpected(std::move(read).error());
  }
  const auto limit = attributes.find("FifoThroughputLimit");
  if (limit != attributes.end() && limit->second == "perMessageGroupId" && !settings.deduplicate_by_group) {
    return fail("InvalidAttributeValue",
                "The value for the parameter FifoThroughputLimit is perMessageGroupId, which needs the parameter "
                "DeduplicationScope to be messageGroup.");
  }
  return settings;
}

}  // namespace signalbox::sqs
