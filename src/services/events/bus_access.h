// Whether an event bus's policy lets somebody of another account put events on it.
#pragma once

#include <string>
#include <string_view>

#include "policy/document.h"

namespace signalbox::events {

/// What a policy can ask about one event and who brings it.
struct BusAccess {
  std::string bus_arn;
  std::string bus_account;
  std::string account;     // who brings it
  std::string role_arn;    // with which role, of that account; "" for the account itself
  std::string role_id;     // its unique id; "" where IAM does not know it
  std::string source_arn;  // the rule that forwards it; "" for PutEvents
  std::string_view event;  // its text: events:source and events:detail-type are read from it
};

/// True when a statement allows events:PutEvents and none denies it. A condition on anything else than events:source,
/// events:detail-type, events:eventBusInvocation, aws:SourceAccount, aws:SourceArn and what follows from the caller
/// (policy/request.h) never lets a statement allow, and always lets one deny.
bool policy_allows(const policy::Document& policy, const BusAccess& access);

/// events:source and events:detail-type of an event's text. False, and nothing added, when it cannot be read.
bool add_event_keys(policy::Context& context, std::string_view event);

}  // namespace signalbox::events
