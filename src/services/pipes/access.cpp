#include "services/pipes/access.h"

#include "cloud/access_table.h"
#include "models/pipes.h"
#include "services/pipes/core.h"

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

asio::awaitable<cloud::ResourceFacts> facts_of(const Core& core, std::string arn) {
  constexpr std::string_view kKind = "pipe/";
  cloud::ResourceFacts facts;
  const auto parsed = cloud::Arn::parse(arn);
  if (!parsed || !parsed->resource.starts_with(kKind)) co_return facts;
  const PipePtr pipe = core.find({parsed->scope(), parsed->resource.substr(kKind.size())});
  if (!pipe) co_return facts;
  co_await cloud::on(pipe->owner, [&]() -> asio::awaitable<void> {
    if (const auto& tags = pipe->record.request.tags) facts.tags.assign(tags->begin(), tags->end());
    co_return;
  });
  co_return facts;
}

}  // namespace

void describe_access(const Core& core) {
  auto& authority = core.house.authority;
  cloud::describe(authority, models::pipes::kService, kTable);
  authority.know("pipes", [&core](std::string arn) { return facts_of(core, std::move(arn)); });
}

}  // namespace signalbox::pipes
