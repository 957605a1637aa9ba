// "userIdentity" ("CloudTrail userIdentity element").
#pragma once

#include <string>

#include "cloud/call.h"
#include "json/json.h"

namespace signalbox::cloudtrail {

void write_user_identity(json::Writer& writer, const cloud::Call& call);

/// What LookupEvents calls the caller: a user's name, a session's, "root", a service.
std::string user_name_of(const cloud::Call& call);

}  // namespace signalbox::cloudtrail
