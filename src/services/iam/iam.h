// Identity and Access Management: users, groups, roles and their policies.
#pragma once

#include <memory>

#include "cloud/services.h"

namespace signalbox::iam {

struct Core;

class Iam final : public cloud::Service {
 public:
  explicit Iam(const cloud::House& house);
  ~Iam() override;
  Result<void> load() override;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace signalbox::iam
