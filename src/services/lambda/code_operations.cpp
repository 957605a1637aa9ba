// UpdateFunctionCode.
#include "services/lambda/changes.h"
#include "services/lambda/configuration.h"
#include "services/lambda/fleet.h"
#include "services/lambda/runtimes.h"

namespace signalbox::lambda {
namespace {

using cloud::Call;

Result<void> may_have(const Version& version, const std::optional<std::vector<std::string>>& architectures) {
  if (!architectures) return {};
  const auto runtime = find_runtime(*version.config.runtime);
  if (!runtime) return std::unexpected(runtime.error());
  return check_architectures(*architectures, *version.config.runtime, *runtime);
}

asio::awaitable<Result<model::FunctionConfiguration>> update(Core& core, const Call& call,
                                                             model::UpdateFunctionCodeRequest request) {
  const auto found = find_unqualified(core, call, "UpdateFunctionCode", *request.function_name);
  if (!found) co_return std::unexpected(found.error());
  if (request.image_uri) co_return not_supported("ImageUri");
  if (request.source_kms_key_arn) co_return not_supported("SourceKMSKeyArn");
  if (request.publish_to) co_return not_supported("PublishTo");
  Result<void> runs = may_have(*found->version, request.architectures);
  if (!runs) co_return std::unexpected(std::move(runs).error());
  CodeSource source{std::move(request.zip_file), std::move(request.s3_bucket), std::move(request.s3_key),
                    std::move(request.s3_object_version)};
  auto stored = co_await store_code(core, call, std::move(source), "UpdateFunctionCode");
  if (!stored) co_return std::unexpected(std::move(stored).error());
  const auto with_code = [&](const Version& before) {
    auto version = std::make_shared<Version>(before);
    version->run = std::make_shared<char>();
    version->code = stored->code.name();
    version->config.code_sha256 = code_sha256(version->code);
    version->config.code_size = stored->size;
    if (request.architectures) version->config.architectures = request.architectures;
    version->config.last_modified = modified_text(core.house.clock.now());
    version->config.revision_id = core.house.random.uuid();
    return version;
  };
  if (request.dry_run.value_or(false)) co_return shown(found->function->name, *with_code(*found->version), "");
  std::string before;
  VersionPtr result;
  const auto changed = co_await change_function(
      core, found->function->name, [&](Function& function, store::Batch& batch) -> Result<void> {
        Result<void> same = check_revision(request.revision_id, function.latest->config.revision_id);
        if (same) same = may_have(*function.latest, request.architectures);
        if (!same) return same;
        before = function.latest->code;
        result = function.latest = with_code(*function.latest);
        put_version(core, function.name, *result, batch);
        if (request.publish.value_or(false)) result = publish(core, function, {}, batch);
        return {};
      });
  if (!changed) co_return std::unexpected(changed.error());
  core.settle_code(std::move(before), false);
  co_return shown_updated(core, shown((*changed)->name, *result, result->number == kLatest ? "" : result->number));
}

}  // namespace

void register_code_operations(Core& core) {
  core.house.door.handle(model::kUpdateFunctionCode,
                         [&core](const Call& call, model::UpdateFunctionCodeRequest request) {
                           return update(core, call, std::move(request));
                         });
}

}  // namespace signalbox::lambda
