// PutDashboard, GetDashboard, ListDashboards, DeleteDashboards: dashboards are kept and given back, as AWS does.
#include <algorithm>

#include "cloud/paging.h"
#include "json/json.h"
#include "services/cloudwatch/core.h"
#include "store/fields.h"

namespace signalbox::cloudwatch {
namespace {

using cloud::Call;

constexpr std::string_view kDashboardSpace = "cloudwatch.dashboard";
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxBody = std::size_t{1} * 1024 * 1024;
constexpr std::size_t kMaxWidgets = 500;
constexpr std::size_t kPage = 1000;

store::Key dashboards_key(const cloud::Scope& scope) {
  return store::Key(kDashboardSpace).text(scope.account).text(scope.region);
}
store::Key dashboard_key(const cloud::Scope& scope, const std::string& name) {
  return dashboards_key(scope).text(name);
}
/// Dashboards have no Region.
std::string dashboard_arn(const cloud::Scope& scope, const std::string& name) {
  return cloud::Arn{"aws", "cloudwatch", "", scope.account, "dashboard/" + name}.text();
}

Result<void> check(const m::PutDashboardInput& request) {
  const std::string& name = *request.dashboard_name;
  const bool fits = !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!fits) {
    return invalid_value("The value " + name +
                         " for field DashboardName contains invalid characters. It can only contain alphanumerics, "
                         "dash (-) and underscore (_).");
  }
  if (request.tags) return not_supported_yet("Tags", " of dashboards");
  const auto invalid = [](std::string why) {
    return fail("DashboardInvalidInputError", "The dashboard body is invalid: " + std::move(why));
  };
  if (request.dashboard_body->size() > kMaxBody) return invalid("it is too large.");
  json::Document document;
  const auto body = document.parse(*request.dashboard_body);
  if (!body || !body->is_object()) return invalid("it must be a valid JSON object.");
  const auto widgets = body->find("widgets");
  if (!widgets || !widgets->is_array()) return invalid("it must have a list of \"widgets\".");
  if (widgets->size() > kMaxWidgets) return invalid("it has more than 500 widgets.");
  for (const json::Value widget : widgets->elements()) {
    const auto type = widget.find("type");
    if (!type || !type->is_string()) return invalid("each widget must have a \"type\".");
    if (!widget.find("properties")) return invalid("each widget must have \"properties\".");
  }
  return {};
}

struct Dashboard {
  static constexpr std::uint8_t kVersion = 1;
  Time modified;
  std::string body;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("modified", self.modified)("body", self.body);
  }
};
Result<Dashboard> find_dashboard(Core& core, const cloud::Scope& scope, const std::string& name) {
  const auto stored = core.house.store.get(dashboard_key(scope, name));
  if (!stored) return std::unexpected(stored.error());
  auto dashboard = *stored ? store::decode<Dashboard>(**stored) : std::nullopt;
  if (!dashboard) return fail("DashboardNotFoundError", "Dashboard " + name + " does not exist");
  return *std::move(dashboard);
}

asio::awaitable<Result<m::PutDashboardOutput>> put(Core& core, const Call& call, m::PutDashboardInput request) {
  if (auto checked = check(request); !checked) co_return std::unexpected(std::move(checked).error());
  store::Batch batch;
  batch.put(dashboard_key(call.scope, *request.dashboard_name),
            store::encode(Dashboard{core.house.clock.now(), *std::move(request.dashboard_body)}));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return std::unexpected(std::move(done).error());
  m::PutDashboardOutput output;
  output.dashboard_validation_messages.emplace();
  co_return output;
}

asio::awaitable<Result<m::DeleteDashboardsOutput>> remove(Core& core, const Call& call,
                                                          m::DeleteDashboardsInput request) {
  store::Batch batch;
  for (const std::string& name : *request.dashboard_names) {
    const auto found = find_dashboard(core, call.scope, name);
    if (!found) co_return std::unexpected(found.error());
    batch.erase(dashboard_key(call.scope, name));
  }
  Result<void> done;
  if (!batch.empty()) done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::DeleteDashboardsOutput{};
}

Result<m::ListDashboardsOutput> list(Core& core, const cloud::Scope& scope, const m::ListDashboardsInput& request) {
  std::string after;
  if (request.next_token) {
    const auto token = cloud::read_page_token("ListDashboards", *request.next_token);
    if (!token) return invalid_value("The NextToken is not valid.");
    after = *token;
  }
  const std::string prefix = request.dashboard_name_prefix.value_or("");
  m::ListDashboardsOutput output;
  auto& entries = output.dashboard_entries.emplace();
  const store::Key all = dashboards_key(scope);
  const auto snapshot = core.house.store.read();
  const auto scanned = snapshot->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
    store::KeyReader in(key);
    for (int i = 0; i < 3; ++i) in.text();
    const std::string name = in.text().value_or("");
    const auto dashboard = store::decode<Dashboard>(value);
    if (!dashboard || !name.starts_with(prefix) || name <= after) return true;
    if (entries.size() == kPage) {
      output.next_token = cloud::make_page_token("ListDashboards", *entries.back().dashboard_name);
      return false;
    }
    entries.push_back(
        {name, dashboard_arn(scope, name), dashboard->modified, static_cast<std::int64_t>(dashboard->body.size())});
    return true;
  });
  if (!scanned) return std::unexpected(scanned.error());
  return output;
}

}  // namespace

void register_dashboard_operations(Core& core) {
  cloud::Door& door = core.house.door;
  door.handle(m::kPutDashboard,
              [&core](const Call& call, m::PutDashboardInput request) { return put(core, call, std::move(request)); });
  door.handle(m::kDeleteDashboards, [&core](const Call& call, m::DeleteDashboardsInput request) {
    return remove(core, call, std::move(request));
  });
  door.handle(
      m::kGetDashboard,
      [&core](const Call& call, m::GetDashboardInput request) -> asio::awaitable<Result<m::GetDashboardOutput>> {
        auto dashboard = find_dashboard(core, call.scope, *request.dashboard_name);
        if (!dashboard) co_return std::unexpected(std::move(dashboard).error());
        m::GetDashboardOutput output;
        output.dashboard_arn = dashboard_arn(call.scope, *request.dashboard_name);
        output.dashboard_body = std::move(dashboard->body);
        output.dashboard_name = *request.dashboard_name;
        co_return output;
      });
  door.handle(
      m::kListDashboards,
      [&core](const Call& call, m::ListDashboardsInput request) -> asio::awaitable<Result<m::ListDashboardsOutput>> {
        co_return list(core, call.scope, request);
      });
}

}  // namespace signalbox::cloudwatch
