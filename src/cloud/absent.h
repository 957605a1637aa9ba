// Features that are not there: reading them is answered as AWS answers where nobody has set them up, since clients read
// a resource whole (Terraform reads a dozen configurations of each bucket) and take any other error for a fault.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cloud/authority.h"
#include "cloud/door.h"
#include "wire/shape.h"

namespace signalbox::cloud {

/// What one operation answers, always: an output, or an error.
struct AbsentRow {
  std::string_view operation;
  /// The output's members as JSON. A text "$Name" is the member of that name, of what `of` found or of the input; where
  /// neither has it, the output's member is absent. $account is the caller's account.
  std::string_view answer = "{}";
  /// Or the error: its code, and its message, in which {Name} is such a member.
  std::string_view code = {};
  std::string_view message = {};
  int status = 0;  // 0: as the model has it
  /// An operation of the same service that must answer first: what it does not find, or refuses, is the answer. It is
  /// given the input's members of the same names.
  std::string_view of = {};
  /// The member that has the ARN which callers need a right for; "" for all of the service's resources.
  std::string_view arn = {};
};

/// Registers the rows' operations with the door, and describes them to the authority: the action is "PREFIX:OPERATION".
/// `rows` must live as long as both.
void answer_absent(Door& door, Authority& authority, const wire::Service& service, std::string_view prefix,
                   std::span<const AbsentRow> rows);

/// Whether each row names operations of the service and an answer that its output can hold; else says what is wrong.
/// For tests.
bool absent_rows_are_usable(const wire::Service& service, std::span<const AbsentRow> rows, std::string& bad);

}  // namespace signalbox::cloud
