// What CloudTrail's operations do to which resources, for `--auth=enforce`.
#pragma once

#include "cloud/services.h"

namespace signalbox::cloudtrail {

void describe_access(const cloud::House& house);

}  // namespace signalbox::cloudtrail
