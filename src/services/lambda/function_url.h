// What answers at a function URL: "Invoking Lambda function URLs" in the Lambda Developer Guide, payload format 2.0.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "services/lambda/core.h"

namespace signalbox::lambda {

/// A URL is this, its name and a path of the caller's: "/_signalbox/lambda-url/NAME/path".
inline constexpr std::string_view kUrlPath = "/_signalbox/lambda-url/";

void add_url_page(Core& core);

/// The event of a request; `path` is the part of its target behind the URL's name.
std::string url_event(const http::Request& request, std::string_view name, std::string_view path,
                      std::string_view account, const std::string& request_id, Time now);

/// The response that a function's answer stands for.
http::Response url_response(const std::string& answer);

}  // namespace signalbox::lambda
