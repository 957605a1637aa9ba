// One record of one call ("CloudTrail record contents").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cloud/call.h"
#include "services/cloudtrail/call_kind.h"
#include "services/cloudtrail/resource.h"
#include "wire/shape.h"

namespace signalbox::cloudtrail {

inline constexpr std::string_view kEventVersion = "1.11";
/// "errorMessage ... the maximum size is 1 KB", and so is userAgent's.
inline constexpr std::size_t kMaxText = 1024;

/// Where the record of a call belongs: IAM has no Regions, its records are in us-east-1.
cloud::Scope scope_of(const cloud::Call& call, const wire::Operation& operation);
/// Whether it is of a service without Regions ("global service events"): of IAM, or of STS in us-east-1.
bool is_global(const cloud::Call& call, const wire::Operation& operation);

/// What is known before the call is done.
struct CallStart {
  cloud::Scope scope;  // where the record belongs: the Region of IAM's is us-east-1
  CallKind kind;
  std::string source;      // "sqs.amazonaws.com"
  std::string user;        // as look-ups call the caller
  std::string access_key;  // "" for none
  std::string identity;    // JSON
  std::string address;
  std::string agent;
  std::string request_id;
  std::string parameters;           // JSON, or "null"
  std::vector<std::string> hidden;  // what of the request is in no record
  std::vector<Resource> resources;  // of data events: those of the record; else those look-ups find it by
};
CallStart start_of(const cloud::Call& call, const CallKind& kind, const wire::Operation& operation,
                   const wire::AnyStructure& input);

/// A whole record.
struct Record {
  CallStart call;
  std::string id;  // of the event
  Time time{};
  std::string error_code;  // "" where the call was done
  std::string text;        // JSON
  bool is_management() const { return call.kind.category == Category::kManagement; }
};
Record finish(CallStart start, const wire::Operation& operation, const Result<wire::AnyStructure>& done, std::string id,
              Time time);

}  // namespace signalbox::cloudtrail
