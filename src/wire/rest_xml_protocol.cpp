#include "wire/rest_xml_protocol.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/checksum.h"
#include "base/encoding.h"
#include "wire/header_text.h"
#include "wire/query_text.h"
#include "wire/text_value.h"
#include "wire/uri_template.h"
#include "wire/xml_codec.h"

namespace signalbox::wire {
namespace {

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidArgument", std::move(message), 400);
}

bool starts_with_name(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && http::same_name(name.substr(0, prefix.size()), prefix);
}

/// With the parameter and what was given, as S3's errors of arguments name them.
std::unexpected<Error> bad_argument(const Member& member, std::string_view value, std::string message) {
  ErrorDetails details;
  details.elements = {{"ArgumentName", std::string(member.location_name)}, {"ArgumentValue", std::string(value)}};
  Error error{"InvalidArgument", std::move(message), 400};
  error.details = std::make_shared<const ErrorDetails>(std::move(details));
  return std::unexpected(std::move(error));
}

Result<void> read_value(const Member& member, const Shape& shape, std::string_view text, void* out) {
  Result<void> done = read_xml_scalar(shape, text, out);
  if (!done && shape.type == ShapeType::kInteger && member.location == Location::kQuery) {
    return bad_argument(member, text,
                        "Provided " + std::string(member.location_name) + " not an integer or within integer range");
  }
  if (!done) return bad_argument(member, text, done.error().message);
  if (shape.type != ShapeType::kString || is_of_enum(shape, *static_cast<std::string*>(out))) return {};
  if (shape.name == "EncodingType") return bad_argument(member, text, "Invalid Encoding Method specified in Request");
  return bad_argument(member, text,
                      "'" + std::string(text.substr(0, 100)) + "' is not a " + std::string(shape.name) + ".");
}

Result<void> read_header(const Member& member, const http::Request& request, void* input) {
  const std::string_view text = request.header(member.location_name);
  if (text.empty()) return {};
  const Shape& shape = *member.shape;
  void* field = member.emplace(input);
  if (shape.json_value) {
    if (read_json_header(text, *static_cast<std::string*>(field))) return {};
    return bad_argument(member, text, "It is no JSON in base64 encoding.");
  }
  if (shape.type != ShapeType::kList) return read_value(member, shape, text, field);
  for (const std::string& item : header_items(*shape.element, joined_header(request, member.location_name))) {
    Result<void> done = read_value(member, *shape.element, item, shape.append(field));
    if (!done) return done;
  }
  return {};
}

/// All headers whose names begin so, as one map; the same name more than once has its values in one.
void read_headers(const Member& member, const http::Request& request, void* input) {
  void* map = nullptr;
  for (const auto& [name, value] : request.headers) {
    if (!starts_with_name(name, member.location_name)) continue;
    if (map == nullptr) map = member.emplace(input);
    std::string key(name.substr(member.location_name.size()));
    std::ranges::transform(key, key.begin(), ascii_lower);
    auto& text = *static_cast<std::string*>(member.shape->insert(map, std::move(key)));
    if (!text.empty()) text += ',';
    text += value;
  }
}

/// Of a list all parameters of the name count, else the first.
Result<void> read_query(const Member& member, const Parameters& parameters, void* input) {
  const Shape& shape = *member.shape;
  if (shape.type == ShapeType::kMap) {
    read_query_table(member, parameters, input);
    return {};
  }
  const bool is_list = shape.type == ShapeType::kList;
  void* list = nullptr;
  for (const auto& [name, text] : parameters) {
    if (name != member.location_name) continue;
    if (is_list) {
      if (list == nullptr) list = member.emplace(input);
      Result<void> done = read_value(member, *shape.element, text, shape.append(list));
      if (!done) return done;
      continue;
    }
    if (text.empty() && shape.type != ShapeType::kString) return {};
    return read_value(member, shape, text, member.emplace(input));
  }
  return {};
}

Result<void> read_places(const Operation& operation, const http::Request& request, void* input) {
  const auto labels = match_uri(operation.uri, request.path());
  const auto parameters = query_parameters(request.query());
  if (!parameters) return invalid("The query string has a broken escape, or too many parameters.");
  for (const Member& member : operation.input->members) {
    Result<void> done;
    switch (member.location) {
      case Location::kUri:
        for (const auto& [name, value] : labels.value_or(Labels())) {
          if (name == member.location_name) done = read_value(member, *member.shape, value, member.emplace(input));
        }
        break;
      case Location::kQuery:
        done = read_query(member, *parameters, input);
        break;
      case Location::kHeader:
        done = read_header(member, request, input);
        break;
      case Location::kHeaders:
        read_headers(member, request, input);
        break;
      case Location::kBody:
      case Location::kPayload:
      case Location::kStatus:
        break;
    }
    if (!done) return done;
  }
  return {};
}

struct KnownChecksum {
  ChecksumKind kind;
  std::string_view header;
};
constexpr std::array<KnownChecksum, 6> kChecksums = {{{ChecksumKind::kMd5, "Content-MD5"},
                                                      {ChecksumKind::kCrc32, "x-amz-checksum-crc32"},
                                                      {ChecksumKind::kCrc32c, "x-amz-checksum-crc32c"},
                                                      {ChecksumKind::kCrc64Nvme, "x-amz-checksum-crc64nvme"},
                                                      {ChecksumKind::kSha1, "x-amz-checksum-sha1"},
                                                      {ChecksumKind::kSha256, "x-amz-checksum-sha256"}}};

Result<void> check_body(const Shape& input, const http::Request& request) {
  for (const KnownChecksum& known : kChecksums) {
    const std::string_view said = request.header(known.header);
    if (said.empty()) continue;
    // A checksum that the operation itself reads is of something else: of the object that an upload becomes.
    const bool of_operation =
        known.kind != ChecksumKind::kMd5 && std::ranges::any_of(input.members, [&](const Member& member) {
          return http::same_name(member.location_name, known.header);
        });
    if (of_operation) continue;
    Checksum checksum(known.kind);
    checksum.update(request.body);
    const std::string digest = checksum.digest();
    const auto given = from_base64(said);
    if (!given || given->size() != digest.size()) {
      return known.kind == ChecksumKind::kMd5
                 ? fail("InvalidDigest", "The Content-MD5 you specified was invalid.", 400)
                 : fail("InvalidRequest", "Value for " + std::string(known.header) + " header is invalid.", 400);
    }
    if (digest != *given) {
      return fail("BadDigest",
                  known.kind == ChecksumKind::kMd5
                      ? std::string("The Content-MD5 you specified did not match what we received.")
                      : "The " + std::string(known.header) + " you specified did not match what we received.",
                  400);
    }
  }
  return {};
}

Result<void> read_payload_member(const Shape& input, const http::Request& request, void* structure) {
  const Member& member = input.members[static_cast<std::size_t>(input.payload)];
  if (request.body.empty()) {
    if (!member.required) return {};
    return fail("MissingRequestBodyError", "Request Body is empty", 400);
  }
  Result<void> checked = check_body(input, request);
  if (!checked) return checked;
  if (member.shape->type == ShapeType::kStructure) {
    return read_xml(*member.shape, request.body, member.emplace(structure));
  }
  *static_cast<std::string*>(member.emplace(structure)) = request.body;
  return {};
}

bool has_body_members(const Shape& shape) {
  return std::ranges::any_of(shape.members, [](const Member& member) { return member.location == Location::kBody; });
}

http::Response response_of(int status, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers = {{"x-amz-request-id", std::string(request_id)}, {"x-amz-id-2", to_base64(request_id)}};
  return response;
}

void write_header(const Member& member, const void* field, http::Response& response) {
  std::string text = header_text(*member.shape, field);
  if (text.empty()) return;
  if (http::same_name(member.location_name, "Content-Length")) {
    response.content_length = *static_cast<const std::int64_t*>(field);
    return;
  }
  // A part of something, and not the whole.
  if (http::same_name(member.location_name, "Content-Range")) response.status = 206;
  set_header(response, member.location_name, std::move(text));
}

/// The header that has the error's member of that name; "" where it is in the body.
std::string_view header_of(const ErrorShape* shape, std::string_view name) {
  if (shape == nullptr) return {};
  const auto found = std::ranges::find(shape->members, name, &ErrorMember::name);
  return found == shape->members.end() ? std::string_view() : found->header;
}

/// The service's namespace, where the element declares none.
std::string namespace_of(const Service& service, const Shape& root) {
  if (service.xml_namespace.empty() || (!root.xml_uri.empty() && root.xml_prefix.empty())) return {};
  return " xmlns=\"" + std::string(service.xml_namespace) + "\"";
}

void write_body(const Operation& operation, const AnyStructure& output, http::Response& response) {
  const Shape& shape = output.shape();
  std::string& out = response.body;
  if (shape.payload >= 0) {
    const Member& member = shape.members[static_cast<std::size_t>(shape.payload)];
    const void* field = member.find(output.data());
    if (field == nullptr) return;
    if (member.shape->type != ShapeType::kStructure) {
      out = *static_cast<const std::string*>(field);
      return;
    }
    out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    write_xml(out, *member.shape, operation.root, field, namespace_of(*operation.service, *member.shape));
  } else if (!operation.root.empty()) {
    out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    // An answer that is named as its only member is that: GetBucketLocation's.
    const Member* only = nullptr;
    for (const Member& member : shape.members) {
      if (member.location == Location::kBody && member.xml_name() == operation.root) only = &member;
    }
    const std::string attributes = namespace_of(*operation.service, shape);
    const void* text = only != nullptr ? only->find(output.data()) : nullptr;
    if (text != nullptr) {
      write_xml(out, *only->shape, operation.root, text, attributes);
    } else if (only != nullptr) {
      out.append("<").append(operation.root).append(attributes).append("></").append(operation.root).append(">");
    } else {
      write_xml(out, shape, operation.root, output.data(), attributes);
    }
  } else {
    return;
  }
  response.headers.emplace_back("Content-Type", "application/xml");
}

}  // namespace

Result<AnyStructure> RestXmlProtocol::decode(const Operation& operation, const http::Request& request) const {
  AnyStructure input = operation.new_input();
  Result<void> done = read_places(operation, request, input.data());
  if (done && operation.input->payload >= 0 && !operation.input->streams) {
    done = read_payload_member(*operation.input, request, input.data());
  } else if (done && operation.input->payload < 0 && has_body_members(*operation.input) && !request.body.empty()) {
    done = read_xml(*operation.input, request.body, input.data());
  }
  if (!done) return std::unexpected(std::move(done).error());
  for (const Member& member : operation.input->members) {
    if (!member.required || member.location == Location::kBody || member.find(input.data()) != nullptr) continue;
    return invalid("The request must have " + std::string(member.name) + ".");
  }
  return input;
}

http::Response RestXmlProtocol::encode(const Operation& operation, const AnyStructure& output,
                                       std::string_view request_id) const {
  http::Response response = response_of(operation.status, request_id);
  for (const Member& member : output.shape().members) {
    const void* field = member.find(output.data());
    if (field == nullptr) continue;
    if (member.location == Location::kHeader) write_header(member, field, response);
    if (member.location == Location::kHeaders) set_headers(response, member, field);
    if (member.location == Location::kStatus) response.status = *static_cast<const std::int32_t*>(field);
  }
  write_body(operation, output, response);
  return response;
}

http::Response RestXmlProtocol::encode_error(const Service& service, const Error& error,
                                             std::string_view request_id) const {
  const ErrorShape* shape = service.find_error(error.code);
  const bool denied = error.code == "AccessDeniedException";
  const int status = denied                   ? 403
                     : error.http_status != 0 ? error.http_status
                     : shape != nullptr       ? shape->http_status
                                              : 400;
  http::Response response = response_of(status, request_id);
  if (error.details) {
    for (const auto& [name, value] : error.details->headers) set_header(response, name, value);
  }
  if (status == 304) return response;
  response.headers.emplace_back("Content-Type", "application/xml");
  std::string& out = response.body;
  out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>";
  write_xml_text(out, "Code", denied ? "AccessDenied" : std::string_view(error.code));
  write_xml_message(out, "Message", error.message);
  if (error.details) {
    for (const auto& [name, value] : error.details->elements) {
      const std::string_view header = header_of(shape, name);
      if (header.empty()) {
        write_xml_message(out, name, value);
      } else {
        set_header(response, header, value);
      }
    }
  }
  write_xml_text(out, "RequestId", request_id);
  write_xml_text(out, "HostId", to_base64(request_id));
  out += "</Error>";
  return response;
}

}  // namespace signalbox::wire
