#include "services/sns/platform.h"

#include <algorithm>

namespace signalbox::sns {
namespace {

using EndpointRecord = store::PlainRecord<Endpoint>;
constexpr std::string_view kApplicationSpace = "sns.application";
constexpr std::string_view kEndpointSpace = "sns.endpoint";
constexpr std::string_view kTokenSpace = "sns.endpoint-token";

store::Key scoped(std::string_view space, const cloud::Scope& scope) {
  return store::Key(space).text(scope.account).text(scope.region);
}

store::Key application_key(const ApplicationId& id) {
  return scoped(kApplicationSpace, id.scope).text(id.platform).text(id.name);
}

store::Key in_application(std::string_view space, const ApplicationId& id) {
  return scoped(space, id.scope).text(id.platform).text(id.name);
}

store::Key endpoint_key(const EndpointId& id) {
  return in_application(kEndpointSpace, id.application).text(id.id);
}

std::unexpected<Error> broken(const std::string& what) {
  return fail("InternalErrorException", "The record of " + what + " cannot be read.", 500);
}

/// The last part of a key.
std::string last_of(std::string_view key, std::size_t parts) {
  store::KeyReader reader(key);
  std::string last;
  for (std::size_t i = 0; i < parts; ++i) last = reader.text().value_or("");
  return last;
}

}  // namespace

std::optional<ApplicationId> read_application_arn(std::string_view text) {
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "sns" || !arn->resource.starts_with("app/")) return std::nullopt;
  const std::string_view rest = std::string_view(arn->resource).substr(4);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) return std::nullopt;
  return ApplicationId{arn->scope(), std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
}

std::optional<EndpointId> read_endpoint_arn(std::string_view text) {
  const auto arn = cloud::Arn::parse(text);
  if (!arn || arn->service != "sns" || !arn->resource.starts_with("endpoint/")) return std::nullopt;
  const auto last = arn->resource.rfind('/');
  auto application = read_application_arn(
      cloud::make_arn("sns", arn->scope(), "app/" + arn->resource.substr(9, std::max<std::size_t>(last, 9) - 9)));
  if (!application || last + 1 == arn->resource.size()) return std::nullopt;
  return EndpointId{*std::move(application), arn->resource.substr(last + 1)};
}

Result<std::optional<Application>> Platforms::application(const ApplicationId& id) const {
  const auto stored = core_.house.store.get(application_key(id));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  Application application;
  application.arn = id.arn();
  if (!store::decode_into(application, **stored, &core_.house.sealer)) return broken(id.arn());
  return application;
}

Result<std::optional<Endpoint>> Platforms::endpoint(const EndpointId& id) const {
  const auto stored = core_.house.store.get(endpoint_key(id));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  auto record = store::decode<EndpointRecord>(**stored);
  if (!record) return broken(id.arn());
  return std::move(record->value);
}

Result<std::optional<EndpointId>> Platforms::endpoint_of(const ApplicationId& id, const std::string& token) const {
  const auto stored = core_.house.store.get(in_application(kTokenSpace, id).text(token));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  return EndpointId{id, **stored};
}

void Platforms::put(store::Batch& batch, const ApplicationId& id, const Application& application) const {
  Application record = application;
  record.arn = id.arn();
  batch.put(application_key(id), store::encode(record, &core_.house.sealer));
}

void Platforms::put(store::Batch& batch, const EndpointId& id, const Endpoint& endpoint, const Endpoint* before) const {
  if (before != nullptr) batch.erase(in_application(kTokenSpace, id.application).text(before->at("Token")));
  batch.put(endpoint_key(id), store::encode(EndpointRecord{endpoint}));
  batch.put(in_application(kTokenSpace, id.application).text(endpoint.at("Token")), id.id);
}

void Platforms::erase(store::Batch& batch, const ApplicationId& id) const {
  batch.erase(application_key(id));
  for (const std::string_view space : {kEndpointSpace, kTokenSpace}) {
    const store::Key all = in_application(space, id);
    batch.erase_range(all, all.end());
  }
}

void Platforms::erase(store::Batch& batch, const EndpointId& id, const Endpoint& endpoint) const {
  batch.erase(endpoint_key(id));
  batch.erase(in_application(kTokenSpace, id.application).text(endpoint.at("Token")));
}

Result<std::vector<Platforms::Listed>> Platforms::applications(const cloud::Scope& scope, const std::string& after,
                                                               std::size_t most) const {
  std::vector<Listed> listed;
  const store::Key all = scoped(kApplicationSpace, scope);
  const std::string from = after.empty() ? all.bytes() : after + '\0';
  Result<void> scanned =
      core_.house.store.read()->scan(from, all.end(), [&](std::string_view key, std::string_view value) {
        const ApplicationId id{scope, last_of(key, 4), last_of(key, 5)};
        Application application;
        application.arn = id.arn();
        if (store::decode_into(application, value, &core_.house.sealer)) {
          listed.push_back({id.arn(), std::move(application.attributes), std::string(key)});
        }
        return listed.size() < most;
      });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  return listed;
}

Result<std::vector<Platforms::Listed>> Platforms::endpoints(const ApplicationId& id, const std::string& after,
                                                            std::size_t most) const {
  std::vector<Listed> listed;
  const store::Key all = in_application(kEndpointSpace, id);
  const std::string from = after.empty() ? all.bytes() : after + '\0';
  Result<void> scanned =
      core_.house.store.read()->scan(from, all.end(), [&](std::string_view key, std::string_view value) {
        auto record = store::decode<EndpointRecord>(value);
        if (record)
          listed.push_back({EndpointId{id, last_of(key, 6)}.arn(), std::move(record->value), std::string(key)});
        return listed.size() < most;
      });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  return listed;
}

asio::awaitable<void> disable(Core& core, EndpointId id) {
  auto change = [&]() -> asio::awaitable<void> {
    const auto turn = co_await core.application_turns.take();
    const Platforms platforms(core);
    const auto before = platforms.endpoint(id);
    if (!before || !*before) co_return;
    Endpoint after = **before;
    after["Enabled"] = "false";
    store::Batch batch;
    platforms.put(batch, id, after, &**before);
    const Result<void> done = co_await core.house.store.commit(std::move(batch));
    if (!done)
      core.house.log.error("an endpoint cannot be disabled", {{"endpoint", id.arn()}, {"why", done.error().message}});
  };
  co_await cloud::on(core.house.shards.at(0), std::ref(change));
}

}  // namespace signalbox::sns
