// Who may do what of this service: its actions and resources, as AWS's Service Authorization Reference has them.
#pragma once

namespace signalbox::cloudwatch {

struct Core;

/// Describes the service's operations to the authority, and finds the tags of its resources. `core` outlives it.
void describe_access(const Core& core);

}  // namespace signalbox::cloudwatch
