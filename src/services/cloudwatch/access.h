// Who may do what of this service: its actions and resources, as AWS's Service Authorization Reference has them.
#pragma once

#include "cloud/services.h"

namespace signalbox::cloudwatch {

/// Describes the service's operations to the authority.
void describe_access(const cloud::House& house);

}  // namespace signalbox::cloudwatch
