#include "services/sqs/pipe_source.h"

#include "base/encoding.h"
#include "json/json.h"
#include "services/sqs/sqs.h"

namespace signalbox::sqs {
namespace {

void write_attribute(json::Writer& writer, const model::MessageAttributeValue& value) {
  writer.begin_object();
  if (value.string_value) writer.member("stringValue", *value.string_value);
  if (value.binary_value) writer.member("binaryValue", to_base64(*value.binary_value));
  for (const std::string_view list : {"stringListValues", "binaryListValues"}) {
    writer.key(list);
    writer.begin_array();
    writer.end_array();
  }
  writer.member("dataType", value.data_type.value_or(""));
  writer.end_object();
}

/// A message as pipes have it ("Amazon Simple Queue Service as a source" in the EventBridge User Guide).
std::string event_of(const model::Message& message, const Queue& queue) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("messageId", message.message_id.value_or(""));
  writer.member("receiptHandle", message.receipt_handle.value_or(""));
  writer.member("body", message.body.value_or(""));
  writer.key("attributes");
  writer.begin_object();
  if (message.attributes) {
    for (const auto& [name, value] : *message.attributes) writer.member(name, value);
  }
  writer.end_object();
  writer.key("messageAttributes");
  writer.begin_object();
  if (message.message_attributes) {
    for (const auto& [name, value] : *message.message_attributes) {
      writer.key(name);
      write_attribute(writer, value);
    }
  }
  writer.end_object();
  if (message.md5_of_message_attributes) {
    writer.member("md5OfMessageAttributes", *message.md5_of_message_attributes);
  }
  writer.member("md5OfBody", message.md5_of_body.value_or(""));
  writer.member("eventSource", "aws:sqs");
  writer.member("eventSourceARN", queue.arn);
  writer.member("awsRegion", queue.name.scope.region);
  writer.end_object();
  return out;
}

}  // namespace

bool PipeSource::exists(const std::string& arn) const {
  return sqs_.find_arn(arn) != nullptr;
}

asio::awaitable<Result<std::vector<cloud::SourceEvent>>> PipeSource::take(std::string arn, std::size_t most,
                                                                          cloud::Wake wake) {
  const QueuePointer queue = sqs_.find_arn(arn);
  if (!queue) co_return no_such_queue();
  auto there = [&]() -> asio::awaitable<Result<std::vector<cloud::SourceEvent>>> {
    if (queue->deleted) co_return no_such_queue();
    model::ReceiveMessageRequest request;
    request.max_number_of_messages = static_cast<std::int32_t>(most);
    request.attribute_names = std::vector<std::string>{"All"};
    request.message_attribute_names = std::vector<std::string>{"All"};
    auto messages = co_await sqs_.take(*queue, request, true);
    if (!messages) co_return std::unexpected(std::move(messages).error());
    std::vector<cloud::SourceEvent> events;
    for (const model::Message& message : *messages) {
      events.push_back({event_of(message, *queue), *message.receipt_handle, 0, {}});
    }
    if (!events.empty()) queue->measures.received->add(static_cast<double>(events.size()));
    if (events.size() < most) queue->watchers.push_back(std::move(wake));
    co_return events;
  };
  co_return co_await cloud::on(queue->owner, std::ref(there));
}

asio::awaitable<cloud::AfterCommit> PipeSource::remove(std::string arn, std::vector<std::string> ids,
                                                       store::Batch& batch) {
  const QueuePointer queue = sqs_.find_arn(arn);
  if (!queue) co_return cloud::AfterCommit();
  auto there = [&]() -> asio::awaitable<cloud::AfterCommit> { co_return sqs_.prepare_removal(queue, ids, batch); };
  co_return co_await cloud::on(queue->owner, std::ref(there));
}

}  // namespace signalbox::sqs
