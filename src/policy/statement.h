// One compiled statement.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/arn_pattern.h"
#include "policy/condition.h"
#include "policy/principals.h"
#include "policy/request.h"

namespace signalbox::policy {

/// A place in a policy's text, as SimulatePrincipalPolicy tells it.
struct Position {
  int line = 1;
  int column = 1;  // in bytes
};

struct Statement {
  enum class Who : std::uint8_t { kUnsaid, kThese, kAllBut };

  std::string sid;
  bool allows = false;  // else it denies
  bool not_actions = false;
  bool not_resources = false;
  Who who = Who::kUnsaid;
  std::vector<std::string> actions;   // patterns, in lower case, compiled as glob.h says
  std::vector<ArnPattern> resources;  // none in trust policies: the role itself
  Principals principals;
  std::vector<Condition> conditions;
  Position start;
  Position end;  // past its last byte

  /// True when it is about the request, whoever asks: action, resource and conditions. No allocation unless variables
  /// are filled in, in `buffer`.
  bool applies(const Request& request, std::string& buffer) const;
  /// How far it means the caller. A statement without principals means whom its policy belongs to.
  Grant grant(const Principal& caller) const;
};

}  // namespace signalbox::policy
