// Streams as sources of pipes.
#pragma once

#include "cloud/pipe_ends.h"
#include "services/kinesis/core.h"

namespace signalbox::kinesis {

/// Reads beside the limits of the shards' throughput: nobody outside waits for it.
class PipeSource final : public cloud::StreamSource {
 public:
  explicit PipeSource(Core& core) : core_(core) {}

  bool exists(const std::string& arn) const override;
  asio::awaitable<Result<cloud::SourceStream>> describe(std::string arn) override;
  std::uint64_t position_at(Time time) const override { return first_sequence_at(time); }
  asio::awaitable<Result<cloud::SourceRecords>> read(std::string arn, std::uint32_t shard, std::uint64_t position,
                                                     std::size_t most, cloud::Wake wake) override;

 private:
  StreamPtr find(const std::string& arn) const;
  Core& core_;
};

}  // namespace signalbox::kinesis
