// Tags of functions and of event source mappings.
#include "services/lambda/changes.h"
#include "services/lambda/mappings.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

constexpr std::string_view kMappingPrefix = "event-source-mapping:";
/// What can have tags, in AWS's words: functions, code signing configurations, event source mappings.
constexpr std::string_view kTaggable =
    "arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+"
    "(:(\\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-"
    "[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})";

/// A function's change and a mapping's are of one kind: what is done to the tags, nothing where they are only asked
/// for.
asio::awaitable<Result<Tags>> change_tags(Core& core, const Call& call, std::string_view operation, std::string arn,
                                          cloud::TagChange change) {
  const auto parsed = cloud::Arn::parse(arn);
  const bool ours = parsed && parsed->service == "lambda" && parsed->region == call.scope.region;
  if (ours && parsed->resource.starts_with(kMappingPrefix) && parsed->account == call.scope.account) {
    co_return co_await change_mapping_tags(core, parsed->scope(), parsed->resource.substr(kMappingPrefix.size()),
                                           std::move(change));
  }
  const auto named = read_function_arn(arn);
  if (!named) {
    co_return fail("ValidationException", "1 validation error detected: Value '" + arn +
                                              "' at 'resource' failed to satisfy constraint: Member must satisfy "
                                              "regular expression pattern: " +
                                              std::string(kTaggable));
  }
  if (!named->qualifier.empty()) {
    co_return invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  }
  const auto found = find_function(core, call, operation, arn, {});
  if (!found) co_return std::unexpected(found.error());
  if (!change) co_return found->function->tags;
  const auto changed =
      co_await change_function(core, found->function->name, [&](Function& one, store::Batch& batch) -> Result<void> {
        Result<void> done = change(one.tags);
        if (done) renew_revision(core, one, std::string(kLatest), batch);
        return done;
      });
  if (!changed) co_return std::unexpected(changed.error());
  co_return (*changed)->tags;
}

Result<void> put(Tags& tags, const cloud::TagList& given) {
  if (given.empty()) return invalid("An error occurred and the request cannot be processed.");
  for (const auto& [key, value] : given) tags.insert_or_assign(key, value);
  return check_tags(tags);
}

}  // namespace

void register_tag_operations(Core& core) {
  cloud::Tagging tagging;
  tagging.change = [&core](const Call& call, std::string_view operation, std::string arn, cloud::TagChange change) {
    return change_tags(core, call, operation, std::move(arn), std::move(change));
  };
  tagging.put = put;
  cloud::serve_tags(core.house.door, model::kTagResource, model::kUntagResource, model::kListTags, std::move(tagging));
}

}  // namespace signalbox::lambda
