#include "services/sns/message.h"

#include <algorithm>
#include <charconv>

#include "json/json.h"
#include "services/sns/names.h"

namespace signalbox::sns {
namespace {

constexpr std::size_t kMaxSubject = 100;
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxIdLength = 128;

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

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && !name.starts_with('.') && !name.ends_with('.') &&
         name.find("..") == std::string_view::npos && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                  c == '.';
         });
}

bool is_list_of_scalars(json::Value list) {
  if (!list.is_array()) return false;
  for (const json::Value element : list.elements()) {
    if (element.is_array() || element.is_object()) return false;
  }
  return true;
}

Result<cloud::TypedAttribute> read_attribute(const std::string& name, models::sns::MessageAttributeValue& given) {
  const std::string type = given.data_type.value_or("");
  const std::string_view base = std::string_view(type).substr(0, type.find('.'));
  if (type.size() > kMaxName || (base != "String" && base != "Number" && base != "Binary")) {
    return bad_value("The message attribute '" + name +
                     "' has an invalid message attribute type, the set of supported " +
                     "type prefixes is Binary, Number, and String.");
  }
  const bool binary = base == "Binary";
  auto& held = binary ? given.binary_value : given.string_value;
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
  return cloud::TypedAttribute{type, *std::move(held)};
}

Result<std::shared_ptr<const cloud::TypedAttributes>> read_attributes(AttributeValues given) {
  auto read = std::make_shared<cloud::TypedAttributes>();
  for (auto& [name, value] : given) {
    if (!is_name(name)) {
      return bad_value("The message attribute name '" + name + "' is invalid: it has 1 to 256 letters, digits, " +
                       "hyphens, underscores and periods.");
    }
    auto attribute = read_attribute(name, value);
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
  const bool good = !subject.empty() && subject.size() <= kMaxSubject && subject.front() > ' ' &&
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
    auto attributes = read_attributes(*std::move(given.attributes));
    if (!attributes) return std::unexpected(std::move(attributes).error());
    message.attributes = *std::move(attributes);
  }
  if (given.group_id && !is_fifo_id(*given.group_id))
    return invalid("MessageGroupId", "It has 1 to 128 letters, digits and punctuation");
  if (given.deduplication_id && !is_fifo_id(*given.deduplication_id)) {
    return invalid("MessageDeduplicationId", "It has 1 to 128 letters, digits and punctuation");
  }
  message.group = given.group_id.value_or("");
  message.deduplication = given.deduplication_id.value_or("");
  if (message.bytes() > kMaxMessageBytes) return invalid("Message too long");
  return message;
}

}  // namespace signalbox::sns
