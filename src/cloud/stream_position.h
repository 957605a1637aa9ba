// How far a shard of a stream was read, as those who read it for a target keep it.
#pragma once

#include <cstdint>

#include "store/fields.h"

namespace signalbox::cloud {

struct StreamPosition {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t place = 0;
  bool finished = false;  // read to its end

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("place", self.place)("finished", self.finished);
  }
};

}  // namespace signalbox::cloud
