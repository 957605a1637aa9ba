// One request to a running server, for the commands that talk to one.
#pragma once

#include <string>

#include "base/result.h"
#include "wire/sigv4.h"

namespace signalbox::cli {

inline constexpr const char* kDefaultEndpoint = "http://127.0.0.1:4566";

struct Question {
  std::string endpoint;  // http://HOST[:PORT], a v6 address in brackets
  std::string target;    // path and query
  std::string body;      // "": GET, else POST
};

struct Answer {
  int status = 0;
  std::string body;
};

/// Who asks, where it matters.
struct Caller {
  std::string access_key;
  std::string secret_key;
  std::string region;
};

/// Asks and waits for the answer; signed when there is a caller. Errors: AskError with a message for the user.
Result<Answer> ask(const Question& question, const Caller* caller = nullptr);

/// A text member of a JSON object; "" when it has none.
std::string text_member(const std::string& body, std::string_view name);

}  // namespace signalbox::cli
