// Requests to function URLs as events, and what functions answer as responses: "Invoking Lambda function URLs" in the
// Lambda Developer Guide, payload format 2.0. Pure: what anybody sends or returns goes through here.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace signalbox::lambda {

/// Who calls, by the request's signature; all empty for nobody.
struct UrlCaller {
  std::string account;
  std::string access_key;
  std::string arn;
  std::string id;
};

/// The event of a request; `path` is the part of its target behind the URL's name, `trace` its tracing header.
std::string url_event(const http::Request& request, std::string_view name, std::string_view path,
                      const UrlCaller& caller, const std::string& request_id, const std::string& trace, Time now);

/// The response that a function's answer stands for.
http::Response url_response(const std::string& answer);

/// That of a function that failed: text, though it is not called so.
http::Response url_failure();

}  // namespace signalbox::lambda
