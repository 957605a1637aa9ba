// Publish and PublishBatch.

#include <set>

#include "services/sns/outside.h"
#include "services/sns/publishing.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

constexpr std::size_t kMaxEntries = 10;
constexpr std::size_t kMaxEntryId = 80;
/// Of an SMS, in bytes: AWS sends up to ten parts.
constexpr std::size_t kMaxSms = 1600;

template <class Request>
GivenMessage given_of(const Call& call, Request& request) {
  GivenMessage given;
  given.trace_header = call.trace_header;
  given.message = request.message.value_or("");
  given.subject = std::move(request.subject);
  given.structure = std::move(request.message_structure);
  given.attributes = std::move(request.message_attributes);
  given.deduplication_id = std::move(request.message_deduplication_id);
  given.group_id = std::move(request.message_group_id);
  return given;
}

/// Records what is to go out, and answers.
asio::awaitable<Result<m::PublishResponse>> hand_over(Core& core, Direct direct, std::string message_id) {
  cloud::Outbox outbox(core.house, {.service = "sns.amazonaws.com"});
  outbox.add_allowed(core.outside, direct.lane, std::move(direct.delivery));
  const auto committed = co_await outbox.commit();
  if (!committed) co_return std::unexpected(committed.error());
  core.figures.published.add();
  core.figures.notifications.add();
  m::PublishResponse response;
  response.message_id = std::move(message_id);
  co_return response;
}

asio::awaitable<Result<m::PublishResponse>> publish_to_phone(Core& core, const Call& call, m::PublishInput request) {
  const auto number = read_phone_number(*request.phone_number);
  if (!number) co_return invalid("PhoneNumber", *request.phone_number + " is not valid to publish to");
  if (core.options.sms_gateway.empty()) {
    co_return invalid("PhoneNumber", "This server has no SMS gateway (--sns-sms-gateway)");
  }
  const auto out = is_opted_out(core, call.scope, *number);
  if (!out) co_return std::unexpected(out.error());
  if (*out) co_return fail(m::errors::kOptedOutException, "The phone number " + *number + " is opted out.");
  auto message = read_message(given_of(call, request));
  if (!message) co_return std::unexpected(std::move(message).error());
  if (message->text_for("sms").size() > kMaxSms) co_return invalid("Message too long");
  message->id = core.house.random.uuid();
  auto done = co_await hand_over(core, to_phone(call.scope, *number, *message), message->id);
  co_return done;
}

asio::awaitable<Result<m::PublishResponse>> publish_to_device(Core& core, const Call& call, EndpointId device,
                                                              m::PublishInput request) {
  if (device.application.scope != call.scope) co_return invalid("TargetArn");
  if (core.options.push_gateway.empty()) {
    co_return invalid("TargetArn", "This server has no push gateway (--sns-push-gateway)");
  }
  const auto endpoint = Platforms(core).endpoint(device);
  if (!endpoint) co_return std::unexpected(endpoint.error());
  if (!*endpoint) co_return invalid("TargetArn", "No endpoint found for the target arn specified");
  if ((*endpoint)->at("Enabled") != "true")
    co_return fail(m::errors::kEndpointDisabledException, "Endpoint is disabled");
  auto message = read_message(given_of(call, request));
  if (!message) co_return std::unexpected(std::move(message).error());
  message->id = core.house.random.uuid();
  auto done = co_await hand_over(core, to_device(device, *message), message->id);
  co_return done;
}

asio::awaitable<Result<m::PublishResponse>> publish_one(Core& core, const Call& call, m::PublishInput request) {
  if (request.phone_number) {
    if (request.topic_arn || request.target_arn) {
      co_return invalid("PhoneNumber Reason: a topic or target is given, too");
    }
    auto done = co_await publish_to_phone(core, call, std::move(request));
    co_return done;
  }
  if (request.topic_arn && request.target_arn) co_return invalid("TopicArn or TargetArn Reason: both are given");
  const std::string arn = request.topic_arn ? *request.topic_arn : request.target_arn.value_or("");
  if (arn.empty()) co_return invalid("TopicArn or TargetArn Reason: no value for required parameter");
  if (const auto device = read_endpoint_arn(arn)) {
    auto done = co_await publish_to_device(core, call, *device, std::move(request));
    co_return done;
  }
  const auto topic = find_topic(core, call, arn);
  if (!topic) co_return std::unexpected(topic.error());
  auto message = read_message(given_of(call, request));
  if (!message) co_return std::unexpected(std::move(message).error());
  Result<void> fits = check_for_topic((*topic)->id, (*topic)->state()->settings, *message);
  if (!fits) co_return std::unexpected(std::move(fits).error());
  std::vector<Message> messages;
  messages.push_back(*std::move(message));
  auto published = co_await publish(core, *topic, std::move(messages));
  if (!published) co_return std::unexpected(std::move(published).error());
  m::PublishResponse response;
  response.message_id = published->front().message_id;
  if (!published->front().sequence_number.empty()) response.sequence_number = published->front().sequence_number;
  co_return response;
}

bool is_entry_id(const std::string& id) {
  if (id.empty() || id.size() > kMaxEntryId) return false;
  for (const char c : id) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!good) return false;
  }
  return true;
}

Result<void> check_entries(const std::vector<m::PublishBatchRequestEntry>& entries) {
  if (entries.empty()) {
    return fail(m::errors::kEmptyBatchRequestException, "The batch request doesn't contain any entries.");
  }
  if (entries.size() > kMaxEntries) {
    return fail(m::errors::kTooManyEntriesInBatchRequestException,
                "The batch request contains more entries than permissible.");
  }
  std::set<std::string> seen;
  std::size_t bytes = 0;
  for (const auto& entry : entries) {
    if (!is_entry_id(entry.id.value_or(""))) {
      return fail(m::errors::kInvalidBatchEntryIdException,
                  "The Id of a batch entry in a batch request doesn't abide by the specification.");
    }
    if (!seen.insert(*entry.id).second) {
      return fail(m::errors::kBatchEntryIdsNotDistinctException,
                  "Two or more batch entries in the request have the same Id.");
    }
    bytes += entry.message.value_or("").size();
  }
  if (bytes > kMaxMessageBytes) {
    return fail(m::errors::kBatchRequestTooLongException,
                "The length of all the batch messages put together is more than the limit.");
  }
  return {};
}

asio::awaitable<Result<m::PublishBatchResponse>> publish_batch(Core& core, const Call& call,
                                                               m::PublishBatchInput request) {
  const auto topic = find_topic(core, call, *request.topic_arn);
  if (!topic) co_return std::unexpected(topic.error());
  std::vector<m::PublishBatchRequestEntry> none;
  auto& entries = request.publish_batch_request_entries ? *request.publish_batch_request_entries : none;
  Result<void> checked = check_entries(entries);
  if (!checked) co_return std::unexpected(std::move(checked).error());
  const auto state = (*topic)->state();
  std::vector<Message> messages;
  std::size_t bytes = 0;
  // As on AWS, a batch with a message that no topic, or not this one, could take fails as a whole: its publisher may
  // not look at what single entries came to.
  for (std::size_t i = 0; i < entries.size(); ++i) {
    GivenMessage given = given_of(call, entries[i]);
    given.position = i + 1;
    auto message = read_message(std::move(given));
    if (!message) co_return std::unexpected(std::move(message).error());
    Result<void> fits = check_for_topic((*topic)->id, state->settings, *message);
    if (!fits) co_return std::unexpected(std::move(fits).error());
    bytes += message->bytes();
    messages.push_back(*std::move(message));
  }
  if (bytes > kMaxMessageBytes) {
    co_return fail(m::errors::kBatchRequestTooLongException,
                   "The length of all the batch messages put together is more than the limit.");
  }
  auto published = co_await publish(core, *topic, std::move(messages));
  if (!published) co_return std::unexpected(std::move(published).error());
  m::PublishBatchResponse response;
  response.successful.emplace();
  response.failed.emplace();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto& entry = response.successful->emplace_back();
    entry.id = entries[i].id;
    entry.message_id = (*published)[i].message_id;
    if (!(*published)[i].sequence_number.empty()) entry.sequence_number = (*published)[i].sequence_number;
  }
  co_return response;
}

}  // namespace

void register_publish(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPublish, [&core](const Call& call, m::PublishInput request) {
    return publish_one(core, call, std::move(request));
  });
  door.handle(m::kPublishBatch, [&core](const Call& call, m::PublishBatchInput request) {
    return publish_batch(core, call, std::move(request));
  });
}

}  // namespace signalbox::sns
