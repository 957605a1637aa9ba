#include "wire/query_protocol.h"

#include <algorithm>

#include "wire/constraints.h"
#include "wire/error_type.h"
#include "wire/form.h"
#include "wire/query_json.h"
#include "wire/text_value.h"
#include "wire/union.h"
#include "wire/xml_codec.h"

namespace signalbox::wire {
namespace {

/// The code in other protocols; here it has another name.
constexpr std::string_view kAccessDenied = "AccessDeniedException";
constexpr std::string_view kUnknownOperation = "UnknownOperationException";
constexpr std::string_view kXmlHead = "<?xml version=\"1.0\"?>\n";

std::unexpected<Error> malformed(const std::string& name, const std::string& value) {
  return fail("MalformedInput", "Value (" + value + ") for parameter " + name + " is invalid.");
}

/// Reads a form's parameters into a structure, which they name by dots and numbers.
class FormReader {
 public:
  FormReader(const Form& form, bool ec2) : form_(form), ec2_(ec2) {}

  Result<void> structure(const Shape& shape, const std::string& prefix, void* out) {
    // Shapes may be within their own kind as deep as the form says.
    if (++depth_ > kMaxDepth) return fail("MalformedInput", "The request's parameters are nested too deep.");
    for (const Member& member : shape.members) {
      const std::string name = prefix + std::string(member.query_name);
      if (!form_.has(name)) {
        // A form cannot tell an empty list from none: where one must be there, it is empty.
        if (member.required && member.shape->type == ShapeType::kList) member.emplace(out);
        continue;
      }
      const std::string* text = member.empty_is_none ? form_.find(name) : nullptr;
      if (text != nullptr && text->empty()) continue;
      Result<void> done = read(*member.shape, name, member.emplace(out));
      if (!done) return done;
    }
    --depth_;
    const auto is_there = [&](const Member& member) { return member.find(out) != nullptr; };
    if (is_union(shape) && std::ranges::count_if(shape.members, is_there) != 1) {
      return fail("MalformedInput", not_one_member(shape) + ".");
    }
    return {};
  }

 private:
  static constexpr int kMaxDepth = 64;  // of structures in structures

  // Numbered from 1 without gaps; the form's own size bounds the walk.
  Result<void> list(const Shape& shape, const std::string& name, void* out) {
    // EC2's lists are flattened, whatever their shapes say.
    const std::string stem = shape.flattened || ec2_ ? name + "." : name + "." + std::string(shape.element_name) + ".";
    for (int i = 1; form_.has(stem + std::to_string(i)); ++i) {
      Result<void> done = read(*shape.element, stem + std::to_string(i), shape.append(out));
      if (!done) return done;
    }
    return {};
  }

  Result<void> map(const Shape& shape, const std::string& name, void* out) {
    const std::string stem = shape.flattened ? name + "." : name + ".entry.";
    for (int i = 1; form_.has(stem + std::to_string(i)); ++i) {
      const std::string entry = stem + std::to_string(i) + ".";
      const std::string* key = form_.find(entry + std::string(shape.key_name));
      if (key == nullptr) return malformed(entry + std::string(shape.key_name), "");
      Result<void> done = read(*shape.element, entry + std::string(shape.element_name), shape.insert(out, *key));
      if (!done) return done;
    }
    return {};
  }

  Result<void> read(const Shape& shape, const std::string& name, void* out) {
    if (shape.type == ShapeType::kStructure) return structure(shape, name + ".", out);
    if (shape.type == ShapeType::kList) return list(shape, name, out);
    if (shape.type == ShapeType::kMap) return map(shape, name, out);
    const std::string* text = form_.find(name);
    if (text == nullptr) return {};
    const bool done = read_text_value(shape, *text, TimestampFormat::kIso8601, Reading::kTolerant, out);
    return done ? Result<void>() : malformed(name, *text);
  }

  const Form& form_;
  bool ec2_;
  int depth_ = 0;
};

http::Response response_of(ProtocolKind kind, int status, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers = {{"x-amzn-RequestId", std::string(request_id)},
                      {"Content-Type", kind == ProtocolKind::kQueryJson ? "application/json" : "text/xml"}};
  return response;
}

/// SQS says more of a queue that is not there than it does in JSON.
std::string message_of(const Error& error, std::string_view code) {
  const bool no_queue = code == "AWS.SimpleQueueService.NonExistentQueue";
  return no_queue && error.message == "The specified queue does not exist."
             ? "The specified queue does not exist for this wsdl version."
             : error.message;
}

/// What the error's shape has beside its message.
void write_details(std::string& out, const ErrorShape* shape, const Error& error) {
  if (shape == nullptr || !error.details) return;
  for (const auto& [name, value] : error.details->elements) {
    if (std::ranges::count(shape->members, name, &ErrorMember::name) != 0) write_xml_message(out, name, value);
  }
}

/// The result's element; closed at once where nothing is in it.
void write_result(std::string& out, const Operation& operation, const AnyStructure& output) {
  if (operation.result_wrapper.empty()) return;
  std::string members;
  write_xml_members(members, output.shape(), output.data());
  out.append("<").append(operation.result_wrapper);
  if (members.empty()) {
    out += "/>";
    return;
  }
  out.append(">").append(members).append("</").append(operation.result_wrapper).append(">");
}

}  // namespace

Result<AnyStructure> QueryProtocol::decode(const Operation& operation, const http::Request& request) const {
  Result<Form> form = Form::read(request);
  if (!form) return std::unexpected(std::move(form).error());
  // SQS lets a request be sent to the queue's own URL, which then need not be repeated.
  if (request.path().size() > 1) form->add_if_absent("QueueUrl", std::string(request.path()));
  AnyStructure input = operation.new_input();
  Result<void> done = FormReader(*form, kind_ == ProtocolKind::kEc2Query).structure(*operation.input, "", input.data());
  if (!done) return std::unexpected(std::move(done).error());
  Result<void> checked = check_constraints(*operation.service, *operation.input, input.data());
  if (!checked) return std::unexpected(std::move(checked).error());
  return input;
}

http::Response QueryProtocol::encode(const Operation& operation, const AnyStructure& output,
                                     std::string_view request_id) const {
  http::Response response = response_of(kind_, 200, request_id);
  std::string& out = response.body;
  if (kind_ == ProtocolKind::kQueryJson) {
    write_query_json(out, operation, output.data(), request_id);
    return response;
  }
  out = kXmlHead;
  out.append("<")
      .append(operation.name)
      .append("Response xmlns=\"")
      .append(operation.service->xml_namespace)
      .append("\">");
  if (kind_ == ProtocolKind::kEc2Query) {
    write_xml_text(out, "requestId", request_id);
    write_xml_members(out, output.shape(), output.data());
  } else {
    write_result(out, operation, output);
    out += "<ResponseMetadata>";
    write_xml_text(out, "RequestId", request_id);
    out += "</ResponseMetadata>";
  }
  out.append("</").append(operation.name).append("Response>\n");
  return response;
}

http::Response QueryProtocol::encode_error(const Service& service, const Error& error,
                                           std::string_view request_id) const {
  if (error.code == kUnknownOperation) {
    // A request that is none of the protocol's: not even an error's form.
    http::Response response = response_of(ProtocolKind::kQuery, error_status(service, error), request_id);
    response.body = "<UnknownOperationException/>\n";
    return response;
  }
  const ErrorShape* shape = service.find_error(error.code);
  const bool denied = shape == nullptr && error.code == kAccessDenied;
  http::Response response = response_of(kind_, error_status(service, error), request_id);
  const bool sender = shape != nullptr ? shape->sender_fault : response.status < 500;
  const std::string_view code = shape != nullptr ? shape->query_code
                                : denied         ? "AccessDenied"
                                                 : std::string_view(error.code);
  const std::string message = message_of(error, code);
  std::string& out = response.body;
  if (kind_ == ProtocolKind::kQueryJson) {
    write_query_json_error(out, code, message, sender, request_id);
    return response;
  }
  const bool ec2 = kind_ == ProtocolKind::kEc2Query;
  out = kXmlHead;
  if (ec2) {
    out += "<Response><Errors><Error>";
  } else {
    out.append("<ErrorResponse xmlns=\"").append(service.xml_namespace).append("\"><Error>");
    write_xml_text(out, "Type", sender ? "Sender" : "Receiver");
  }
  write_xml_text(out, "Code", code);
  write_xml_message(out, "Message", message);
  write_details(out, shape, error);
  if (service.detailed_errors) out += "<Detail/>";
  out += ec2 ? "</Error></Errors>" : "</Error>";
  write_xml_text(out, ec2 ? "RequestID" : "RequestId", request_id);
  out += ec2 ? "</Response>\n" : "</ErrorResponse>\n";
  return response;
}

}  // namespace signalbox::wire
