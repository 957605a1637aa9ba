#include "services/cloudtrail/record.h"

#include "base/time_text.h"
#include "json/json.h"
#include "services/cloudtrail/render.h"
#include "services/cloudtrail/user_identity.h"

namespace signalbox::cloudtrail {
namespace {

/// Where records of services without Regions belong.
constexpr std::string_view kGlobalRegion = "us-east-1";

std::string_view host_of(std::string_view endpoint) {
  const auto at = endpoint.find("://");
  return at == std::string_view::npos ? endpoint : endpoint.substr(at + 3);
}

std::string bounded(std::string text) {
  if (text.size() > kMaxText) text.resize(kMaxText);
  return text;
}

void write_resources(json::Writer& writer, const std::vector<Resource>& resources) {
  writer.key("resources");
  writer.begin_array();
  for (const Resource& one : resources) {
    writer.begin_object();
    if (!one.account.empty()) writer.member("accountId", one.account);
    writer.member("type", one.type);
    writer.member(one.is_prefix ? "ARNPrefix" : "ARN", one.arn);
    writer.end_object();
  }
  writer.end_array();
}

/// All services' records name this refusal in one way.
std::string_view code_of(const Error& error) {
  if (error.code == "AccessDeniedException" || error.code == "AuthorizationErrorException") return "AccessDenied";
  return error.code;
}

}  // namespace

cloud::Scope scope_of(const cloud::Call& call, const wire::Operation& operation) {
  if (operation.service->id != "iam") return call.scope;
  return {call.scope.account, std::string(kGlobalRegion)};
}

bool is_global(const cloud::Call& call, const wire::Operation& operation) {
  return operation.service->id == "iam" || (operation.service->id == "sts" && call.scope.region == kGlobalRegion);
}

CallStart start_of(const cloud::Call& call, const CallKind& kind, const wire::Operation& operation,
                   const wire::AnyStructure& input) {
  CallStart start;
  start.scope = scope_of(call, operation);
  start.kind = kind;
  start.source = event_source_of(*operation.service);
  start.user = user_name_of(call);
  start.access_key = call.principal.access_key;
  json::Writer identity(start.identity);
  write_user_identity(identity, call);
  // Calls of services inside come from no address.
  const std::string& inside = call.invoked_by.empty() ? call.principal.arn : call.invoked_by;
  start.address = call.source_address.empty() ? inside : call.source_address;
  start.agent = bounded(call.user_agent.empty() && call.source_address.empty() ? inside : call.user_agent);
  start.request_id = call.request_id;
  start.parameters = render(operation, *operation.input, input.data(), host_of(call.endpoint), &start.hidden);
  start.resources = kind.category == Category::kData ? data_resources(call, kind, operation, input.data())
                                                     : named_resources(operation, input.data());
  return start;
}

Record finish(CallStart start, const wire::Operation& operation, const Result<wire::AnyStructure>& done, std::string id,
              Time time) {
  Record record;
  record.id = std::move(id);
  record.time = time;
  json::Writer writer(record.text);
  const bool is_management = start.kind.category == Category::kManagement;
  writer.begin_object();
  writer.member("eventVersion", kEventVersion);
  writer.key("userIdentity");
  writer.raw(start.identity);
  writer.member("eventTime", to_iso8601(time));
  writer.member("eventSource", start.source);
  writer.member("eventName", start.kind.event_name);
  writer.member("awsRegion", start.scope.region);
  writer.member("sourceIPAddress", start.address);
  writer.member("userAgent", start.agent);
  if (!done) {
    record.error_code = code_of(done.error());
    writer.member("errorCode", record.error_code);
    writer.member("errorMessage", bounded(without(done.error().message, start.hidden)));
  }
  writer.key("requestParameters");
  writer.raw(start.parameters);
  writer.key("responseElements");
  writer.raw(done && !start.kind.read_only ? render(operation, *operation.output, done->data()) : "null");
  writer.member("requestID", start.request_id);
  writer.member("eventID", record.id);
  writer.key("readOnly");
  writer.boolean(start.kind.read_only);
  if (!is_management && !start.resources.empty()) write_resources(writer, start.resources);
  writer.member("eventType", "AwsApiCall");
  writer.key("managementEvent");
  writer.boolean(is_management);
  writer.member("recipientAccountId", start.scope.account);
  writer.member("eventCategory", is_management ? "Management" : "Data");
  writer.end_object();
  record.call = std::move(start);
  return record;
}

}  // namespace signalbox::cloudtrail
