// Condition keys of S3's actions that follow from the request: "Actions, resources, and condition keys for Amazon S3"
// in the Service Authorization Reference.
#pragma once

#include <string_view>

#include "cloud/authority.h"
#include "wire/shape.h"

namespace signalbox::s3 {

/// Fills in the keys of each access, and adds those that a request asks for beside the operation itself: who gives a
/// new object an access control list or tags needs s3:PutObjectAcl and s3:PutObjectTagging, too, and who reads an
/// object's attributes s3:GetObjectAttributes.
void complete(const cloud::Call& call, const wire::Operation& operation, const wire::AnyStructure& input,
              cloud::Accesses& accesses);

/// Whether that key of a bucket policy is one that is filled in here, or one of all services: a policy with another
/// would not do what it says.
bool is_condition_key(std::string_view key);

}  // namespace signalbox::s3
