// Features of CloudWatch that are not there, as AWS tells them where nobody has set them up.

#include "services/cloudwatch/absent.h"

#include "cloud/absent.h"
#include "models/cloudwatch.h"

namespace signalbox::cloudwatch {
namespace {

constexpr cloud::AbsentRow kRows[] = {
    {.operation = "DescribeAnomalyDetectors", .answer = R"({"AnomalyDetectors": []})"},
    {.operation = "DescribeInsightRules", .answer = R"({"InsightRules": []})"},
    {.operation = "ListAlarmMuteRules", .answer = R"({"AlarmMuteRuleSummaries": []})"},
    {.operation = "ListManagedInsightRules", .answer = R"({"ManagedRules": []})"},
    {.operation = "ListMetricStreams", .answer = R"({"Entries": []})"},
    {.operation = "GetOTelEnrichment", .answer = R"({"Status": "Stopped"})"},
    {.operation = "GetAlarmMuteRule",
     .code = "ResourceNotFoundException",
     .message = "Alarm mute rule {AlarmMuteRuleName} does not exist."},
    {.operation = "GetInsightRuleReport",
     .code = "ResourceNotFoundException",
     .message = "Rule {RuleName} does not exist."},
    {.operation = "DeleteAlarmMuteRule"},
    {.operation = "DeleteAnomalyDetector",
     .code = "ResourceNotFoundException",
     .message = "No anomaly detector exists for the metric."},
    {.operation = "DeleteMetricStream"},
    {.operation = "GetMetricStream",
     .code = "ResourceNotFoundException",
     .message = "MetricStream {Name} does not exist"},
};

}  // namespace

std::span<const cloud::AbsentRow> absent_rows() {
  return kRows;
}

void answer_absent(const cloud::House& house) {
  cloud::answer_absent(house.door, house.authority, models::cloudwatch::kService, "cloudwatch", kRows);
}

}  // namespace signalbox::cloudwatch
