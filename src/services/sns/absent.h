// What reads of features that are not there answer: see cloud/absent.h.
#pragma once

#include <span>

#include "cloud/absent.h"
#include "cloud/services.h"

namespace signalbox::sns {

std::span<const cloud::AbsentRow> absent_rows();
void answer_absent(const cloud::House& house);

}  // namespace signalbox::sns
