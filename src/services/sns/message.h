// One published message, checked.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/event_target.h"
#include "models/sns.h"

namespace signalbox::sns {

/// AWS's bound of a message, and of a batch: bytes, with attributes.
inline constexpr std::size_t kMaxMessageBytes = 262'144;

struct Message {
  static constexpr std::uint8_t kVersion = 1;  // of archived messages
  std::string id;
  std::optional<std::string> subject;
  std::string text;
  /// What MessageStructure json has for single protocols.
  std::map<std::string, std::string, std::less<>> texts;
  std::shared_ptr<const cloud::TypedAttributes> attributes;  // null for none
  std::string group;
  std::string deduplication;
  std::string trace_header;
  Time published{};
  std::uint64_t sequence = 0;  // of FIFO topics
  bool replayed = false;       // from the archive

  const std::string& text_for(const std::string& protocol) const {
    const auto found = texts.find(protocol);
    return found == texts.end() ? text : found->second;
  }
  std::size_t bytes() const;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("id", self.id)("subject", self.subject)("text", self.text)("texts", self.texts);
    field("attributes", self.attributes)("group", self.group)("deduplication", self.deduplication);
    field("trace_header", self.trace_header)("published", self.published)("sequence", self.sequence);
  }
  bool restore() {
    if (attributes->empty()) attributes.reset();
    return true;
  }
};

using AttributeValues = std::map<std::string, models::sns::MessageAttributeValue, std::less<>>;

/// What callers give of a message, Publish and PublishBatch alike.
struct GivenMessage {
  std::string message;
  std::optional<std::string> subject;
  std::optional<std::string> structure;
  std::optional<AttributeValues> attributes;
  std::optional<std::string> deduplication_id;
  std::optional<std::string> group_id;
  std::string trace_header;
  std::size_t position = 0;  // in its batch, from 1; 0: of no batch
};

/// Errors: InvalidParameter and ParameterValueInvalid with AWS's texts. Leaves id, time and sequence to the caller.
Result<Message> read_message(GivenMessage given);

/// True for what can be a MessageGroupId or MessageDeduplicationId.
bool is_fifo_id(std::string_view id);

}  // namespace signalbox::sns
