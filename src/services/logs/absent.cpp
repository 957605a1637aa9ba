// Features of CloudWatch Logs that are not there, as AWS tells them where nobody has set them up.

#include "services/logs/absent.h"

#include "cloud/absent.h"
#include "models/logs.h"

namespace signalbox::logs {
namespace {

namespace m = models::logs;
using cloud::Call;

constexpr cloud::AbsentRow kRows[] = {
    {.operation = "DescribeAccountPolicies", .answer = R"({"accountPolicies": []})"},
    {.operation = "DescribeConfigurationTemplates", .answer = R"({"configurationTemplates": []})"},
    {.operation = "DescribeDeliveries", .answer = R"({"deliveries": []})"},
    {.operation = "DescribeDeliveryDestinations", .answer = R"({"deliveryDestinations": []})"},
    {.operation = "DescribeDeliverySources", .answer = R"({"deliverySources": []})"},
    {.operation = "DescribeDestinations", .answer = R"({"destinations": []})"},
    {.operation = "DescribeExportTasks", .answer = R"({"exportTasks": []})"},
    {.operation = "DescribeImportTasks", .answer = R"({"imports": []})"},
    {.operation = "DescribeLookupTables", .answer = R"({"lookupTables": []})"},
    {.operation = "ListAggregateLogGroupSummaries", .answer = R"({"aggregateLogGroupSummaries": []})"},
    {.operation = "ListAnomalies", .answer = R"({"anomalies": []})"},
    {.operation = "ListIntegrations", .answer = R"({"integrationSummaries": []})"},
    {.operation = "ListLogAnomalyDetectors", .answer = R"({"anomalyDetectors": []})"},
    {.operation = "ListScheduledQueries", .answer = R"({"scheduledQueries": []})"},
    {.operation = "DescribeImportTaskBatches",
     .code = "ResourceNotFoundException",
     .message = "The specified import task does not exist."},
    {.operation = "GetDataProtectionPolicy",
     .answer = R"({"logGroupIdentifier": "$logGroupIdentifier"})",
     .of = "DescribeLogStreams"},
    {.operation = "GetDelivery", .code = "ResourceNotFoundException", .message = "Delivery {id} does not exist."},
    {.operation = "GetDeliveryDestination",
     .code = "ResourceNotFoundException",
     .message = "Delivery Destination {name} does not exist."},
    {.operation = "GetDeliveryDestinationPolicy",
     .code = "ResourceNotFoundException",
     .message = "Delivery Destination {deliveryDestinationName} does not exist."},
    {.operation = "GetDeliverySource",
     .code = "ResourceNotFoundException",
     .message = "Delivery Source {name} does not exist."},
    {.operation = "GetIntegration",
     .code = "ResourceNotFoundException",
     .message = "Integration {integrationName} does not exist."},
    {.operation = "GetLogAnomalyDetector",
     .code = "ResourceNotFoundException",
     .message = "The specified anomaly detector does not exist."},
    {.operation = "GetLookupTable",
     .code = "ResourceNotFoundException",
     .message = "The specified lookup table does not exist."},
    {.operation = "GetScheduledQuery",
     .code = "ResourceNotFoundException",
     .message = "The specified scheduled query does not exist."},
    {.operation = "GetScheduledQueryHistory",
     .code = "ResourceNotFoundException",
     .message = "The specified scheduled query does not exist."},
    {.operation = "GetTransformer",
     .code = "ResourceNotFoundException",
     .message = "No transformer is set for the specified log group.",
     .of = "DescribeLogStreams"},
    {.operation = "ListLogGroupsForQuery",
     .code = "ResourceNotFoundException",
     .message = "Query with ID {queryId} does not exist."},
    {.operation = "CancelExportTask",
     .code = "ResourceNotFoundException",
     .message = "The specified export task does not exist."},
    {.operation = "DeleteAccountPolicy",
     .code = "ResourceNotFoundException",
     .message = "Account policy with name {policyName} does not exist."},
    {.operation = "DeleteDelivery", .code = "ResourceNotFoundException", .message = "Delivery {id} does not exist."},
    {.operation = "DeleteDeliveryDestination",
     .code = "ResourceNotFoundException",
     .message = "Delivery Destination {name} does not exist."},
    {.operation = "DeleteDeliverySource",
     .code = "ResourceNotFoundException",
     .message = "Delivery Source {name} does not exist."},
    {.operation = "DeleteDestination",
     .code = "ResourceNotFoundException",
     .message = "The specified destination does not exist."},
    {.operation = "DeleteIntegration",
     .code = "ResourceNotFoundException",
     .message = "Integration {integrationName} does not exist."},
    {.operation = "DeleteLogAnomalyDetector",
     .code = "ResourceNotFoundException",
     .message = "The specified anomaly detector does not exist."},
    {.operation = "DeleteScheduledQuery",
     .code = "ResourceNotFoundException",
     .message = "The specified scheduled query does not exist."},
    {.operation = "DisassociateKmsKey", .of = "ListTagsLogGroup"},
    {.operation = "ListSourcesForS3TableIntegration",
     .code = "ResourceNotFoundException",
     .message = "The specified integration does not exist."},
};

/// Whether all of the log groups, named by name or ARN, are there. Errors: ResourceNotFoundException.
Result<void> check_groups(const Core& core, const Call& call, const std::vector<std::string>& identifiers) {
  for (const std::string& one : identifiers) {
    const auto group = named_group(core, call.scope, {}, one);
    if (!group) return std::unexpected(group.error());
  }
  return {};
}

}  // namespace

std::span<const cloud::AbsentRow> absent_rows() {
  return kRows;
}

void answer_absent(const cloud::House& house) {
  cloud::answer_absent(house.door, house.authority, models::logs::kService, "logs", kRows);
}

void register_index_reads(Core& core) {
  auto& door = core.house.door;
  using Fields = asio::awaitable<Result<m::DescribeFieldIndexesResponse>>;
  door.handle(m::kDescribeFieldIndexes, [&core](const Call& call, m::DescribeFieldIndexesRequest request) -> Fields {
    const Result<void> there = check_groups(core, call, *request.log_group_identifiers);
    if (!there) co_return std::unexpected(there.error());
    m::DescribeFieldIndexesResponse response;
    response.field_indexes.emplace();
    co_return response;
  });
  using Policies = asio::awaitable<Result<m::DescribeIndexPoliciesResponse>>;
  door.handle(m::kDescribeIndexPolicies,
              [&core](const Call& call, m::DescribeIndexPoliciesRequest request) -> Policies {
                const Result<void> there = check_groups(core, call, *request.log_group_identifiers);
                if (!there) co_return std::unexpected(there.error());
                m::DescribeIndexPoliciesResponse response;
                response.index_policies.emplace();
                co_return response;
              });
}

}  // namespace signalbox::logs
