// Queues as sources of pipes.
#pragma once

#include "cloud/pipe_ends.h"
#include "cloud/services.h"

namespace signalbox::sqs {

namespace asio = boost::asio;
class Sqs;

class PipeSource final : public cloud::QueueSource {
 public:
  explicit PipeSource(Sqs& sqs) : sqs_(sqs) {}

  bool exists(const std::string& arn) const override;
  asio::awaitable<Result<std::vector<cloud::SourceEvent>>> take(std::string arn, std::size_t most,
                                                                cloud::Wake wake) override;
  asio::awaitable<cloud::AfterCommit> remove(std::string arn, std::vector<std::string> ids,
                                             store::Batch& batch) override;

 private:
  Sqs& sqs_;
};

}  // namespace signalbox::sqs
