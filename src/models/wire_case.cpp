#include "models/wire_case.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "json/json.h"
#include "wire/json_codec.h"
#include "wire/number_text.h"
#include "wire/route.h"
#include "wire/text_value.h"

namespace signalbox::wire {
namespace {

void tell(json::Writer& writer, const Shape& shape, const void* value);

void tell_members(json::Writer& writer, const Shape& shape, const void* value) {
  writer.begin_object();
  for (const Member& member : shape.members) {
    const void* field = member.find(value);
    if (field == nullptr) continue;
    writer.key(member.name);
    tell(writer, *member.shape, field);
  }
  writer.end_object();
}

void tell_list(json::Writer& writer, const Shape& shape, const void* value) {
  writer.begin_array();
  for (std::size_t i = 0; i < shape.size(value); ++i) tell(writer, *shape.element, shape.at(value, i));
  writer.end_array();
}

void tell_map(json::Writer& writer, const Shape& shape, const void* value) {
  struct Context {
    json::Writer& writer;
    const Shape& element;
  } context{writer, *shape.element};
  writer.begin_object();
  shape.each(value, &context, [](void* opaque, const std::string& key, const void* element) {
    const auto& c = *static_cast<Context*>(opaque);
    c.writer.key(key);
    tell(c.writer, c.element, element);
  });
  writer.end_object();
}

void tell(json::Writer& writer, const Shape& shape, const void* value) {
  switch (shape.type) {
    case ShapeType::kString:
    case ShapeType::kBlob:
      return writer.string(*static_cast<const std::string*>(value));
    case ShapeType::kInteger:
      return writer.number(static_cast<std::int64_t>(*static_cast<const std::int32_t*>(value)));
    case ShapeType::kLong:
      return writer.number(*static_cast<const std::int64_t*>(value));
    case ShapeType::kFloat:
    case ShapeType::kDouble:
      return write_double(writer, *static_cast<const double*>(value));
    case ShapeType::kBoolean:
      return writer.boolean(*static_cast<const bool*>(value));
    case ShapeType::kTimestamp:
      return writer.string(text_of_time(TimestampFormat::kIso8601, *static_cast<const Time*>(value)));
    case ShapeType::kList:
      return tell_list(writer, shape, value);
    case ShapeType::kMap:
      return tell_map(writer, shape, value);
    case ShapeType::kStructure:
      return tell_members(writer, shape, value);
  }
}

http::Request request_of(const RequestCase& c) {
  http::Request request;
  const std::string_view line = c.line;
  request.method = line.substr(0, line.find(' '));
  request.target = line.substr(line.find(' ') + 1);
  request.headers = c.headers;
  request.body = c.body;
  return request;
}

bool is_rest(ProtocolKind kind) {
  return kind == ProtocolKind::kRestJson || kind == ProtocolKind::kRestXml;
}

void check_route(const Service& service, const Operation& operation, const http::Request& request) {
  const Service* const services[] = {&service};
  const Routed routed = route(services, request, service.signing_name);
  ASSERT_TRUE(routed.operation) << routed.operation.error().code;
  EXPECT_EQ((*routed.operation)->name, operation.name);
}

void check_request(ProtocolKind kind, const Service& service, const RequestCase& c) {
  const Operation* operation = service.find_operation(c.operation);
  ASSERT_NE(operation, nullptr) << c.operation;
  const http::Request request = request_of(c);
  if (is_rest(kind) && c.error.empty()) check_route(service, *operation, request);
  const Result<AnyStructure> decoded = protocol(kind).decode(*operation, request);
  if (!decoded) {
    EXPECT_EQ(decoded.error().code, c.error) << decoded.error().message;
    EXPECT_EQ(protocol(kind).encode_error(service, decoded.error(), "id").status, c.status);
    return;
  }
  const std::string said = told(decoded->shape(), decoded->data());
  EXPECT_EQ(c.error, "") << "is not refused: " << said;
  EXPECT_EQ(said, c.told);
}

void check_headers(const http::Response& response, const Headers& wanted) {
  for (const auto& [name, value] : wanted) {
    const auto found =
        std::ranges::find_if(response.headers, [&](const auto& header) { return http::same_name(header.first, name); });
    ASSERT_NE(found, response.headers.end()) << "no " << name;
    EXPECT_EQ(found->second, value) << name;
  }
}

void check_answer(ProtocolKind kind, const Service& service, const AnswerCase& c) {
  const Operation* operation = service.find_operation(c.operation);
  ASSERT_NE(operation, nullptr) << c.operation;
  json::Document document;
  const Result<json::Value> value = document.parse(c.value);
  ASSERT_TRUE(value) << value.error().message;
  AnyStructure output = operation->new_output();
  const Result<void> read = read_json(output.shape(), *value, output.data());
  ASSERT_TRUE(read) << read.error().message;
  const http::Response response = protocol(kind).encode(*operation, output, "id");
  EXPECT_EQ(response.status, c.status);
  EXPECT_EQ(response.body, c.body);
  check_headers(response, c.headers);
  for (const std::string_view name : c.absent) {
    EXPECT_TRUE(std::ranges::none_of(response.headers, [&](const auto& header) {
      return http::same_name(header.first, name);
    })) << name;
  }
}

}  // namespace

std::string told(const Shape& shape, const void* value) {
  std::string text;
  json::Writer writer(text);
  tell(writer, shape, value);
  return text;
}

void check_requests(ProtocolKind kind, const Service& service, std::span<const RequestCase> cases) {
  for (const RequestCase& c : cases) {
    SCOPED_TRACE(c.what + ": " + c.line);
    check_request(kind, service, c);
  }
  testing::Test::RecordProperty("cases", static_cast<int>(cases.size()));
}

void check_answers(ProtocolKind kind, const Service& service, std::span<const AnswerCase> cases) {
  for (const AnswerCase& c : cases) {
    SCOPED_TRACE(c.what + ": " + c.value);
    check_answer(kind, service, c);
  }
  testing::Test::RecordProperty("cases", static_cast<int>(cases.size()));
}

void check_errors(ProtocolKind kind, const Service& service, std::span<const ErrorCase> cases) {
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.what);
    const http::Response response = protocol(kind).encode_error(service, c.error, "id");
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.body, c.body);
    check_headers(response, c.headers);
  }
  testing::Test::RecordProperty("cases", static_cast<int>(cases.size()));
}

}  // namespace signalbox::wire
