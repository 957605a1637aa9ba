#include "services/s3/notices.h"

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "base/time_text.h"
#include "json/json.h"
#include "services/s3/notification_rules.h"

namespace signalbox::s3 {
namespace {

constexpr std::string_view kSender = "s3.amazonaws.com";

std::string event_name(const Notice& notice) {
  const std::string removed = notice.by_lifecycle ? "LifecycleExpiration:" : "ObjectRemoved:";
  switch (notice.kind) {
    case Notice::Kind::kPut:
      return "ObjectCreated:Put";
    case Notice::Kind::kCopied:
      return "ObjectCreated:Copy";
    case Notice::Kind::kCompleted:
      return "ObjectCreated:CompleteMultipartUpload";
    case Notice::Kind::kDeleted:
      return removed + "Delete";
    case Notice::Kind::kMarked:
      return removed + "DeleteMarkerCreated";
    case Notice::Kind::kTagged:
      return "ObjectTagging:Put";
    case Notice::Kind::kUntagged:
      return "ObjectTagging:Delete";
    case Notice::Kind::kListed:
      return "ObjectAcl:Put";
    case Notice::Kind::kMoved:
      return "LifecycleTransition";
  }
  return {};
}

bool is_removal(const Notice& notice) {
  return notice.kind == Notice::Kind::kDeleted || notice.kind == Notice::Kind::kMarked;
}

std::string sequencer(const Notice& notice) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llX", static_cast<unsigned long long>(notice.sequence));
  return text;
}

/// Keys stand in records as in a form: '+' for spaces.
std::string encoded_key(std::string_view key) {
  std::string text = percent_encode(key, true);
  for (std::size_t at = text.find("%20"); at != std::string::npos; at = text.find("%20", at)) text.replace(at, 3, "+");
  return text;
}

void write_object(json::Writer& out, const Notice& notice) {
  out.begin_object();
  out.member("key", encoded_key(notice.key));
  if (!is_removal(notice)) {
    out.key("size");
    out.number(static_cast<std::int64_t>(notice.size));
  }
  if (!is_removal(notice)) out.member("eTag", notice.etag);
  if (!notice.version.empty() && notice.version != kNullVersion) out.member("versionId", notice.version);
  out.member("sequencer", sequencer(notice));
  out.end_object();
}

/// "Event message structure".
std::string record_text(const Core& core, const Bucket& bucket, const Notice& notice, const std::string& id) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.key("Records");
  out.begin_array();
  out.begin_object();
  out.member("eventVersion", "2.1");
  out.member("eventSource", "aws:s3");
  out.member("awsRegion", bucket.scope.region);
  out.member("eventTime", to_iso8601_millis(core.house.clock.now()));
  out.member("eventName", event_name(notice));
  out.key("userIdentity");
  out.begin_object();
  out.member("principalId", notice.by_lifecycle ? std::string(kSender) : "AWS:" + notice.principal);
  out.end_object();
  out.key("requestParameters");
  out.begin_object();
  out.member("sourceIPAddress", notice.by_lifecycle ? std::string(kSender) : notice.source_address);
  out.end_object();
  out.key("responseElements");
  out.begin_object();
  out.member("x-amz-request-id", notice.request_id);
  out.member("x-amz-id-2", to_base64(notice.request_id));
  out.end_object();
  out.key("s3");
  out.begin_object();
  out.member("s3SchemaVersion", "1.0");
  out.member("configurationId", id);
  out.key("bucket");
  out.begin_object();
  out.member("name", bucket.name);
  out.key("ownerIdentity");
  out.begin_object();
  out.member("principalId", canonical_id(bucket.scope.account).substr(0, 14));
  out.end_object();
  out.member("arn", bucket.arn());
  out.end_object();
  out.key("object");
  write_object(out, notice);
  out.end_object();
  out.end_object();
  out.end_array();
  out.end_object();
  return text;
}

std::pair<std::string_view, std::string_view> event_bridge_words(const Notice& notice) {
  switch (notice.kind) {
    case Notice::Kind::kPut:
      return {"Object Created", "PutObject"};
    case Notice::Kind::kCopied:
      return {"Object Created", "CopyObject"};
    case Notice::Kind::kCompleted:
      return {"Object Created", "CompleteMultipartUpload"};
    case Notice::Kind::kDeleted:
    case Notice::Kind::kMarked:
      return {"Object Deleted", notice.by_lifecycle ? "Lifecycle Expiration" : "DeleteObject"};
    case Notice::Kind::kTagged:
      return {"Object Tags Added", ""};
    case Notice::Kind::kUntagged:
      return {"Object Tags Deleted", ""};
    case Notice::Kind::kListed:
      return {"Object ACL Updated", ""};
    case Notice::Kind::kMoved:
      return {"Object Storage Class Changed", ""};
  }
  return {};
}

/// "Events detail" of EventBridge's S3 events.
cloud::ServiceEvent event_of(const Bucket& bucket, const Notice& notice) {
  cloud::ServiceEvent event;
  event.scope = bucket.scope;
  event.source = "aws.s3";
  const auto [type, reason] = event_bridge_words(notice);
  event.detail_type = type;
  event.resources = {bucket.arn()};
  json::Writer out(event.detail);
  out.begin_object();
  out.member("version", "0");
  out.key("bucket");
  out.begin_object();
  out.member("name", bucket.name);
  out.end_object();
  out.key("object");
  out.begin_object();
  out.member("key", notice.key);
  if (!is_removal(notice)) {
    out.key("size");
    out.number(static_cast<std::int64_t>(notice.size));
    out.member("etag", notice.etag);
  }
  if (!notice.version.empty() && notice.version != kNullVersion) out.member("version-id", notice.version);
  out.member("sequencer", sequencer(notice));
  out.end_object();
  out.member("request-id", notice.request_id);
  out.member("requester", notice.by_lifecycle ? std::string(kSender) : notice.principal);
  if (!notice.by_lifecycle) out.member("source-ip-address", notice.source_address);
  if (!reason.empty()) out.member("reason", reason);
  if (!notice.storage_class.empty()) out.member("destination-storage-class", notice.storage_class);
  if (is_removal(notice)) {
    out.member("deletion-type", notice.kind == Notice::Kind::kMarked ? "Delete Marker Created" : "Permanently Deleted");
  }
  out.end_object();
  return event;
}

std::string test_event(const Core& core, const cloud::Call& call, const Bucket& bucket) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  out.member("Service", "Amazon S3");
  out.member("Event", "s3:TestEvent");
  out.member("Time", to_iso8601_millis(core.house.clock.now()));
  out.member("Bucket", bucket.name);
  out.member("RequestId", call.request_id);
  out.member("HostId", to_base64(call.request_id));
  out.end_object();
  return text;
}

cloud::EventDelivery delivery_of(const Bucket& bucket, std::string payload) {
  auto policy = std::make_shared<cloud::DeliveryPolicy>();
  policy->source = bucket.arn();
  cloud::EventDelivery delivery{std::move(payload), "", ""};
  delivery.policy = std::move(policy);
  delivery.attributes = {{"Subject", "Amazon S3 Notification"}};
  delivery.sender = kSender;
  delivery.source_account = bucket.scope.account;
  return delivery;
}

cloud::Outbox outbox_of(Core& core, const Bucket& bucket) {
  return cloud::Outbox(core.house, {.service = kSender, .account = bucket.scope.account});
}

std::unexpected<Error> unreachable(const Destination& destination, std::string why) {
  return invalid_argument("Unable to validate the following destination configurations", destination.arn, why);
}

std::unexpected<Error> no_destination(const Destination& destination) {
  return unreachable(destination, "The destination " + std::string(destination.kind) + " does not exist");
}

Result<void> check_destination(Core& core, const Destination& destination) {
  const auto arn = cloud::Arn::parse(destination.arn);
  if (!arn) return invalid_argument("The ARN could not be parsed", destination.kind, destination.arn);
  if (destination.arn.ends_with(".fifo")) {
    return invalid_argument("FIFO SQS queues and SNS topics are not supported", destination.kind, destination.arn);
  }
  cloud::EventTarget* target = core.house.event_targets.find(*arn);
  if (target == nullptr || !target->check(*arn, {})) return no_destination(destination);
  return {};
}

}  // namespace

Notice notice_of(const cloud::Call& call, Notice::Kind kind) {
  Notice notice;
  notice.kind = kind;
  notice.principal = call.principal.id.empty() ? call.scope.account : call.principal.id;
  notice.source_address = call.source_address;
  notice.request_id = call.request_id;
  return notice;
}

Notice notice_of(const cloud::Call& call, Notice::Kind kind, std::string key, const ObjectVersion& version) {
  Notice notice = notice_of(call, kind);
  notice.key = std::move(key);
  notice.size = version.size;
  notice.etag = version.etag;
  notice.version = version.version;
  notice.sequence = version.sequence;
  return notice;
}

cloud::Outbox outbox_of(Core& core, const Bucket& bucket, const std::vector<Notice>& notices) {
  cloud::Outbox outbox = outbox_of(core, bucket);
  if (!bucket.compiled_notification || notices.empty()) return outbox;
  for (const Destination& destination : destinations(*bucket.compiled_notification)) {
    const auto arn = cloud::Arn::parse(destination.arn);
    cloud::EventTarget* const target = arn ? core.house.event_targets.find(*arn) : nullptr;
    for (const Notice& notice : notices) {
      if (!wants(destination, event_name(notice), notice.key)) continue;
      outbox.add(target, destination.arn, delivery_of(bucket, record_text(core, bucket, notice, destination.id)));
    }
  }
  if (bucket.compiled_notification->event_bridge_configuration && core.house.service_events.wanted(bucket.scope)) {
    for (const Notice& notice : notices) outbox.announce(event_of(bucket, notice));
  }
  return outbox;
}

void tell_of_failures(Core& core, const Bucket& bucket, const std::vector<cloud::Outbox::Failure>& failures) {
  for (const cloud::Outbox::Failure& lost : failures) {
    core.house.log.warning(
        "a notification of a bucket was not delivered",
        {{"bucket", bucket.name}, {"target", lost.target}, {"code", lost.code}, {"why", lost.message}});
  }
}

Answer<void> check_notification(Core& core, const cloud::Call& call, const Bucket& bucket,
                                const model::NotificationConfiguration& configuration, bool with_destinations) {
  Result<void> checked = check_rules(destinations(configuration));
  if (!checked || !with_destinations) co_return checked;
  for (const Destination& destination : destinations(configuration)) {
    checked = check_destination(core, destination);
    if (!checked) co_return checked;
    const auto arn = cloud::Arn::parse(destination.arn);
    if (arn->service == "lambda") {
      const auto may =
          core.house.functions.may_invoke(destination.arn, {std::string(kSender), bucket.arn(), bucket.scope.account});
      if (!may) co_return unreachable(destination, "Not authorized to invoke function [" + destination.arn + "]");
      continue;
    }
    cloud::Outbox outbox = outbox_of(core, bucket);
    outbox.add(core.house.event_targets.find(*arn), destination.arn,
               delivery_of(bucket, test_event(core, call, bucket)));
    const auto done = co_await outbox.commit();
    if (!done) co_return std::unexpected(done.error());
    if (done->empty()) continue;
    if (done->front().code != "NO_PERMISSIONS") co_return no_destination(destination);
    co_return unreachable(destination, "Permissions on the destination " + std::string(destination.kind) +
                                           " do not allow S3 to publish notifications from this bucket");
  }
  co_return Result<void>();
}

}  // namespace signalbox::s3
