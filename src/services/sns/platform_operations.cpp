// Platform applications and their endpoints.

#include <algorithm>

#include "base/encoding.h"
#include "cloud/paging.h"
#include "models/sns.h"
#include "services/sns/platform.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

constexpr std::string_view kPlatforms[] = {"ADM",   "APNS", "APNS_SANDBOX", "APNS_VOIP",     "APNS_VOIP_SANDBOX",
                                           "BAIDU", "GCM",  "MACOS",        "MACOS_SANDBOX", "MPNS",
                                           "WNS"};
constexpr std::string_view kKept[] = {"ApplePlatformTeamID", "ApplePlatformBundleID"};
constexpr std::size_t kMaxApplicationName = 256;
constexpr std::size_t kMaxToken = 4096;
constexpr std::size_t kMaxUserData = 2048;
constexpr std::size_t kMaxCredential = 16 * 1024;

Result<void> check_application_name(const std::string& name) {
  if (name.empty()) return invalid(name, "cannot be empty");
  if (name.size() > kMaxApplicationName) return invalid(name, "must be at most 256 characters long");
  const bool good = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (good) return {};
  return invalid(name, "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'");
}

Result<void> check_gateway(const Core& core) {
  if (!core.options.push_gateway.empty()) return {};
  return invalid("Platform", "This server has no push gateway (--sns-push-gateway)");
}

/// Takes attributes of an application in. Errors: InvalidParameter naming what does nothing here.
Result<void> set(Application& application, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (value.size() > kMaxCredential) return invalid("Attributes", name + " is too long");
    if (name == "PlatformCredential") {
      application.credential = value;
    } else if (name == "PlatformPrincipal") {
      application.principal = value;
    } else if (name == "Enabled") {
      if (value != "true" && value != "false") return invalid("Attributes", "Enabled must be true or false");
      application.attributes[name] = value;
    } else if (std::ranges::count(kKept, std::string_view(name)) != 0) {
      application.attributes[name] = value;
    } else if (name.starts_with("Event") || name.find("Feedback") != std::string::npos) {
      return not_supported_yet(name);
    } else {
      return invalid("Attributes", "Invalid attribute name: " + name);
    }
  }
  return {};
}

Result<void> set(Endpoint& endpoint, const Attributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (name == "Token") {
      if (value.empty() || value.size() > kMaxToken) return invalid("Token");
    } else if (name == "CustomUserData") {
      if (value.size() > kMaxUserData || !is_utf8(value)) {
        return invalid("CustomUserData", "must be at most 2048 bytes long in UTF-8 encoding");
      }
    } else if (name == "Enabled") {
      if (value != "true" && value != "false") return invalid("Attributes", "Enabled must be true or false");
    } else {
      return invalid("Attributes", "Invalid attribute name: " + name);
    }
    endpoint[name] = value;
  }
  return {};
}

Result<ApplicationId> application_of(const Call& call, const std::string& arn) {
  auto id = read_application_arn(arn);
  if (!id || id->scope != call.scope) return invalid("PlatformApplicationArn");
  return *std::move(id);
}

Result<EndpointId> endpoint_of(const Call& call, const std::string& arn) {
  auto id = read_endpoint_arn(arn);
  if (!id || id->application.scope != call.scope) return invalid("EndpointArn");
  return *std::move(id);
}

/// Runs `work(platforms, batch)`, one at a time, and commits what it put into the batch.
template <class Work>
asio::awaitable<Result<void>> change(Core& core, Work work) {
  auto in_turn = [&]() -> asio::awaitable<Result<void>> {
    const auto turn = co_await core.application_turns.take();
    store::Batch batch;
    Result<void> done = work(Platforms(core), batch);
    if (!done || batch.empty()) co_return done;
    Result<void> committed = co_await core.house.store.commit(std::move(batch));
    co_return committed;
  };
  co_return co_await cloud::on(core.house.shards.at(0), std::ref(in_turn));
}

asio::awaitable<Result<m::CreatePlatformApplicationResponse>> create(Core& core, const Call& call,
                                                                     m::CreatePlatformApplicationInput request) {
  Result<void> named = check_application_name(*request.name);
  if (!named) co_return std::unexpected(std::move(named).error());
  if (std::ranges::count(kPlatforms, std::string_view(*request.platform)) == 0) {
    co_return invalid("Platform", *request.platform + " is not supported");
  }
  Result<void> gateway = check_gateway(core);
  if (!gateway) co_return std::unexpected(std::move(gateway).error());
  const ApplicationId id{call.scope, *request.platform, *request.name};
  Result<void> done = co_await change(core, [&](const Platforms& platforms, store::Batch& batch) -> Result<void> {
    auto before = platforms.application(id);
    if (!before) return std::unexpected(std::move(before).error());
    Application application = before->value_or(Application{});
    application.attributes.try_emplace("Enabled", "true");
    Result<void> set_all = set(application, request.attributes.value_or(Attributes()));
    if (!set_all) return set_all;
    if (application.credential.empty()) return invalid("Attributes", "PlatformCredential is required");
    platforms.put(batch, id, application);
    return {};
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  m::CreatePlatformApplicationResponse response;
  response.platform_application_arn = id.arn();
  co_return response;
}

asio::awaitable<Result<m::DeletePlatformApplicationResponse>> remove(Core& core, const Call& call,
                                                                     m::DeletePlatformApplicationInput request) {
  const auto id = application_of(call, *request.platform_application_arn);
  if (!id) co_return std::unexpected(id.error());
  Result<void> done = co_await change(core, [&](const Platforms& platforms, store::Batch& batch) -> Result<void> {
    platforms.erase(batch, *id);
    return {};
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeletePlatformApplicationResponse{};
}

asio::awaitable<Result<m::GetPlatformApplicationAttributesResponse>> get(
    Core& core, const Call& call, m::GetPlatformApplicationAttributesInput request) {
  const auto id = application_of(call, *request.platform_application_arn);
  if (!id) co_return std::unexpected(id.error());
  const auto application = Platforms(core).application(*id);
  if (!application) co_return std::unexpected(application.error());
  if (!*application) co_return not_found("PlatformApplication does not exist");
  m::GetPlatformApplicationAttributesResponse response;
  response.attributes = (*application)->attributes;
  co_return response;
}

asio::awaitable<Result<m::SetPlatformApplicationAttributesResponse>> set_application(
    Core& core, const Call& call, m::SetPlatformApplicationAttributesInput request) {
  const auto id = application_of(call, *request.platform_application_arn);
  if (!id) co_return std::unexpected(id.error());
  Result<void> done = co_await change(core, [&](const Platforms& platforms, store::Batch& batch) -> Result<void> {
    auto application = platforms.application(*id);
    if (!application) return std::unexpected(std::move(application).error());
    if (!*application) return not_found("PlatformApplication does not exist");
    Result<void> set_all = set(**application, *request.attributes);
    if (!set_all) return set_all;
    platforms.put(batch, *id, **application);
    return {};
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::SetPlatformApplicationAttributesResponse{};
}

/// Where a page begins; "" for the first. Errors: InvalidParameter.
Result<std::string> page_start(const std::string& listing, const std::optional<std::string>& token) {
  if (!token) return std::string();
  auto read = cloud::read_page_token(listing, *token);
  auto place = read ? from_base64(*read) : std::nullopt;
  if (!place) return invalid("NextToken");
  return *std::move(place);
}

asio::awaitable<Result<m::ListPlatformApplicationsResponse>> list(Core& core, const Call& call,
                                                                  m::ListPlatformApplicationsInput request) {
  const auto after = page_start("sns:applications", request.next_token);
  if (!after) co_return std::unexpected(after.error());
  const auto found = Platforms(core).applications(call.scope, *after, kPage + 1);
  if (!found) co_return std::unexpected(found.error());
  m::ListPlatformApplicationsResponse response;
  auto& applications = response.platform_applications.emplace();
  for (std::size_t i = 0; i < std::min(found->size(), kPage); ++i) {
    auto& one = applications.emplace_back();
    one.platform_application_arn = (*found)[i].arn;
    one.attributes = (*found)[i].attributes;
  }
  if (found->size() > kPage) {
    response.next_token = cloud::make_page_token("sns:applications", to_base64((*found)[kPage - 1].place));
  }
  co_return response;
}

asio::awaitable<Result<m::CreateEndpointResponse>> create_endpoint(Core& core, const Call& call,
                                                                   m::CreatePlatformEndpointInput request) {
  const auto application = application_of(call, *request.platform_application_arn);
  if (!application) co_return std::unexpected(application.error());
  Endpoint wanted;
  Attributes given = request.attributes.value_or(Attributes());
  given["Token"] = *request.token;
  if (request.custom_user_data) given["CustomUserData"] = *request.custom_user_data;
  Result<void> good = set(wanted, given);
  if (!good) co_return std::unexpected(std::move(good).error());
  wanted.try_emplace("Enabled", "true");
  EndpointId id{*application, core.house.random.uuid()};
  Result<void> done = co_await change(core, [&](const Platforms& platforms, store::Batch& batch) -> Result<void> {
    const auto there = platforms.application(*application);
    if (!there) return std::unexpected(there.error());
    if (!*there) return not_found("PlatformApplication does not exist");
    const auto before = platforms.endpoint_of(*application, *request.token);
    if (!before) return std::unexpected(before.error());
    if (!*before) {
      platforms.put(batch, id, wanted, nullptr);
      return {};
    }
    id = **before;
    const auto present = platforms.endpoint(id);
    if (!present) return std::unexpected(present.error());
    if (*present && **present == wanted) return {};
    return invalid("Token", "Endpoint " + id.arn() + " already exists with the same Token, but different attributes.");
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  m::CreateEndpointResponse response;
  response.endpoint_arn = id.arn();
  co_return response;
}

asio::awaitable<Result<m::DeleteEndpointResponse>> remove_endpoint(Core& core, const Call& call,
                                                                   m::DeleteEndpointInput request) {
  const auto id = endpoint_of(call, *request.endpoint_arn);
  if (!id) co_return std::unexpected(id.error());
  Result<void> done = co_await change(core, [&](const Platforms& platforms, store::Batch& batch) -> Result<void> {
    const auto present = platforms.endpoint(*id);
    if (!present) return std::unexpected(present.error());
    if (*present) platforms.erase(batch, *id, **present);
    return {};
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteEndpointResponse{};
}

asio::awaitable<Result<m::GetEndpointAttributesResponse>> get_endpoint(Core& core, const Call& call,
                                                                       m::GetEndpointAttributesInput request) {
  const auto id = endpoint_of(call, *request.endpoint_arn);
  if (!id) co_return std::unexpected(id.error());
  const auto endpoint = Platforms(core).endpoint(*id);
  if (!endpoint) co_return std::unexpected(endpoint.error());
  if (!*endpoint) co_return not_found("Endpoint does not exist");
  m::GetEndpointAttributesResponse response;
  response.attributes = **endpoint;
  co_return response;
}

asio::awaitable<Result<m::SetEndpointAttributesResponse>> set_endpoint(Core& core, const Call& call,
                                                                       m::SetEndpointAttributesInput request) {
  const auto id = endpoint_of(call, *request.endpoint_arn);
  if (!id) co_return std::unexpected(id.error());
  Result<void> done = co_await change(core, [&](const Platforms& platforms, store::Batch& batch) -> Result<void> {
    const auto before = platforms.endpoint(*id);
    if (!before) return std::unexpected(before.error());
    if (!*before) return not_found("Endpoint does not exist");
    Endpoint after = **before;
    Result<void> good = set(after, *request.attributes);
    if (!good) return good;
    const auto other = platforms.endpoint_of(id->application, after.at("Token"));
    if (!other) return std::unexpected(other.error());
    if (*other && (*other)->id != id->id) {
      return invalid("Token", "Endpoint " + (*other)->arn() + " already exists with the same Token.");
    }
    platforms.put(batch, *id, after, &**before);
    return {};
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::SetEndpointAttributesResponse{};
}

asio::awaitable<Result<m::ListEndpointsByPlatformApplicationResponse>> list_endpoints(
    Core& core, const Call& call, m::ListEndpointsByPlatformApplicationInput request) {
  const auto id = application_of(call, *request.platform_application_arn);
  if (!id) co_return std::unexpected(id.error());
  const Platforms platforms(core);
  const auto there = platforms.application(*id);
  if (!there) co_return std::unexpected(there.error());
  if (!*there) co_return not_found("PlatformApplication does not exist");
  const std::string listing = "sns:endpoints:" + id->arn();
  const auto after = page_start(listing, request.next_token);
  if (!after) co_return std::unexpected(after.error());
  const auto found = platforms.endpoints(*id, *after, kPage + 1);
  if (!found) co_return std::unexpected(found.error());
  m::ListEndpointsByPlatformApplicationResponse response;
  auto& endpoints = response.endpoints.emplace();
  for (std::size_t i = 0; i < std::min(found->size(), kPage); ++i) {
    auto& one = endpoints.emplace_back();
    one.endpoint_arn = (*found)[i].arn;
    one.attributes = (*found)[i].attributes;
  }
  if (found->size() > kPage) {
    response.next_token = cloud::make_page_token(listing, to_base64((*found)[kPage - 1].place));
  }
  co_return response;
}

}  // namespace

void register_platform_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kCreatePlatformApplication, [&core](const Call& call, m::CreatePlatformApplicationInput request) {
    return create(core, call, std::move(request));
  });
  door.handle(m::kDeletePlatformApplication, [&core](const Call& call, m::DeletePlatformApplicationInput request) {
    return remove(core, call, std::move(request));
  });
  door.handle(m::kGetPlatformApplicationAttributes,
              [&core](const Call& call, m::GetPlatformApplicationAttributesInput request) {
                return get(core, call, std::move(request));
              });
  door.handle(m::kSetPlatformApplicationAttributes,
              [&core](const Call& call, m::SetPlatformApplicationAttributesInput request) {
                return set_application(core, call, std::move(request));
              });
  door.handle(m::kListPlatformApplications, [&core](const Call& call, m::ListPlatformApplicationsInput request) {
    return list(core, call, std::move(request));
  });
  door.handle(m::kCreatePlatformEndpoint, [&core](const Call& call, m::CreatePlatformEndpointInput request) {
    return create_endpoint(core, call, std::move(request));
  });
  door.handle(m::kDeleteEndpoint, [&core](const Call& call, m::DeleteEndpointInput request) {
    return remove_endpoint(core, call, std::move(request));
  });
  door.handle(m::kGetEndpointAttributes, [&core](const Call& call, m::GetEndpointAttributesInput request) {
    return get_endpoint(core, call, std::move(request));
  });
  door.handle(m::kSetEndpointAttributes, [&core](const Call& call, m::SetEndpointAttributesInput request) {
    return set_endpoint(core, call, std::move(request));
  });
  door.handle(m::kListEndpointsByPlatformApplication,
              [&core](const Call& call, m::ListEndpointsByPlatformApplicationInput request) {
                return list_endpoints(core, call, std::move(request));
              });
}

}  // namespace signalbox::sns
