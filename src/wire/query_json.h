// What services of the query protocol answer where JSON is asked for.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// {"ReceiveMessageResponse": {"ReceiveMessageResult": {"messages": null}, "ResponseMetadata": {"RequestId": ...}}}:
/// members that are not there are null, maps are lists of names and values.
void write_query_json(std::string& out, const Operation& operation, const void* output, std::string_view request_id);

/// {"Error": {"Code": ..., "Message": ..., "Type": "Sender"}, "RequestId": ...}
void write_query_json_error(std::string& out, std::string_view code, std::string_view message, bool sender,
                            std::string_view request_id);

}  // namespace signalbox::wire
