#include "services/sqs/message.h"

#include <algorithm>

#include "base/encoding.h"
#include "store/record.h"

namespace signalbox::sqs {
namespace {

constexpr std::uint8_t kMessageVersion = 1;
constexpr std::uint8_t kSealed =
    2;  // version of messages whose body and attributes are sealed, in the place of the body
constexpr std::uint8_t kLeaseVersion = 1;
constexpr int kTextsAfterHead = 6;  // id, body, sender, trace header, deduplication, dead-letter source
constexpr std::size_t kMaxAttributes = 10;
constexpr std::size_t kMaxAttributeName = 256;
constexpr std::size_t kMaxIdLength = 128;
constexpr int kLeaseRandomBits = 20;

void append_sized(std::string& out, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift & 255));
  out.append(part);
}

std::int64_t millis(Time time) {
  return time.time_since_epoch().count();
}

MessageHead read_head(store::RecordReader& record) {
  MessageHead head;
  head.sent = Time(Duration(record.integer()));
  head.visible_at = Time(Duration(record.integer()));
  head.group = record.text();
  return head;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/// A decimal number, with or without fraction and exponent.
bool is_number(std::string_view text) {
  std::size_t at = 0;
  const auto sign = [&] { at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1U : 0U; };
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  sign();
  std::size_t found = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    found += digits();
  }
  if (found == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    sign();
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidParameterValue", std::move(message));
}

Result<void> check_attribute_name(const std::string& name) {
  if (name.size() > kMaxAttributeName) return invalid("Message (user) attribute names must be shorter than 256 Bytes");
  if (name.empty() || !std::ranges::all_of(name, is_name_character) || name.find("..") != std::string::npos) {
    return invalid(
        "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens "
        "and underscores. ");
  }
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.starts_with("aws.") || lower.starts_with("amazon.") || name.starts_with('.') || name.ends_with('.')) {
    return invalid(
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for "
        "internal use. Additionally, they cannot start or end with '.'.");
  }
  return {};
}

Result<void> check_value(const std::string& name, const models::sqs::MessageAttributeValue& value) {
  const std::string& type = *value.data_type;
  const std::string_view base = std::string_view(type).substr(0, type.find('.'));
  if (type.size() > kMaxAttributeName || (base != "String" && base != "Number" && base != "Binary")) {
    return invalid("The type of message (user) attribute '" + name +
                   "' is invalid. You must use only the following supported type prefixes: Binary, Number, String.");
  }
  const bool binary = base == "Binary";
  const auto& held = binary ? value.binary_value : value.string_value;
  if (value.string_value && value.binary_value) {
    return invalid("Message (user) attribute '" + name + "' has multiple values.");
  }
  if (!held || held->empty()) {
    return invalid("Message (user) attribute '" + name + "' must contain a non-empty value of type '" +
                   std::string(base) + "'.");
  }
  if (base == "Number" && !is_number(*held)) {
    return invalid("Could not cast message (user) attribute '" + name + "' value to number.");
  }
  if (!binary && !is_message_text(*held)) {
    return invalid(std::string(kInvalidCharacters));
  }
  return {};
}

}  // namespace

namespace {

void write_attributes(store::RecordWriter& record, const MessageAttributes& attributes) {
  record.number(attributes.size());
  for (const auto& [name, value] : attributes) {
    record.text(name).text(*value.data_type).optional_text(value.string_value).optional_text(value.binary_value);
  }
}

MessageAttributes read_attributes(store::RecordReader& record) {
  MessageAttributes attributes;
  for (std::uint64_t left = record.number(); left > 0 && record.ok(); --left) {
    std::string name = record.text();
    auto& value = attributes[std::move(name)];
    value.data_type = record.text();
    value.string_value = record.optional_text();
    value.binary_value = record.optional_text();
  }
  return attributes;
}

std::string encode(const StoredMessage& m, std::uint8_t version) {
  store::RecordWriter record(version);
  record.integer(millis(m.sent)).integer(millis(m.visible_at)).text(m.group);
  record.text(m.id).text(m.body).text(m.sender).text(m.trace_header).text(m.deduplication).text(m.dead_letter_source);
  write_attributes(record, m.attributes);
  return std::move(record).take();
}

/// `sealed` says whether it is; a body that is sealed stays so.
std::optional<StoredMessage> decode(std::string_view bytes, bool& sealed) {
  store::RecordReader record(bytes, kSealed);
  sealed = record.version() == kSealed;
  MessageHead head = read_head(record);
  StoredMessage m;
  m.sent = head.sent;
  m.visible_at = head.visible_at;
  m.group = std::move(head.group);
  m.id = record.text();
  m.body = record.text();
  m.sender = record.text();
  m.trace_header = record.text();
  m.deduplication = record.text();
  m.dead_letter_source = record.text();
  m.attributes = read_attributes(record);
  if (!record.complete()) return std::nullopt;
  return m;
}

}  // namespace

std::string encode_message(const StoredMessage& m) {
  return encode(m, kMessageVersion);
}

std::string seal_message(StoredMessage m, const Sealer& sealer, const std::string& queue) {
  store::RecordWriter secret(kMessageVersion);
  secret.text(m.body);
  write_attributes(secret, m.attributes);
  m.body = sealer.seal(secret.bytes(), queue);
  m.attributes.clear();
  return encode(m, kSealed);
}

std::optional<StoredMessage> decode_message(std::string_view bytes) {
  bool sealed = false;
  auto message = decode(bytes, sealed);
  return sealed ? std::nullopt : message;
}

std::optional<StoredMessage> open_message(std::string_view bytes, const Sealer& sealer, const std::string& queue) {
  bool sealed = false;
  auto message = decode(bytes, sealed);
  if (!message || !sealed) return message;
  const auto opened = sealer.open(message->body, queue);
  if (!opened) return std::nullopt;
  store::RecordReader secret(*opened, kMessageVersion);
  message->body = secret.text();
  message->attributes = read_attributes(secret);
  if (!secret.complete()) return std::nullopt;
  return message;
}

std::optional<MessageHead> decode_message_head(std::string_view bytes) {
  store::RecordReader record(bytes, kSealed);
  MessageHead head = read_head(record);
  // The rest is only passed over, but it must be there: whoever receives the message will not find it broken.
  for (int text = 0; text < kTextsAfterHead; ++text) record.text_view();
  for (std::uint64_t left = record.number(); left > 0 && record.ok(); --left) {
    record.text_view();
    record.text_view();
    for (int value = 0; value < 2; ++value) {
      if (record.flag()) record.text_view();
    }
  }
  if (!record.complete()) return std::nullopt;
  return head;
}

std::string encode_lease(const MessageState& state) {
  store::RecordWriter record(kLeaseVersion);
  record.integer(millis(state.visible_at)).integer(millis(state.first_received));
  record.number(state.receives).number(state.lease);
  return std::move(record).take();
}

bool decode_lease(std::string_view bytes, MessageState& state) {
  store::RecordReader record(bytes, kLeaseVersion);
  state.visible_at = Time(Duration(record.integer()));
  state.first_received = Time(Duration(record.integer()));
  state.receives = static_cast<std::uint32_t>(record.number());
  state.lease = record.number();
  return record.complete();
}

std::string attributes_md5(const MessageAttributes& attributes) {
  std::string buffer;
  for (const auto& [name, value] : attributes) {  // a map: sorted by name, as the digest wants it
    append_sized(buffer, name);
    append_sized(buffer, *value.data_type);
    const bool binary = value.data_type->starts_with("Binary");
    buffer.push_back(binary ? '\x02' : '\x01');
    append_sized(buffer, binary ? *value.binary_value : *value.string_value);
  }
  return to_hex(md5(buffer));
}

Result<void> check_attributes(const MessageAttributes& attributes) {
  if (attributes.size() > kMaxAttributes) {
    return invalid("Number of message attributes [" + std::to_string(attributes.size()) +
                   "] exceeds the allowed maximum [10].");
  }
  for (const auto& [name, value] : attributes) {
    Result<void> named = check_attribute_name(name);
    if (!named) return named;
    if (!value.data_type || value.data_type->empty()) {
      return invalid("Message (user) attribute '" + name + "' must contain a non-empty message attribute type.");
    }
    if (value.string_list_values || value.binary_list_values) {
      return fail("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.");
    }
    Result<void> valued = check_value(name, value);
    if (!valued) return valued;
  }
  return {};
}

std::size_t attributes_size(const MessageAttributes& attributes) {
  std::size_t size = 0;
  for (const auto& [name, value] : attributes) {
    size += name.size() + value.data_type.value_or("").size() + value.string_value.value_or("").size() +
            value.binary_value.value_or("").size();
  }
  return size;
}

bool is_message_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') return false;
    // U+FFFE and U+FFFF
    if (byte == 0xEF && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0xBF &&
        static_cast<unsigned char>(text[i + 2]) >= 0xBE) {
      return false;
    }
  }
  return true;
}

bool is_fifo_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdLength &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
}

std::uint64_t make_lease(Time now, std::uint64_t random) {
  constexpr std::uint64_t mask = (1U << kLeaseRandomBits) - 1;
  return static_cast<std::uint64_t>(millis(now)) << kLeaseRandomBits | (random & mask);
}

Time received_at(std::uint64_t lease) {
  return Time(Duration(static_cast<std::int64_t>(lease >> kLeaseRandomBits)));
}

namespace {

constexpr std::size_t kReceiptParts = 24;
constexpr std::size_t kReceiptCode = 8;

/// What is hashed is always as long, so that the key in front of it is as good as an HMAC.
std::string code_of_receipt(std::string_view parts, std::string_view key) {
  return std::string(as_bytes(sha256(std::string(key).append(parts))).substr(0, kReceiptCode));
}

}  // namespace

std::string encode_receipt(const Receipt& receipt, std::string_view key) {
  std::string bytes;
  for (const std::uint64_t part : {receipt.queue, receipt.sequence, receipt.lease}) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(part >> shift & 255));
  }
  return to_base64(bytes + code_of_receipt(bytes, key));
}

std::optional<Receipt> decode_receipt(std::string_view text, std::string_view key) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != kReceiptParts + kReceiptCode) return std::nullopt;
  const std::string_view stated(*bytes);
  if (!equal_in_constant_time(stated.substr(kReceiptParts), code_of_receipt(stated.substr(0, kReceiptParts), key))) {
    return std::nullopt;
  }
  std::uint64_t parts[3] = {};
  for (std::size_t i = 0; i < kReceiptParts; ++i) {
    parts[i / 8] = parts[i / 8] << 8 | static_cast<unsigned char>(stated[i]);
  }
  return Receipt{parts[0], parts[1], parts[2]};
}

}  // namespace signalbox::sqs
