// Records of one value.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "store/fields.h"

namespace signalbox::store {

template <class Value>
struct PlainRecord {
  static constexpr std::uint8_t kVersion = 1;
  Value value{};

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("value", self.value);
  }
};

using NumberRecord = PlainRecord<std::uint64_t>;
using TimeRecord = PlainRecord<Time>;

}  // namespace signalbox::store
