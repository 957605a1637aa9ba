// Values in the headers of the REST protocols.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// What all headers of that name say, with commas between; "" when there is none.
std::string joined_header(const http::Request& request, std::string_view name);

/// The items of a list of `element` as one header has them: between commas; in quotes, with backslashes before quotes
/// and backslashes. A date in HTTP's form has a comma of its own.
std::vector<std::string> header_items(const Shape& element, std::string_view text);

/// The value in a header: times as HTTP has them unless their shape says otherwise, JSON in base64. "" for what is not
/// told: empty texts and lists.
std::string header_text(const Shape& shape, const void* value);

/// Sets the header; no value can end its line.
void set_header(http::Response& response, std::string_view name, std::string value);

/// Sets the headers that a map has, their names after the member's.
void set_headers(http::Response& response, const Member& member, const void* map);

/// The text with base64 undone that a header has in place of JSON; false when it is neither.
bool read_json_header(std::string_view text, std::string& out);

}  // namespace signalbox::wire
