// Amazon Kinesis Data Streams: streams of records in shards, which consumers read from any place on.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::kinesis {

struct Core;

class Kinesis final : public cloud::Service {
 public:
  explicit Kinesis(const cloud::House& house);
  ~Kinesis() override;

  /// Reads streams and shards; records stay in the store. Errors: code "StoreError" for a record that cannot be read.
  Result<void> load() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::kinesis
