#include "services/sns/message.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "json/json.h"
#include "services/sns/names.h"

namespace signalbox::sns {
namespace {

constexpr std::size_t kMaxSubject = 100;
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxIdLength = 128;

std::string upper_hex(unsigned char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const std::string text = {kDigits[c >> 4], kDigits[c & 15]};
  return text.front() == '0' ? text.substr(1) : text;
}

std::unexpected<Error> bad_value(std::string message) {
  return fail(models::sns::errors::kInvalidParameterValueException, std::move(message));
}

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool plain = std::ranges::none_of(text, [](char c) { return c == 'n' || c == 'N' || c == 'i' || c == 'I'; });
  return problem == std::errc() && end == text.data() + text.size() && plain;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

Result<void> check_name(std::string_view name) {
  if (name.size() > kMaxName) return bad_value("Length of message attribute name must be less than 256 bytes.");
  if (name.empty()) return bad_value("Message attribute name can not be empty.");
  for (const char c : name) {
    if (is_name_character(c)) continue;
    return bad_value("Invalid non-alphanumeric character '#x" + upper_hex(static_cast<unsigned char>(c)) +
                     "' was found in the message attribute name. Can only include alphanumeric characters, hyphens, "
                     "underscores, or dots.");
  }
  if (name.front() == '.') return bad_value("Invalid message attribute name starting with character '.' was found.");
  if (name.back() == '.') return bad_value("Invalid message attribute name ending with character '.' was found.");
  if (name.find("..") != std::string_view::npos) {
    return bad_value("Message attribute name can not have successive '.' character.");
  }
  return {};
}

std::unexpected<Error> no_type(const std::string& name, std::size_t position) {
  const std::string entry = position == 0 ? "" : "publishBatchRequestEntries." + std::to_string(position) + ".member.";
  return fail("ValidationError", "1 validation error detected: Value null at '" + entry + "messageAttributes." + name +
                                     ".member.dataType' failed to satisfy constraint: Member must not be null");
}

bool is_list_of_scalars(json::Value list) {
  if (!list.is_array()) return false;
  for (const json::Value element : list.elements()) {
    if (element.is_array() || element.is_object()) return false;
  }
  return true;
}

Result<cloud::TypedAttribute> read_attribute(const std::string& name, models::sns::MessageAttributeValue& given,
                                             std::size_t position) {
  if (!given.data_type) return no_type(name, position);
  const std::string& type = *given.data_type;
  const std::string_view base = std::string_view(type).substr(0, type.find('.'));
  if (type.size() > kMaxName || (base != "String" && base != "Number" && base != "Binary")) {
    return bad_value("The message attribute '" + name +
                     "' has an invalid message attribute type, the set of supported " +
                     "type prefixes is Binary, Number, and String.");
  }
  const bool binary = base == "Binary";
  const auto& held = binary ? given.binary_value : given.string_value;
  if ((binary ? given.string_value : given.binary_value).has_value()) {
    return bad_value("The message attribute '" + name + "' with type '" + type + "' must use field '" +
                     (binary ? "Binary" : "String") + "'.");
  }
  if (!held || held->empty()) {
    return bad_value("The message attribute '" + name +
                     "' must contain non-empty message attribute value for message " + "attribute type '" + type +
                     "'.");
  }
  if (base == "Number" && !is_number(*held)) {
    return bad_value("Could not cast message attribute '" + name + "' value to number.");
  }
  if (type == "String.Array") {
    json::Document document;
    const auto list = document.parse(*held);
    if (!list || !is_list_of_scalars(*list)) {
      return bad_value("The message attribute '" + name + "' of type String.Array must be a JSON array of strings, " +
                       "numbers, true, false and null.");
    }
  }
  return cloud::TypedAttribute{type, *held};
}

Result<std::shared_ptr<const cloud::TypedAttributes>> read_attributes(AttributeValues given, std::size_t position) {
  auto read = std::make_shared<cloud::TypedAttributes>();
  for (auto& [name, value] : given) {
    Result<void> named = check_name(name);
    if (!named) return std::unexpected(std::move(named).error());
    auto attribute = read_attribute(name, value, position);
    if (!attribute) return std::unexpected(std::move(attribute).error());
    read->emplace(name, *std::move(attribute));
  }
  if (read->empty()) return nullptr;
  return read;
}

/// "{"default": ..., "sqs": ...}".
Result<void> read_structure(Message& message, const std::string& text) {
  json::Document document;
  const auto root = document.parse(text);
  if (!root || !root->is_object()) {
    return invalid("Message Structure - JSON message body failed to parse");
  }
  for (const auto [key, value] : root->members()) {
    if (value.is_string()) message.texts[key.as_string()] = value.as_string();
  }
  const auto standard = message.texts.find("default");
  if (standard == message.texts.end()) {
    return invalid("Message Structure - No default entry in JSON message body");
  }
  message.text = std::move(standard->second);
  message.texts.erase(standard);
  return {};
}

Result<void> check_subject(const std::string& subject) {
  // U+0080 to U+009F are control characters, too.
  const auto control = [](char a, char b) { return a == '\xc2' && static_cast<unsigned char>(b) < 0xa0; };
  const bool controls = std::ranges::adjacent_find(subject, control) != subject.end();
  const bool good = !subject.empty() && !controls && count_characters(subject) <= kMaxSubject &&
                    subject.front() != ' ' && is_utf8(subject) &&
                    std::ranges::none_of(subject, [](unsigned char c) { return c < ' ' || c == 127; });
  if (good) return {};
  return invalid("Subject");
}

}  // namespace

std::size_t Message::bytes() const {
  std::size_t size = text.size();
  for (const auto& [protocol, one] : texts) size += one.size();
  if (attributes) {
    for (const auto& [name, attribute] : *attributes) {
      size += name.size() + attribute.type.size() + attribute.value.size();
    }
  }
  return size;
}

bool is_fifo_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdLength && std::ranges::all_of(id, [](char c) { return c > ' ' && c < 127; });
}

Result<Message> read_message(GivenMessage given) {
  Message message;
  if (given.message.empty()) return invalid("Empty message");
  if (given.subject) {
    Result<void> checked = check_subject(*given.subject);
    if (!checked) return std::unexpected(std::move(checked).error());
  }
  message.subject = std::move(given.subject);
  if (given.structure && *given.structure != "json") return invalid("MessageStructure");
  if (given.structure) {
    Result<void> read = read_structure(message, given.message);
    if (!read) return std::unexpected(std::move(read).error());
  } else {
    message.text = std::move(given.message);
  }
  if (given.attributes) {
    auto attributes = read_attributes(*std::move(given.attributes), given.position);
    if (!attributes) return std::unexpected(std::move(attributes).error());
    message.attributes = *std::move(attributes);
  }
  if (given.group_id && !is_fifo_id(*given.group_id))
    return invalid("MessageGroupId", "It has 1 to 128 letters, digits and punctuation");
  if (given.deduplication_id && !is_fifo_id(*given.deduplication_id)) {
    return invalid("MessageDeduplicationId", "It has 1 to 128 letters, digits and punctuation");
  }
  message.trace_header = std::move(given.trace_header);
  message.group = given.group_id.value_or("");
  message.deduplication = given.deduplication_id.value_or("");
  if (message.bytes() > kMaxMessageBytes) return invalid("Message too long");
  return message;
}

}  // namespace signalbox::sns
