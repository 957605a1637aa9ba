// Event notifications: what happens to objects, told to queues, topics, functions and the default bus in the batch that
// makes it so ("Amazon S3 Event Notifications" in the Amazon S3 User Guide).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/outbox.h"
#include "services/s3/core.h"

namespace signalbox::s3 {

struct Notice {
  enum class Kind : std::uint8_t {
    kPut,
    kCopied,
    kCompleted,
    kDeleted,
    kMarked,
    kTagged,
    kUntagged,
    kListed,  // its access control list was put
    kMoved,   // to another storage class
  };
  Kind kind = Kind::kPut;
  bool by_lifecycle = false;
  std::string key = {};
  std::uint64_t size = 0;
  std::string etag = {};
  std::string version = {};  // "null" shows as none
  std::uint64_t sequence = 0;
  std::string storage_class = {};  // of kMoved
  // Who did it.
  std::string principal = {};
  std::string source_address = {};
  std::string request_id = {};
};

/// Who calls, for the notices of what it does.
Notice notice_of(const cloud::Call& call, Notice::Kind kind);
Notice notice_of(const cloud::Call& call, Notice::Kind kind, std::string key, const ObjectVersion& version);

/// What the bucket's notifications of these bring.
cloud::Outbox outbox_of(Core& core, const Bucket& bucket, const std::vector<Notice>& notices);
void tell_of_failures(Core& core, const Bucket& bucket, const std::vector<cloud::Outbox::Failure>& failures);

/// Checks a notification configuration and, where `with_destinations`, that its destinations exist and take events:
/// sends them s3:TestEvent. Errors: InvalidArgument.
Answer<void> check_notification(Core& core, const cloud::Call& call, const Bucket& bucket,
                                const model::NotificationConfiguration& configuration, bool with_destinations);

}  // namespace signalbox::s3
