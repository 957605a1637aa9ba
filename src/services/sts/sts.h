// Security Token Service: who calls, and temporary credentials. It keeps nothing: cloud/sessions.h makes tokens that
// say all themselves.
#pragma once

#include "cloud/services.h"

namespace signalbox::sts {

class Sts final : public cloud::Service {
 public:
  explicit Sts(const cloud::House& house);
  Result<void> load() override { return {}; }

 private:
  const cloud::House house_;
};

}  // namespace signalbox::sts
