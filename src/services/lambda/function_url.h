// What answers at a function URL: "Invoking Lambda function URLs" in the Lambda Developer Guide, payload format 2.0.
#pragma once

#include <string_view>

#include "services/lambda/core.h"

namespace signalbox::lambda {

/// A URL is this, its name and a path of the caller's: "/_signalbox/lambda-url/NAME/path".
inline constexpr std::string_view kUrlPath = "/_signalbox/lambda-url/";
/// As AWS has it, the name is the first part of the host's: "NAME.lambda-url.REGION.DOMAIN". Both work.
inline constexpr std::string_view kUrlHost = "lambda-url.";

void add_url_page(Core& core);

}  // namespace signalbox::lambda
