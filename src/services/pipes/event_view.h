// A source's event as filters, templates and parameters see it: with its body, or data, as the JSON that it holds.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::pipes {

/// `event` with the text of "body" (SQS) in the place of its quoted text, and "data" (Kinesis) decoded from base64 too,
/// where they hold a JSON object or array; data that is other text stands as that text ("Implicit body data parsing" in
/// the EventBridge User Guide). Other events, and what is no JSON object, come back as they are.
std::string opened(std::string_view event);

}  // namespace signalbox::pipes
