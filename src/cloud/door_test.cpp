// The one boundary: what an operation throws is an answer, a log line and a count.
#include "cloud/door.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>

#include "cloud/testing/recorded_log.h"
#include "models/sqs.h"

namespace signalbox::cloud {
namespace {

namespace sqs = models::sqs;

class DoorTest : public testing::Test {
 protected:
  DoorTest() {
    door_.handle(sqs::kGetQueueUrl,
                 [this](const Call&, sqs::GetQueueUrlRequest) -> asio::awaitable<Result<sqs::GetQueueUrlResult>> {
                   if (throws_) throw std::runtime_error("a test's");
                   co_return sqs::GetQueueUrlResult{};
                 });
  }

  Result<sqs::GetQueueUrlResult> call() {
    asio::io_context loop;
    Call call;
    call.request_id = "r-1";
    auto done = asio::co_spawn(loop, door_.call(call, sqs::kGetQueueUrl, sqs::GetQueueUrlRequest{}), asio::use_future);
    loop.run();
    return done.get();
  }

  Metrics metrics_;
  RecordedLog log_;
  Door door_{metrics_, log_};
  bool throws_ = false;
};

TEST_F(DoorTest, WhatAnOperationThrowsIsAnswered) {
  EXPECT_TRUE(call());
  throws_ = true;
  const auto answer = call();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "InternalFailure");
  EXPECT_EQ(answer.error().http_status, 500);
  EXPECT_EQ(answer.error().message.find("a test's"), std::string::npos);  // not for clients
  EXPECT_TRUE(log_.has("operation=GetQueueUrl request_id=r-1 why=a test's"));
  EXPECT_NE(metrics_.expose().find(R"(signalbox_request_errors_total{service="sqs",operation="GetQueueUrl"} 1)"),
            std::string::npos);
}

/// Cannot keep its records.
class BrokenAuditor final : public Auditor {
 public:
  class Broken final : public Entry {
   public:
    asio::awaitable<Result<void>> end(const Result<wire::AnyStructure>&) override {
      co_return fail("InternalFailure", "not kept", 500);
    }
  };
  bool wants(const Call&, const wire::Operation&) const override { return true; }
  std::unique_ptr<Entry> begin(const Call&, const wire::Operation&, const wire::AnyStructure&) override {
    return std::make_unique<Broken>();
  }
};

TEST_F(DoorTest, NothingIsAcknowledgedWithoutItsRecord) {
  BrokenAuditor auditor;
  door_.set_auditor(auditor);
  const auto answer = call();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "not kept");
}

}  // namespace
}  // namespace signalbox::cloud
