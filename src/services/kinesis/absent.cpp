// Features of Kinesis that are not there, as AWS tells them where nobody has set them up.

#include "services/kinesis/absent.h"

#include "cloud/absent.h"
#include "models/kinesis.h"

namespace signalbox::kinesis {
namespace {

constexpr cloud::AbsentRow kRows[] = {
    {.operation = "GetResourcePolicy",
     .code = "ResourceNotFoundException",
     .message = "Resource policy not found for resource ARN {ResourceARN}.",
     .of = "ListTagsForResource",
     .arn = "ResourceARN"},
    {.operation = "DescribeAccountSettings",
     .answer = R"({"MinimumThroughputBillingCommitment": {"Status": "DISABLED"}})"},
};

}  // namespace

std::span<const cloud::AbsentRow> absent_rows() {
  return kRows;
}

void answer_absent(const cloud::House& house) {
  cloud::answer_absent(house.door, house.authority, models::kinesis::kService, "kinesis", kRows);
}

}  // namespace signalbox::kinesis
