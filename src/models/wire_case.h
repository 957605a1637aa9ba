// What stands on the wire, as tables of facts: requests and what they say, values and their answers. The cases are
// those that Smithy's protocol tests describe, as far as they are of servers, on models of our own (forms/*.json).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/protocol.h"
#include "wire/shape.h"

namespace signalbox::wire {

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

/// A request, and what it says or why it is refused.
struct RequestCase {
  std::string what;
  std::string operation;
  std::string line = "POST /";  // method and target
  Headers headers = {};
  std::string body = {};
  std::string told = {};   // as told() has it
  std::string error = {};  // the code, where the request is refused
  int status = 400;        // of that refusal
};

/// Of a REST protocol: what headers say.
inline RequestCase headers(std::string what, Headers headers, std::string told, std::string_view operation = "Headers",
                           std::string_view line = "POST /headers") {
  return {.what = std::move(what),
          .operation = std::string(operation),
          .line = std::string(line),
          .headers = std::move(headers),
          .told = std::move(told)};
}

/// A value and the answer that tells it.
struct AnswerCase {
  std::string what;
  std::string operation;
  std::string value;  // as a JSON request has it, with members of all places
  std::string body = {};
  Headers headers = {};                       // that are there
  std::vector<std::string_view> absent = {};  // headers that are not
  int status = 200;
};

/// An error and the answer that tells it.
struct ErrorCase {
  std::string what;
  Error error;
  std::string body;
  int status = 400;
  Headers headers = {};
};

/// A value of any shape as JSON, by the names of the model's members and in their order: bytes as text, times as
/// "2014-04-29T18:30:38Z", numbers as Java prints them. Unlike the JSON codec's, it tells members of all places.
std::string told(const Shape& shape, const void* value);

/// Decodes each request and compares. Of REST protocols the route is found, too.
void check_requests(ProtocolKind kind, const Service& service, std::span<const RequestCase> cases);
void check_answers(ProtocolKind kind, const Service& service, std::span<const AnswerCase> cases);
void check_errors(ProtocolKind kind, const Service& service, std::span<const ErrorCase> cases);

}  // namespace signalbox::wire
