// Amazon S3: buckets and objects, with access control lists, policies, versions and notifications.
#pragma once

#include <memory>
#include <string>

#include "cloud/services.h"

namespace signalbox::s3 {

struct Options {
  std::string folder;  // where blobs are kept
  bool sync = true;    // whether a blob is on the disk before it counts
  /// New buckets as AWS makes them since April 2023: no access control lists, no public access. Else as before, which
  /// is what older walkthroughs expect (docs/decisions/0020-new-buckets.md).
  bool closed_buckets = false;
};

struct Core;

class S3 final : public cloud::Service {
 public:
  S3(const cloud::House& house, Options options);
  ~S3() override;

  /// Reads the buckets and removes what a crash has left of blobs. Errors: code "StoreError" for a record or folder
  /// that cannot be read.
  Result<void> load() override;
  void stop() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::s3
