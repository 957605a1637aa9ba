// The pages that links in mail lead to, and the certificate.
#pragma once

#include "services/sns/core.h"

namespace signalbox::sns {

void register_pages(Core& core);

}  // namespace signalbox::sns
