// Times inside requests and answers, as CloudTrail writes them.
#pragma once

#include <string>

#include "base/clock.h"

namespace signalbox::cloudtrail {

/// "Nov 8, 2023, 7:59:11 PM", in UTC.
std::string in_words(Time time);

}  // namespace signalbox::cloudtrail
