// Errors in structures: how they are named, and what else they tell.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// What __type says. Services that have prefixes have another for the errors that their models do not declare, which
/// they name there as exceptions, while x-amzn-query-error has the query protocol's name.
std::string error_type(const Service& service, const std::string& code);

/// The x-amzn-query-error header of a service that is query compatible.
std::pair<std::string, std::string> query_error_header(const Service& service, const Error& error, int status);

/// The error's HTTP status: its own, else its shape's, else 400, and 403 where access is denied.
int error_status(const Service& service, const Error& error);

/// A member of an error's body, as text.
struct ErrorField {
  std::string_view name;
  ShapeType type;
  std::string value;
};
struct ErrorFields {
  std::string_view message_name;  // as the error's shape spells it, else `otherwise`
  std::vector<ErrorField> body;   // beside the message
  std::vector<std::pair<std::string, std::string>> headers;
};

/// What the error tells beside its code: Error::details of the names that its shape has as members, in the body or in
/// headers, and details of other names in the body as they are. Lambda's errors say whose fault they are (Type).
ErrorFields error_fields(const Service& service, const Error& error, int status, std::string_view otherwise);

/// A JSON object of type ("" for none), message and fields.
void write_json_error(std::string& out, std::string_view type, const ErrorFields& fields, std::string_view message);

}  // namespace signalbox::wire
