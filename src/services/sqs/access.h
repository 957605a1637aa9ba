// Who may do what of this service: its actions and resources, as AWS's Service Authorization Reference has them.
#pragma once

#include "cloud/services.h"

namespace signalbox::sqs {

class Sqs;

/// Describes the service's operations to the authority, and the policies of its queues.
void describe_access(const cloud::House& house, const Sqs& sqs);

}  // namespace signalbox::sqs
