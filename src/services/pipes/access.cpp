#include "services/pipes/access.h"

#include "cloud/access_table.h"
#include "models/pipes.h"

namespace signalbox::pipes {
namespace {

constexpr cloud::AccessRow kRows[] = {
    {.operation = "CreatePipe", .resource = "pipe/{Name}", .roles = "RoleArn", .tagging = "pipes:TagResource"},
    {.operation = "DeletePipe", .resource = "pipe/{Name}"},
    {.operation = "DescribePipe", .resource = "pipe/{Name}"},
    {.operation = "ListPipes"},
    {.operation = "ListTagsForResource", .resource = "@resourceArn"},
    {.operation = "StartPipe", .resource = "pipe/{Name}"},
    {.operation = "StopPipe", .resource = "pipe/{Name}"},
    {.operation = "TagResource", .resource = "@resourceArn"},
    {.operation = "UntagResource", .resource = "@resourceArn"},
    {.operation = "UpdatePipe", .resource = "pipe/{Name}", .roles = "RoleArn"},
};

constexpr cloud::AccessTable kTable{.prefix = "pipes", .rows = kRows, .passed_to = "pipes.amazonaws.com"};

}  // namespace

void describe_access(const cloud::House& house) {
  cloud::describe(house.authority, models::pipes::kService, kTable);
}

}  // namespace signalbox::pipes
