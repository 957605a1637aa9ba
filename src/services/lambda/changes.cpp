#include "services/lambda/changes.h"

#include <charconv>

#include "base/encoding.h"
#include "json/json.h"
#include "models/s3.h"
#include "services/lambda/configuration.h"
#include "services/lambda/fleet.h"
#include "wire/json_codec.h"

namespace signalbox::lambda {
namespace {

/// "Lambda quotas": a package as it is uploaded.
constexpr std::size_t kMaxZip = std::size_t{50} * 1024 * 1024;  // 52428800
/// Of a request with such a package in it, in base64 and JSON.
constexpr std::size_t kMaxRequest = 70'167'211;
constexpr std::size_t kMaxFetchedZip = std::size_t{250} * 1024 * 1024;

/// A digest of what tells one published version from another.
std::string essence(const Version& version) {
  model::FunctionConfiguration config = version.config;
  config.revision_id.reset();
  config.last_modified.reset();
  std::string text;
  json::Writer writer(text);
  wire::write_json(writer, *model::kGetFunctionConfiguration.operation->output, &config);
  text += version.code;
  for (const std::string& layer : version.layers) text += layer;
  const auto digest = sha256(text);
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
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

/// Whether a caller of another account may do something with a function. In enforce mode the door has asked already.
Result<void> may_reach(const Core& core, const cloud::Call& call, std::string_view operation,
                       const FunctionReference& reference, const FunctionPtr& function) {
  const auto& authority = core.house.authority;
  if (reference.function.scope.account == call.scope.account || authority.enforcing()) return {};
  cloud::Access access;
  access.action = "lambda:" + std::string(operation == "Invoke" ? "InvokeFunction" : operation);
  access.resource = reference.function.arn(reference.qualifier);
  const std::string_view qualifier = reference.qualifier == kLatest ? std::string_view() : reference.qualifier;
  if (function) {
    const auto policy = function->policies.find(qualifier);
    if (policy != function->policies.end()) access.policy = policy->second.document;
  }
  return authority.decide(call, access);
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
    batch.put(function_key(name), store::encode(*changed));
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

std::optional<std::string> revision_of(const Function& function, std::string_view qualifier) {
  const auto alias = function.aliases.find(qualifier);
  if (alias != function.aliases.end()) return alias->second.revision_id;
  const VersionPtr version = function.version(qualifier);
  return version ? version->config.revision_id : std::nullopt;
}

void renew_revision(Core& core, Function& function, const std::string& qualifier, store::Batch& batch) {
  const auto alias = function.aliases.find(qualifier);
  if (alias != function.aliases.end()) {
    alias->second.revision_id = core.house.random.uuid();
    return;
  }
  const VersionPtr present = function.version(qualifier);
  if (!present) return;
  auto version = std::make_shared<Version>(*present);
  version->config.revision_id = core.house.random.uuid();
  put_version(core, function.name, *version, batch);
  if (version->number == kLatest) {
    function.latest = std::move(version);
  } else {
    function.versions[std::stoull(present->number)] = std::move(version);
  }
}

VersionPtr publish(Core& core, Function& function, const std::optional<std::string>& description, store::Batch& batch) {
  auto version = std::make_shared<Version>(*function.latest);
  if (!function.versions.empty()) {
    // A description that is given with it is the version's own: it makes none.
    const VersionPtr& last = function.versions.rbegin()->second;
    if (last->published_from == essence(*version)) return last;
  }
  version->published_from = essence(*version);
  if (description) version->config.description = description;
  version->run = std::make_shared<char>();
  const std::uint64_t number = function.next_version++;
  version->number = std::to_string(number);
  version->config.revision_id = core.house.random.uuid();
  put_version(core, function.name, *version, batch);
  function.versions[number] = version;
  return version;
}

asio::awaitable<Result<StoredCode>> store_code(Core& core, cloud::Call call, CodeSource source,
                                               std::string_view operation) {
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
  const std::size_t most = fetched ? kMaxFetchedZip : kMaxZip;
  if (!fetched && (zip.size() + 2) / 3 * 4 > kMaxRequest) {
    co_return fail("RequestEntityTooLargeException",
                   "Request must be smaller than " + std::to_string(kMaxRequest) + " bytes for the " +
                       std::string(operation) + " operation",
                   413);
  }
  if (zip.size() > most) {
    co_return fail("RequestEntityTooLargeException",
                   "Zipped size must be smaller than " + std::to_string(most) + " bytes", 413);
  }
  auto name = co_await core.blocking([&] { return core.code.put(zip); });
  if (!name) co_return std::unexpected(std::move(name).error());
  co_return StoredCode{NewCode(core, *std::move(name)), static_cast<std::int64_t>(zip.size())};
}

Result<void> check_revision(const std::optional<std::string>& given, const std::optional<std::string>& is,
                            std::string_view from) {
  if (!given || given == is) return {};
  return fail("PreconditionFailedException",
              "The Revision Id provided does not match the latest Revision Id. Call the " + std::string(from) +
                  " API to retrieve the latest Revision Id",
              412);
}

Result<Found> find_function(const Core& core, const cloud::Call& call, std::string_view operation,
                            std::string_view name, const std::optional<std::string>& qualifier) {
  auto reference = read_any_function(call.scope, name, qualifier);
  if (!reference) return std::unexpected(std::move(reference).error());
  const FunctionPtr function = core.find(reference->function);
  Result<void> may = may_reach(core, call, operation, *reference, function);
  if (!may) return std::unexpected(std::move(may).error());
  if (!function) return no_such_function(reference->function.arn(reference->qualifier));
  VersionPtr version = function->resolve(reference->qualifier, 1);
  if (!version) return no_such_function(reference->function.arn(reference->qualifier));
  return Found{function, std::move(reference->qualifier), std::move(version)};
}

Result<Found> find_unqualified(const Core& core, const cloud::Call& call, std::string_view operation,
                               std::string_view name) {
  const auto reference = read_any_function(call.scope, name);
  if (!reference) return std::unexpected(reference.error());
  if (!reference->qualifier.empty() && reference->qualifier != kLatest) {
    return invalid(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
        "Please specify either a function name or an unqualified function ARN.");
  }
  return find_function(core, call, operation, name, {});
}

}  // namespace signalbox::lambda
