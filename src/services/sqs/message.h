// A message as it is stored, its digests and its receipt handle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/seal.h"
#include "models/sqs.h"
#include "services/sqs/message_index.h"

namespace signalbox::sqs {

using MessageAttributes = std::map<std::string, models::sqs::MessageAttributeValue, std::less<>>;

struct StoredMessage {
  std::string id;
  std::string body;
  Time sent;
  Time visible_at;  // after its delay
  std::string sender;
  std::string trace_header;
  std::string group;
  std::string deduplication;
  std::string dead_letter_source;  // ARN of the queue it failed in
  MessageAttributes attributes;
};

std::string encode_message(const StoredMessage& message);
/// The same with body and attributes sealed, for the queue of that ARN.
std::string seal_message(StoredMessage message, const Sealer& sealer, const std::string& queue);
/// Empty optional on bytes that are no message.
std::optional<StoredMessage> decode_message(std::string_view bytes);
/// Reads those that are sealed, too.
std::optional<StoredMessage> open_message(std::string_view bytes, const Sealer& sealer, const std::string& queue);
/// Only what the index needs: sent and visible_at, group.
struct MessageHead {
  Time sent;
  Time visible_at;
  std::string group;
};
std::optional<MessageHead> decode_message_head(std::string_view bytes);

/// The digest that SQS answers, and SDKs check, as the developer guide's "Calculating the MD5 message digest for
/// message attributes" has it.
std::string attributes_md5(const MessageAttributes& attributes);

/// What is kept of a message's last receive.
std::string encode_lease(const MessageState& state);
/// Fills all but `sent` and `in_flight`. False on bytes that are no lease.
bool decode_lease(std::string_view bytes, MessageState& state);

/// Checks names, types and values. Errors: InvalidParameterValue with AWS's texts.
Result<void> check_attributes(const MessageAttributes& attributes);
std::size_t attributes_size(const MessageAttributes& attributes);

/// What is said of a text that is not one.
inline constexpr std::string_view kInvalidCharacters =
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
    "#x10000 to #x10FFFF";
/// True when every character is one that SQS takes (those of XML 1.0).
bool is_message_text(std::string_view text);

/// True for what can be a MessageGroupId, MessageDeduplicationId or ReceiveRequestAttemptId.
bool is_fifo_id(std::string_view id);

/// Numbers of receives tell when they were: a message can be kept invisible until twelve hours after.
std::uint64_t make_lease(Time now, std::uint64_t random);
Time received_at(std::uint64_t lease);

/// What a receipt handle says.
struct Receipt {
  std::uint64_t queue;
  std::uint64_t sequence;
  std::uint64_t lease;
};
/// A handle is good for whoever has it, so nobody is to make one up: it carries a code that only who has the key, of
/// kReceiptKey bytes, can make.
inline constexpr std::size_t kReceiptKey = 16;
std::string encode_receipt(const Receipt& receipt, std::string_view key);
std::optional<Receipt> decode_receipt(std::string_view text, std::string_view key);

}  // namespace signalbox::sqs
