// Amazon EventBridge Pipes: from a queue or a stream, through filters and an enrichment, to a target.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::pipes {

struct Core;

class Pipes final : public cloud::Service {
 public:
  explicit Pipes(const cloud::House& house);
  ~Pipes() override;

  /// Reads the pipes; those that are to run start with the shards. Construct all services first. Errors: code
  /// "StoreError" for a record that cannot be read.
  Result<void> load() override;
  /// Pipes begin no more batches.
  void drain() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::pipes
