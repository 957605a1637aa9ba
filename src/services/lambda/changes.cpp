#include "services/lambda/changes.h"

#include <charconv>

#include "json/json.h"
#include "models/s3.h"
#include "services/lambda/configuration.h"
#include "services/lambda/fleet.h"
#include "wire/json_codec.h"

namespace signalbox::lambda {
namespace {

/// "Lambda quotas": a package as it is uploaded.
constexpr std::size_t kMaxZip = std::size_t{50} * 1024 * 1024;
constexpr std::size_t kMaxFetchedZip = std::size_t{250} * 1024 * 1024;

/// What tells one published version from another.
std::string essence(const Version& version) {
  model::FunctionConfiguration config = version.config;
  config.revision_id.reset();
  config.last_modified.reset();
  std::string text;
  json::Writer writer(text);
  wire::write_json(writer, *model::kGetFunctionConfiguration.operation->output, &config);
  text += version.code;
  for (const std::string& layer : version.layers) text += layer;
  return text;
}

/// A package in S3, as whoever calls gets it.
asio::awaitable<Result<std::string>> fetch(Core& core, cloud::Call call, CodeSource source) {
  models::s3::GetObjectRequest request;
  request.bucket = std::move(source.bucket);
  request.key = std::move(source.key);
  request.version_id = std::move(source.version);
  call.connection = nullptr;
  call.invoked_by = "lambda.amazonaws.com";
  auto object = co_await core.house.door.call(std::move(call), models::s3::kGetObject, std::move(request));
  if (object) co_return std::move(object->body).value_or("");
  const Error& why = object.error();
  if (why.code == "NotImplemented") co_return not_supported("S3Bucket");
  co_return invalid("Error occurred while GetObject. S3 Error Code: " + why.code +
                    ". S3 Error Message: " + why.message);
}

}  // namespace

asio::awaitable<Result<FunctionPtr>> change_function(Core& core, FunctionName name, FunctionChange change) {
  auto work = [&]() -> asio::awaitable<Result<FunctionPtr>> {
    const FunctionPtr present = core.find(name);
    if (!present) co_return no_such_function(name.arn());
    auto changed = std::make_shared<Function>(*present);
    store::Batch batch;
    Result<void> done = change(*changed, batch);
    if (!done) co_return std::unexpected(std::move(done).error());
    batch.put(function_key(name), encode(*changed));
    done = co_await core.house.store.commit(std::move(batch));
    if (!done) co_return std::unexpected(std::move(done).error());
    core.put(changed);
    core.fleet->changed(name);
    co_return FunctionPtr(changed);
  };
  co_return co_await in_turn(core, name.scope, std::ref(work));
}

void put_version(Core& core, const FunctionName& name, const Version& version, store::Batch& batch) {
  std::uint64_t number = 0;
  if (version.number != kLatest) {
    std::from_chars(version.number.data(), version.number.data() + version.number.size(), number);
  }
  batch.put(version_key(name, number), encode(version, name, core.house.sealer));
}

VersionPtr publish(Core& core, Function& function, const std::optional<std::string>& description, store::Batch& batch) {
  auto version = std::make_shared<Version>(*function.latest);
  if (description) version->config.description = description;
  if (!function.versions.empty()) {
    const VersionPtr& last = function.versions.rbegin()->second;
    Version same = *version;
    if (!description) same.config.description = last->config.description;
    if (essence(same) == essence(*last)) return last;
  }
  const std::uint64_t number = function.next_version++;
  version->number = std::to_string(number);
  version->config.revision_id = core.house.random.uuid();
  put_version(core, function.name, *version, batch);
  function.versions[number] = version;
  return version;
}

asio::awaitable<Result<StoredCode>> store_code(Core& core, cloud::Call call, CodeSource source) {
  if (source.zip && (source.bucket || source.key)) {
    co_return invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.");
  }
  if (!source.zip && (!source.bucket || !source.key)) co_return invalid("Please provide a source for function code.");
  const bool fetched = !source.zip;
  if (fetched) {
    auto object = co_await fetch(core, std::move(call), source);
    if (!object) co_return std::unexpected(std::move(object).error());
    source.zip = *std::move(object);
  }
  const std::string& zip = *source.zip;
  if (zip.size() > (fetched ? kMaxFetchedZip : kMaxZip)) {
    co_return fail("RequestEntityTooLargeException",
                   "Request must be smaller than 52428800 bytes for the "
                   "CreateFunction operation",
                   413);
  }
  auto name = co_await core.blocking([&] { return core.code.put(zip); });
  if (!name) co_return std::unexpected(std::move(name).error());
  co_return StoredCode{NewCode(core, *std::move(name)), static_cast<std::int64_t>(zip.size())};
}

Result<void> check_revision(const std::optional<std::string>& given, const std::optional<std::string>& is) {
  if (!given || given == is) return {};
  return fail("PreconditionFailedException",
              "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
              "retrieve the latest Revision Id",
              412);
}

Result<Found> find_function(const Core& core, const cloud::Scope& caller, std::string_view name,
                            const std::optional<std::string>& qualifier) {
  auto reference = read_function(caller, name, qualifier);
  if (!reference) return std::unexpected(std::move(reference).error());
  const FunctionPtr function = core.find(reference->function);
  if (!function) return no_such_function(reference->function.arn(reference->qualifier));
  VersionPtr version = function->resolve(reference->qualifier, 1);
  if (!version) return no_such_function(reference->function.arn(reference->qualifier));
  return Found{function, std::move(reference->qualifier), std::move(version)};
}

}  // namespace signalbox::lambda
