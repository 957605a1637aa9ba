// Features of CloudTrail that are not there, as AWS tells them where nobody has set them up.

#include "services/cloudtrail/absent.h"

#include "cloud/absent.h"
#include "models/cloudtrail.h"

namespace signalbox::cloudtrail {
namespace {

constexpr cloud::AbsentRow kRows[] = {
    {.operation = "GetInsightSelectors",
     .code = "InsightNotEnabledException",
     .message = "Trail {TrailName} does not have Insights enabled. Edit the trail settings to enable Insights, and "
                "then try the operation again.",
     .of = "GetEventSelectors"},
    {.operation = "GetEventConfiguration",
     .answer = R"({"TrailARN": "$TrailARN", "MaxEventSize": "Standard", "ContextKeySelectors": []})",
     .of = "GetEventSelectors"},
    {.operation = "SearchSampleQueries", .answer = R"({"SearchResults": []})"},
    {.operation = "ListChannels", .answer = R"({"Channels": []})"},
    {.operation = "ListDashboards", .answer = R"({"Dashboards": []})"},
    {.operation = "ListEventDataStores", .answer = R"({"EventDataStores": []})"},
    {.operation = "ListImports", .answer = R"({"Imports": []})"},
    {.operation = "ListImportFailures", .answer = R"({"Failures": []})"},
    {.operation = "ListInsightsData", .answer = R"({"Events": []})"},
    {.operation = "DescribeQuery",
     .code = "QueryIdNotFoundException",
     .message = "The query ID does not exist or does not map to a query."},
    {.operation = "GetQueryResults",
     .code = "QueryIdNotFoundException",
     .message = "The query ID does not exist or does not map to a query."},
    {.operation = "ListQueries",
     .code = "EventDataStoreNotFoundException",
     .message = "The specified event data store was not found."},
    {.operation = "GetEventDataStore",
     .code = "EventDataStoreNotFoundException",
     .message = "The specified event data store was not found."},
    {.operation = "DeleteEventDataStore",
     .code = "EventDataStoreNotFoundException",
     .message = "The specified event data store was not found."},
    {.operation = "DeleteChannel",
     .code = "ChannelNotFoundException",
     .message = "The specified channel was not found."},
    {.operation = "DeleteDashboard",
     .code = "ResourceNotFoundException",
     .message = "The specified dashboard was not found."},
    {.operation = "DeleteResourcePolicy",
     .code = "ResourcePolicyNotFoundException",
     .message = "The specified resource policy was not found.",
     .arn = "ResourceArn"},
    {.operation = "GetChannel", .code = "ChannelNotFoundException", .message = "The specified channel was not found."},
    {.operation = "GetDashboard",
     .code = "ResourceNotFoundException",
     .message = "The specified dashboard was not found."},
    {.operation = "GetImport", .code = "ImportNotFoundException", .message = "The specified import was not found."},
    {.operation = "GetResourcePolicy",
     .code = "ResourcePolicyNotFoundException",
     .message = "The specified resource policy was not found.",
     .arn = "ResourceArn"},
};

}  // namespace

std::span<const cloud::AbsentRow> absent_rows() {
  return kRows;
}

void answer_absent(const cloud::House& house) {
  cloud::answer_absent(house.door, house.authority, models::cloudtrail::kService, "cloudtrail", kRows);
}

}  // namespace signalbox::cloudtrail
