// What records never say.
#pragma once

#include <cstdint>
#include <string_view>

#include "wire/shape.h"

namespace signalbox::cloudtrail {

enum class Secrecy : std::uint8_t {
  kOpen,
  kHidden,   // a word stands for the value
  kOmitted,  // nothing does
};

/// Of a member of one of the service's structures.
Secrecy secrecy_of(std::string_view service, const wire::Member& member);
/// Of an element of a list or a map.
Secrecy secrecy_of(std::string_view service, const wire::Shape& shape);
/// Of a value in a map of strings.
Secrecy secrecy_of_entry(std::string_view service, std::string_view key);

}  // namespace signalbox::cloudtrail
