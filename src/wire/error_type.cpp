#include "wire/error_type.h"

#include <algorithm>
#include <span>

#include "json/json.h"

namespace signalbox::wire {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;
constexpr std::string_view kType = "Type";
constexpr int kBadRequest = 400;
constexpr int kForbiddenStatus = 403;

}  // namespace

std::string error_type(const Service& service, const std::string& code) {
  // What the query protocol calls otherwise.
  if (code == "InvalidClientTokenId") return error_type(service, "UnrecognizedClientException");
  if (code == "ExpiredToken") return error_type(service, "ExpiredTokenException");
  if (code == "SignatureDoesNotMatch") return error_type(service, "InvalidSignatureException");
  if (code == "IncompleteSignature") return error_type(service, "IncompleteSignatureException");
  if (code == "MissingAuthenticationToken") return error_type(service, "MissingAuthenticationTokenException");
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

int error_status(const Service& service, const Error& error) {
  if (error.http_status != 0) return error.http_status;
  const ErrorShape* shape = service.find_error(error.code);
  if (shape != nullptr) return shape->http_status;
  return error.code == "AccessDeniedException" ? kForbiddenStatus : kBadRequest;
}

ErrorFields error_fields(const Service& service, const Error& error, int status, std::string_view otherwise) {
  const ErrorShape* shape = service.find_error(error.code);
  ErrorFields fields{otherwise, {}, {}};
  if (shape != nullptr && !shape->message_name.empty()) fields.message_name = shape->message_name;
  bool has_type = false;
  // Fields keep views of the names: of where the error has them, never of a copy.
  static const Texts kNone;
  const Texts& details = error.details ? error.details->elements : kNone;
  for (const auto& [name, value] : details) {
    const ErrorMember* member = nullptr;
    for (const ErrorMember& each : shape != nullptr ? shape->members : std::span<const ErrorMember>()) {
      if (each.name == name) member = &each;
    }
    has_type |= name == kType;
    if (member != nullptr && !member->header.empty()) {
      fields.headers.emplace_back(member->header, value);
    } else {
      fields.body.push_back({name, member != nullptr ? member->type : ShapeType::kString, value});
    }
  }
  const bool wants_type =
      shape != nullptr && std::ranges::find(shape->members, kType, &ErrorMember::name) != shape->members.end();
  if (wants_type && !has_type) {
    fields.body.insert(fields.body.begin(), {kType, ShapeType::kString, status < 500 ? "User" : "Service"});
  }
  return fields;
}

void write_json_error(std::string& out, std::string_view type, const ErrorFields& fields, std::string_view message) {
  json::Writer writer(out);
  writer.begin_object();
  if (!type.empty()) writer.member("__type", type);
  for (const ErrorField& field : fields.body) {
    writer.key(field.name);
    const bool plain = field.type == ShapeType::kInteger || field.type == ShapeType::kLong ||
                       field.type == ShapeType::kDouble || field.type == ShapeType::kBoolean;
    plain ? writer.raw(field.value) : writer.string(field.value);
  }
  if (!message.empty()) writer.member(fields.message_name, message);
  writer.end_object();
}

}  // namespace signalbox::wire
