// Sends that are refused, and batches of which some entries are.

#include "services/sqs/test_server.h"
#include "wire/protocol.h"

namespace signalbox::sqs {
namespace {

std::string outcome(const auto& result) {
  std::string text;
  if (!result) return error_of(result);
  for (const auto& entry : result->successful.value_or(typename std::decay_t<decltype(*result->successful)>())) {
    text += *entry.id + " ";
  }
  for (const auto& entry : result->failed.value_or(std::vector<model::BatchResultErrorEntry>())) {
    text += *entry.id + ":" + *entry.code + " ";
  }
  return text;
}

model::SendMessageBatchRequest batch(const std::string& url, const std::vector<std::string>& ids,
                                     const std::string& body = "x") {
  model::SendMessageBatchRequest request;
  request.queue_url = url;
  request.entries.emplace();
  for (const std::string& id : ids) {
    auto& entry = request.entries->emplace_back();
    entry.id = id;
    entry.message_body = body;
  }
  return request;
}

TEST(Batches, AreRefusedAsAWhole) {
  TestServer server;
  const std::string url = server.create("q");
  struct {
    std::vector<std::string> ids;
    const char* error;
  } cases[] = {
      {{}, "EmptyBatchRequest: There should be at least one SendMessageBatchRequestEntry in the request."},
      {std::vector<std::string>(11, "a"),
       "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 11."},
      {{"a", "b", "a"}, "BatchEntryIdsNotDistinct: Id a repeated."},
      {{"a b"},
       "InvalidBatchEntryId: A batch entry id can only contain alphanumeric characters, hyphens and underscores. It "
       "can "
       "be at most 80 letters long."},
      {{std::string(81, 'a')},
       "InvalidBatchEntryId: A batch entry id can only contain alphanumeric characters, hyphens and underscores. It "
       "can "
       "be at most 80 letters long."},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(error_of(server.call(model::kSendMessageBatch, batch(url, c.ids))), c.error);
  }
  EXPECT_EQ(error_of(server.call(model::kSendMessageBatch, batch(url, {"a", "b"}, std::string(524'289, 'x')))),
            "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1048578 bytes.");
  EXPECT_EQ(outcome(server.call(model::kSendMessageBatch, batch(url, {"a", "b"}, std::string(524'288, 'x')))), "a b ");
  EXPECT_EQ(server.counts(url), "2/0/0");
}

TEST(Batches, LeaveOutEmptyLists) {
  TestServer server;
  const std::string url = server.create("q");
  const auto good = server.call(model::kSendMessageBatch, batch(url, {"a"}));
  EXPECT_TRUE(good && good->successful && !good->failed);
  const auto bad = server.call(model::kSendMessageBatch, batch(url, {"a"}, "\x01"));
  EXPECT_TRUE(bad && !bad->successful && bad->failed);
}

TEST(Batches, FailEntryByEntry) {
  TestServer server;
  const std::string url = server.create("q", {{"MaximumMessageSize", "1024"}});
  auto request = batch(url, {"good", "text", "large", "delay", "fifo"});
  request.entries->at(1).message_body = "\x01";
  request.entries->at(2).message_body = std::string(1025, 'x');
  request.entries->at(3).delay_seconds = 901;
  request.entries->at(4).message_deduplication_id = "d";
  EXPECT_EQ(outcome(server.call(model::kSendMessageBatch, request)),
            "good text:InvalidMessageContents large:InvalidParameterValue delay:InvalidParameterValue "
            "fifo:InvalidParameterValue ");
  const auto got = server.receive(url);
  ASSERT_EQ(got.size(), 1U);

  model::ChangeMessageVisibilityBatchRequest change;
  change.queue_url = url;
  change.entries.emplace(3);
  model::DeleteMessageBatchRequest remove;
  remove.queue_url = url;
  remove.entries.emplace(2);
  const char* handles[] = {got[0].receipt_handle->c_str(), "rubbish", got[0].receipt_handle->c_str()};
  for (std::size_t i = 0; i < 3; ++i) {
    change.entries->at(i).id = std::to_string(i);
    change.entries->at(i).receipt_handle = handles[i];
    change.entries->at(i).visibility_timeout = i == 2 ? -1 : 100;
    if (i == 2) break;
    remove.entries->at(i).id = std::to_string(i);
    remove.entries->at(i).receipt_handle = handles[i];
  }
  EXPECT_EQ(outcome(server.call(model::kChangeMessageVisibilityBatch, change)),
            "0 1:ReceiptHandleIsInvalid 2:InvalidParameterValue ");
  EXPECT_EQ(outcome(server.call(model::kDeleteMessageBatch, remove)), "0 1:ReceiptHandleIsInvalid ");
  EXPECT_EQ(server.counts(url), "0/0/0");
}

TEST(Batches, ToFifoQueuesFailAsAWholeWhereAnEntryLacksWhatTheyNeed) {
  TestServer server;
  const std::string url = server.create("q.fifo");
  const std::string by_content = server.create("c.fifo", {{"ContentBasedDeduplication", "true"}});
  auto request = batch(url, {"a", "b"});
  EXPECT_EQ(error_of(server.call(model::kSendMessageBatch, request)),
            "InvalidParameterValue: The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly");
  request.entries->at(0).message_group_id = "g";
  request.queue_url = by_content;
  EXPECT_EQ(error_of(server.call(model::kSendMessageBatch, request)),
            "MissingParameter: The request must contain the parameter MessageGroupId.");
  request.entries->at(1).message_group_id = "g g";
  EXPECT_EQ(outcome(server.call(model::kSendMessageBatch, request)), "a b:InvalidParameterValue ");
  EXPECT_EQ(server.counts(url) + " " + server.counts(by_content), "0/0/0 1/0/0");
}

TEST(Sends, AreRefusedWithAwsTexts) {
  TestServer server;
  const std::string url = server.create("q", {{"MaximumMessageSize", "1024"}});
  const std::string fifo = server.create("q.fifo");
  struct {
    Result<model::SendMessageResult> sent;
    const char* error;
  } cases[] = {
      {server.send(url, ""), "MissingParameter: The request must contain the parameter MessageBody."},
      {server.send(url, std::string(1025, 'x')),
       "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
      {server.send(url, std::string(1024, 'x')), ""},
      {server.send(url, "\x02"),
       "InvalidMessageContents: Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to "
       "#xD7FF "
       "| #xE000 to #xFFFD | #x10000 to #x10FFFF"},
      {server.send(url, "x", "", "", 901),
       "InvalidParameterValue: Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and "
       "<= 900."},
      {server.send(url, "x", "group"), ""},  // fair queues
      {server.send(url, "x", "", "d"),
       "InvalidParameterValue: Value d for parameter MessageDeduplicationId is invalid. Reason: The request include "
       "parameter that is not valid for this queue type."},
      {server.send(fifo, "x"), "MissingParameter: The request must contain the parameter MessageGroupId."},
      {server.send(fifo, "x", "g"),
       "InvalidParameterValue: The queue should either have ContentBasedDeduplication enabled or "
       "MessageDeduplicationId "
       "provided explicitly"},
      {server.send(fifo, "x", "g", "d", 5),
       "InvalidParameterValue: Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter "
       "that is not valid for this queue type."},
      {server.send(fifo, "x", "g", "d", 0), ""},
      {server.send(fifo, "x", "g g", "d"),
       "InvalidParameterValue: Value g g for parameter MessageGroupId is invalid. Reason: MessageGroupId can only "
       "include alphanumeric and punctuation characters. 1 to 128 in length."},
  };
  for (const auto& c : cases) EXPECT_EQ(error_of(c.sent), c.error);
}

TEST(Sends, SystemAttributesAreTheTraceHeader) {
  TestServer server;
  const std::string url = server.create("q");
  model::SendMessageRequest send;
  send.queue_url = url;
  send.message_body = std::string(1'048'576, 'x');  // the header does not count
  send.message_system_attributes.emplace();
  auto& header = (*send.message_system_attributes)["AWSTraceHeader"];
  header.data_type = "String";
  header.string_value = "Root=1-5759e988-bd862e3fe1be46a994272793";
  const auto sent = server.call(model::kSendMessage, send);
  ASSERT_EQ(error_of(sent), "");
  EXPECT_EQ(sent->md5_of_message_system_attributes, "62a56dd927315f2b2e12832b84617ea5");
  EXPECT_FALSE(sent->md5_of_message_attributes);
  EXPECT_EQ(server.receive(url)[0].attributes->at("AWSTraceHeader"), *header.string_value);
  header.data_type = "Number";
  EXPECT_EQ(code_of(server.call(model::kSendMessage, send)), "InvalidParameterValue");
}

TEST(Errors, OfBothProtocols) {
  struct {
    std::string code;
    int status;
    const char* json_type;
    const char* query_code;
  } cases[] = {
      {model::errors::kQueueDoesNotExist, 400, "com.amazonaws.sqs#QueueDoesNotExist",
       "AWS.SimpleQueueService.NonExistentQueue"},
      {model::errors::kQueueNameExists, 400, "com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists"},
      {model::errors::kPurgeQueueInProgress, 403, "com.amazonaws.sqs#PurgeQueueInProgress",
       "AWS.SimpleQueueService.PurgeQueueInProgress"},
      {model::errors::kEmptyBatchRequest, 400, "com.amazonaws.sqs#EmptyBatchRequest",
       "AWS.SimpleQueueService.EmptyBatchRequest"},
      {model::errors::kTooManyEntriesInBatchRequest, 400, "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
       "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
      {model::errors::kBatchRequestTooLong, 400, "com.amazonaws.sqs#BatchRequestTooLong",
       "AWS.SimpleQueueService.BatchRequestTooLong"},
      {model::errors::kUnsupportedOperation, 400, "com.amazonaws.sqs#UnsupportedOperation",
       "AWS.SimpleQueueService.UnsupportedOperation"},
      {model::errors::kReceiptHandleIsInvalid, 400, "com.amazonaws.sqs#ReceiptHandleIsInvalid",
       "ReceiptHandleIsInvalid"},
      {model::errors::kResourceNotFoundException, 400, "com.amazonaws.sqs#ResourceNotFoundException",
       "ResourceNotFoundException"},
      {model::errors::kOverLimit, 403, "com.amazonaws.sqs#OverLimit", "OverLimit"},
      {model::errors::kInvalidAttributeName, 400, "com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName"},
      {"InvalidParameterValue", 400, "com.amazon.coral.service#InvalidParameterValueException",
       "InvalidParameterValue"},
      {"MissingParameter", 400, "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter"},
  };
  for (const auto& c : cases) {
    const Error error{c.code, "why", 0};
    const auto json = wire::protocol(wire::ProtocolKind::kJson10).encode_error(model::kService, error, "id");
    EXPECT_NE(json.body.find(std::string("\"") + c.json_type + "\""), std::string::npos) << json.body;
    std::string header;
    for (const auto& [name, value] : json.headers) {
      if (name == "x-amzn-query-error") header = value;
    }
    EXPECT_EQ(header, std::string(c.query_code) + ";Sender");
    const auto query = wire::protocol(wire::ProtocolKind::kQuery).encode_error(model::kService, error, "id");
    EXPECT_NE(query.body.find(std::string("<Code>") + c.query_code + "</Code>"), std::string::npos) << query.body;
    EXPECT_EQ(json.status, c.status) << c.code;
    EXPECT_EQ(query.status, c.status) << c.code;
  }
}

}  // namespace
}  // namespace signalbox::sqs
