// Features of EventBridge that are not there, as AWS tells them where nobody has set them up.

#include "services/events/absent.h"

#include "cloud/absent.h"
#include "models/events.h"

namespace signalbox::events {
namespace {

constexpr cloud::AbsentRow kRows[] = {
    {.operation = "ListEndpoints", .answer = R"({"Endpoints": []})"},
    {.operation = "ListEventSources", .answer = R"({"EventSources": []})"},
    {.operation = "ListPartnerEventSources", .answer = R"({"PartnerEventSources": []})"},
    {.operation = "DeleteEndpoint", .code = "ResourceNotFoundException", .message = "Endpoint {Name} does not exist."},
    {.operation = "DescribeEndpoint",
     .code = "ResourceNotFoundException",
     .message = "Endpoint {Name} does not exist."},
    {.operation = "DescribeEventSource",
     .code = "ResourceNotFoundException",
     .message = "Event source {Name} does not exist."},
    {.operation = "DescribePartnerEventSource",
     .code = "ResourceNotFoundException",
     .message = "Event source {Name} does not exist."},
    {.operation = "ListPartnerEventSourceAccounts",
     .code = "ResourceNotFoundException",
     .message = "Event source {EventSourceName} does not exist."},
};

}  // namespace

std::span<const cloud::AbsentRow> absent_rows() {
  return kRows;
}

void answer_absent(const cloud::House& house) {
  cloud::answer_absent(house.door, house.authority, models::events::kService, "events", kRows);
}

}  // namespace signalbox::events
