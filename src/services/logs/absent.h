// What reads of features that are not there answer: see cloud/absent.h.
#pragma once

#include <span>

#include "cloud/absent.h"
#include "cloud/services.h"
#include "services/logs/core.h"

namespace signalbox::logs {

std::span<const cloud::AbsentRow> absent_rows();
void answer_absent(const cloud::House& house);
/// DescribeFieldIndexes and DescribeIndexPolicies: of groups that are there, none.
void register_index_reads(Core& core);

}  // namespace signalbox::logs
