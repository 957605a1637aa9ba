// For this folder's unit tests: the SQS service behind a door, and requests with what a test is about.
#pragma once

#include <string>
#include <vector>

#include "cloud/testing/house.h"
#include "models/sqs.h"
#include "services/sqs/sqs.h"

namespace signalbox::sqs {

using cloud::code_of;
using cloud::error_of;
using cloud::kHere;

class TestServer : public cloud::TestHouse {
 public:
  TestServer() : TestServer(std::make_shared<Sqs*>()) {}

  /// What the service keeps of a queue. For what an operation cannot show; touch it on its shard only.
  Queue& queue(const std::string& name) { return *(*sqs_)->find_arn(arn(name)); }

  /// Makes a queue and returns its URL.
  std::string create(const std::string& name, Attributes attributes = {}) {
    model::CreateQueueRequest request;
    request.queue_name = name;
    if (name.ends_with(".fifo")) attributes.emplace("FifoQueue", "true");
    request.attributes = std::move(attributes);
    const auto made = call(model::kCreateQueue, request);
    EXPECT_EQ(error_of(made), "");
    return made ? *made->queue_url : "";
  }

  Result<model::SendMessageResult> send(const std::string& url, const std::string& body, const std::string& group = "",
                                        const std::string& deduplication = "", std::int32_t delay = -1) {
    model::SendMessageRequest request;
    request.queue_url = url;
    request.message_body = body;
    if (!group.empty()) request.message_group_id = group;
    if (!deduplication.empty()) request.message_deduplication_id = deduplication;
    if (delay >= 0) request.delay_seconds = delay;
    return call(model::kSendMessage, request);
  }

  static model::ReceiveMessageRequest receive_request(const std::string& url, std::int32_t most = 10,
                                                      std::int32_t wait = 0) {
    model::ReceiveMessageRequest request;
    request.queue_url = url;
    request.max_number_of_messages = most;
    request.wait_time_seconds = wait;
    request.message_system_attribute_names = {"All"};
    request.message_attribute_names = {"All"};
    return request;
  }

  std::vector<model::Message> receive(const std::string& url, std::int32_t most = 10) {
    const auto received = call(model::kReceiveMessage, receive_request(url, most));
    EXPECT_EQ(error_of(received), "");
    return received ? received->messages.value_or(std::vector<model::Message>()) : std::vector<model::Message>();
  }
  std::vector<std::string> bodies(const std::string& url, std::int32_t most = 10) {
    std::vector<std::string> bodies;
    for (const model::Message& message : receive(url, most)) bodies.push_back(*message.body);
    return bodies;
  }

  Result<model::DeleteMessageResponse> remove(const std::string& url, const model::Message& message) {
    model::DeleteMessageRequest request;
    request.queue_url = url;
    request.receipt_handle = message.receipt_handle;
    return call(model::kDeleteMessage, request);
  }

  Result<model::ChangeMessageVisibilityResponse> change_visibility(const std::string& url,
                                                                   const model::Message& message,
                                                                   std::int32_t seconds) {
    model::ChangeMessageVisibilityRequest request;
    request.queue_url = url;
    request.receipt_handle = message.receipt_handle;
    request.visibility_timeout = seconds;
    return call(model::kChangeMessageVisibility, request);
  }

  Attributes attributes(const std::string& url) {
    model::GetQueueAttributesRequest request;
    request.queue_url = url;
    request.attribute_names = {"All"};
    const auto answer = call(model::kGetQueueAttributes, request);
    EXPECT_EQ(error_of(answer), "");
    return answer ? answer->attributes.value_or(Attributes()) : Attributes();
  }
  Result<model::SetQueueAttributesResponse> set(const std::string& url, Attributes attributes) {
    model::SetQueueAttributesRequest request;
    request.queue_url = url;
    request.attributes = std::move(attributes);
    return call(model::kSetQueueAttributes, request);
  }
  /// Messages visible/in flight/delayed, as GetQueueAttributes counts them.
  std::string counts(const std::string& url) {
    auto all = attributes(url);
    return all["ApproximateNumberOfMessages"] + "/" + all["ApproximateNumberOfMessagesNotVisible"] + "/" +
           all["ApproximateNumberOfMessagesDelayed"];
  }

  static std::string arn(const std::string& name) { return "arn:aws:sqs:us-east-1:123456789012:" + name; }
  static Attributes redrive(const std::string& target, int receives) {
    return {{"RedrivePolicy",
             "{\"deadLetterTargetArn\":\"" + arn(target) + "\",\"maxReceiveCount\":" + std::to_string(receives) + "}"}};
  }

 private:
  explicit TestServer(const std::shared_ptr<Sqs*>& sqs)
      : TestHouse([sqs](cloud::House& house) {
          std::vector<std::unique_ptr<cloud::Service>> services;
          auto made = std::make_unique<Sqs>(house);
          *sqs = made.get();
          services.push_back(std::move(made));
          return services;
        }),
        sqs_(sqs) {}
  std::shared_ptr<Sqs*> sqs_;  // changes with a restart
};

}  // namespace signalbox::sqs
