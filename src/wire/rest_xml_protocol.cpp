#include "wire/rest_xml_protocol.h"

#include <algorithm>
#include <array>

#include "base/checksum.h"
#include "base/encoding.h"
#include "wire/form.h"
#include "wire/uri_template.h"
#include "wire/xml_codec.h"

namespace signalbox::wire {
namespace {

std::unexpected<Error> invalid(std::string message) {
  return fail("InvalidArgument", std::move(message), 400);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool starts_with_name(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && http::same_name(name.substr(0, prefix.size()), prefix);
}

Result<void> read_value(const Shape& shape, std::string_view text, void* out) {
  if (shape.type == ShapeType::kString && !shape.enum_values.empty() &&
      std::ranges::find(shape.enum_values, text) == shape.enum_values.end()) {
    return invalid("'" + std::string(text.substr(0, 100)) + "' is not a " + std::string(shape.name) + ".");
  }
  return read_xml_scalar(shape, text, out);
}

Result<void> read_header_list(const Shape& shape, std::string_view text, void* list) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    Result<void> done = read_value(*shape.element, trim(item), shape.append(list));
    if (!done) return done;
  }
  return {};
}

Result<void> read_header(const Member& member, const http::Request& request, void* input) {
  const std::string_view text = request.header(member.location_name);
  if (text.empty()) return {};
  if (member.shape->type == ShapeType::kList) return read_header_list(*member.shape, text, member.emplace(input));
  return read_value(*member.shape, text, member.emplace(input));
}

/// All headers whose names begin so, as one map; the same name more than once has its values in one.
void read_headers(const Member& member, const http::Request& request, void* input) {
  void* map = nullptr;
  for (const auto& [name, value] : request.headers) {
    if (!starts_with_name(name, member.location_name)) continue;
    if (map == nullptr) map = member.emplace(input);
    std::string key(name.substr(member.location_name.size()));
    std::ranges::transform(key, key.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
    auto& text = *static_cast<std::string*>(member.shape->insert(map, std::move(key)));
    if (!text.empty()) text += ',';
    text += value;
  }
}

Result<void> read_query(const Member& member, std::string_view query, void* input) {
  auto text = form_parameter(query, member.location_name);
  if (!text || (text->empty() && member.shape->type != ShapeType::kString)) return {};
  return read_value(*member.shape, *text, member.emplace(input));
}

Result<void> read_places(const Operation& operation, const http::Request& request, void* input) {
  const auto labels = match_uri(operation.uri, request.path());
  for (const Member& member : operation.input->members) {
    Result<void> done;
    switch (member.location) {
      case Location::kUri:
        for (const auto& [name, value] : labels.value_or(Labels())) {
          if (name == member.location_name) done = read_value(*member.shape, value, member.emplace(input));
        }
        break;
      case Location::kQuery:
        done = read_query(member, request.query(), input);
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

Result<void> check_body(const http::Request& request) {
  for (const KnownChecksum& known : kChecksums) {
    const std::string_view said = request.header(known.header);
    if (said.empty()) continue;
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
  Result<void> checked = check_body(request);
  if (!checked) return checked;
  if (member.shape->type == ShapeType::kStructure) {
    return read_xml(*member.shape, request.body, member.emplace(structure));
  }
  *static_cast<std::string*>(member.emplace(structure)) = request.body;
  return {};
}

http::Response response_of(int status, std::string_view request_id) {
  http::Response response;
  response.status = status;
  response.headers = {{"x-amz-request-id", std::string(request_id)}, {"x-amz-id-2", to_base64(request_id)}};
  return response;
}

/// No value may end its header's line.
void add_header(http::Response& response, std::string name, std::string value) {
  std::ranges::replace_if(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  response.headers.emplace_back(std::move(name), std::move(value));
}

void write_header(const Member& member, const void* field, http::Response& response) {
  std::string text = xml_scalar_text(*member.shape, field, TimestampFormat::kHttpDate);
  if (http::same_name(member.location_name, "Content-Length")) {
    response.content_length = *static_cast<const std::int64_t*>(field);
    return;
  }
  // A part of something, and not the whole.
  if (http::same_name(member.location_name, "Content-Range")) response.status = 206;
  add_header(response, std::string(member.location_name), std::move(text));
}

void write_headers(const Member& member, const void* field, http::Response& response) {
  struct Context {
    const Member& member;
    http::Response& response;
  } context{member, response};
  member.shape->each(field, &context, [](void* opaque, const std::string& key, const void* value) {
    const auto& c = *static_cast<Context*>(opaque);
    add_header(c.response, std::string(c.member.location_name) + key, *static_cast<const std::string*>(value));
  });
}

void write_body(const Operation& operation, const AnyStructure& output, http::Response& response) {
  const Shape& shape = output.shape();
  const std::string attributes = operation.service->xml_namespace.empty()
                                     ? ""
                                     : " xmlns=\"" + std::string(operation.service->xml_namespace) + "\"";
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
    write_xml(out, *member.shape, operation.root, field, attributes);
  } else if (!operation.root.empty()) {
    out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out.append("<").append(operation.root).append(attributes).append(">");
    // An answer that is named as its only member is that: GetBucketLocation's.
    const Member* only = nullptr;
    for (const Member& member : shape.members) {
      if (member.location == Location::kBody && member.query_name == operation.root) only = &member;
    }
    if (only == nullptr) {
      write_xml_members(out, shape, output.data());
    } else if (const void* field = only->find(output.data())) {
      append_escaped_markup(out, xml_scalar_text(*only->shape, field, TimestampFormat::kIso8601));
    }
    out.append("</").append(operation.root).append(">");
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
    if (member.location == Location::kHeaders) write_headers(member, field, response);
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
    for (const auto& [name, value] : error.details->headers) add_header(response, name, value);
  }
  if (status == 304) return response;
  response.headers.emplace_back("Content-Type", "application/xml");
  std::string& out = response.body;
  out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>";
  write_xml_text(out, "Code", denied ? "AccessDenied" : std::string_view(error.code));
  write_xml_text(out, "Message", error.message);
  if (error.details) {
    for (const auto& [name, value] : error.details->elements) write_xml_text(out, name, value);
  }
  write_xml_text(out, "RequestId", request_id);
  write_xml_text(out, "HostId", to_base64(request_id));
  out += "</Error>";
  return response;
}

}  // namespace signalbox::wire
