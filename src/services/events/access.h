// Who may do what of this service: its actions and resources, as AWS's Service Authorization Reference has them.
#pragma once

#include "cloud/services.h"

namespace signalbox::events {

struct Core;

/// Describes the service's operations to the authority, and the policies of its buses.
void describe_access(const Core& core);

}  // namespace signalbox::events
