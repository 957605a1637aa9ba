// What a call is about: the resource that selectors of data events look at, and those that records and look-ups name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cloud/call.h"
#include "services/cloudtrail/call_kind.h"
#include "wire/shape.h"

namespace signalbox::cloudtrail {

/// One of a record's "resources"; of those that only look-ups know, with a name instead of an ARN.
struct Resource {
  std::string type;        // "AWS::SQS::Queue"
  std::string arn;         // or the name
  std::string account;     // "" where it is not told
  bool is_prefix = false;  // "ARNPrefix": all objects of a bucket

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("type", self.type)("arn", self.arn);
  }
};

/// Of a data event, the one that selectors look at first. Empty where the request names none.
std::vector<Resource> data_resources(const cloud::Call& call, const CallKind& kind, const wire::Operation& operation,
                                     const void* input);

/// Of a management event, what LookupEvents finds it by: types and names.
std::vector<Resource> named_resources(const wire::Operation& operation, const void* input);

}  // namespace signalbox::cloudtrail
