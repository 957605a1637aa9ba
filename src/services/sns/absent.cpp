// Features of SNS that are not there, as AWS tells them where nobody has set them up.

#include "services/sns/absent.h"

#include "cloud/absent.h"
#include "models/sns.h"

namespace signalbox::sns {
namespace {

constexpr cloud::AbsentRow kRows[] = {
    {.operation = "ListOriginationNumbers", .answer = R"({"PhoneNumbers": []})"},
    {.operation = "ListSMSSandboxPhoneNumbers", .answer = R"({"PhoneNumbers": []})"},
};

}  // namespace

std::span<const cloud::AbsentRow> absent_rows() {
  return kRows;
}

void answer_absent(const cloud::House& house) {
  cloud::answer_absent(house.door, house.authority, models::sns::kService, "sns", kRows);
}

}  // namespace signalbox::sns
