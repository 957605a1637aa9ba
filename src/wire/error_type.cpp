#include "wire/error_type.h"

namespace signalbox::wire {

std::string error_type(const Service& service, const std::string& code) {
  // What the query protocol calls otherwise.
  if (code == "InvalidClientTokenId") return error_type(service, "UnrecognizedClientException");
  if (code == "ExpiredToken") return error_type(service, "ExpiredTokenException");
  if (service.json_error_prefix.empty()) return code;
  if (service.find_error(code) != nullptr) return std::string(service.json_error_prefix) + "#" + code;
  const std::string_view name = code == "InvalidParameterValue" ? "InvalidParameterValueException"
                                : code == "MissingParameter"    ? "MissingRequiredParameterException"
                                : code == "ValidationError"     ? "ValidationException"
                                                                : std::string_view(code);
  return "com.amazon.coral.service#" + std::string(name);
}

std::pair<std::string, std::string> query_error_header(const Service& service, const Error& error, int status) {
  const ErrorShape* shape = service.find_error(error.code);
  const bool sender = shape != nullptr ? shape->sender_fault : status < 500;
  std::string code(shape != nullptr                        ? shape->query_code
                   : error.code == "AccessDeniedException" ? std::string_view("AccessDenied")
                                                           : std::string_view(error.code));
  return {"x-amzn-query-error", code + (sender ? ";Sender" : ";Receiver")};
}

}  // namespace signalbox::wire
