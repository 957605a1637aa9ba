#include "services/lambda/listing.h"

namespace signalbox::lambda {

std::string sortable(std::uint64_t number) {
  const std::string text = std::to_string(number);
  return std::string(20 - text.size(), '0') + text;
}

}  // namespace signalbox::lambda
