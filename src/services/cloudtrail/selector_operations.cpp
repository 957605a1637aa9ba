#include "models/cloudtrail.h"
#include "services/cloudtrail/trail_lookup.h"

namespace signalbox::cloudtrail {
namespace {

namespace m = models::cloudtrail;
using cloud::Call;
using Texts = std::vector<std::string>;

std::vector<BasicSelector> read(const std::vector<m::EventSelector>& given) {
  std::vector<BasicSelector> selectors;
  for (const m::EventSelector& one : given) {
    BasicSelector& selector = selectors.emplace_back();
    selector.read_write = one.read_write_type.value_or("All");
    selector.management = one.include_management_events.value_or(true);
    selector.excluded_sources = one.exclude_management_event_sources.value_or(Texts());
    for (const m::DataResource& data : one.data_resources.value_or(std::vector<m::DataResource>())) {
      selector.data.push_back({data.type.value_or(""), data.values.value_or(Texts())});
    }
  }
  return selectors;
}

std::vector<AdvancedSelector> read(const std::vector<m::AdvancedEventSelector>& given) {
  std::vector<AdvancedSelector> selectors;
  for (const m::AdvancedEventSelector& one : given) {
    AdvancedSelector& selector = selectors.emplace_back();
    selector.name = one.name;
    for (const m::AdvancedFieldSelector& field : *one.field_selectors) {
      selector.field_selectors.push_back({field.field.value_or(""), field.equals.value_or(Texts()),
                                          field.starts_with.value_or(Texts()), field.ends_with.value_or(Texts()),
                                          field.not_equals.value_or(Texts()), field.not_starts_with.value_or(Texts()),
                                          field.not_ends_with.value_or(Texts())});
    }
  }
  return selectors;
}

std::optional<Texts> shown(const Texts& texts) {
  return texts.empty() ? std::nullopt : std::optional(texts);
}

/// What PutEventSelectors and GetEventSelectors answer alike.
template <class Response>
Response show(const Trail& trail) {
  Response response;
  response.trail_arn = trail.arn();
  if (!trail.selectors.basic.empty()) {
    auto& basic = response.event_selectors.emplace();
    for (const BasicSelector& one : trail.selectors.basic) {
      m::EventSelector& selector = basic.emplace_back();
      selector.read_write_type = one.read_write;
      selector.include_management_events = one.management;
      selector.exclude_management_event_sources = one.excluded_sources;
      auto& data = selector.data_resources.emplace();
      for (const DataResource& resource : one.data) {
        m::DataResource& shown_resource = data.emplace_back();
        shown_resource.type = resource.type;
        shown_resource.values = resource.values;
      }
    }
    return response;
  }
  auto& advanced = response.advanced_event_selectors.emplace();
  for (const AdvancedSelector& one : trail.selectors.advanced) {
    m::AdvancedEventSelector& selector = advanced.emplace_back();
    selector.name = one.name;
    auto& fields = selector.field_selectors.emplace();
    for (const FieldSelector& field : one.field_selectors) {
      m::AdvancedFieldSelector& shown_field = fields.emplace_back();
      shown_field.field = field.field;
      shown_field.equals = shown(field.equals);
      shown_field.starts_with = shown(field.starts_with);
      shown_field.ends_with = shown(field.ends_with);
      shown_field.not_equals = shown(field.not_equals);
      shown_field.not_starts_with = shown(field.not_starts_with);
      shown_field.not_ends_with = shown(field.not_ends_with);
    }
  }
  return response;
}

/// Errors: InvalidEventSelectorsException.
Result<Selectors> selectors_of(const m::PutEventSelectorsRequest& request) {
  if (request.event_selectors.has_value() == request.advanced_event_selectors.has_value()) {
    return fail("InvalidEventSelectorsException",
                "You must specify either EventSelectors or AdvancedEventSelectors, and not both.");
  }
  Selectors selectors{{}, {}, true};
  Result<void> checked;
  if (request.event_selectors) {
    selectors.basic = read(*request.event_selectors);
    checked = check(selectors.basic);
  } else {
    selectors.advanced = read(*request.advanced_event_selectors);
    checked = check(selectors.advanced);
  }
  if (!checked) return std::unexpected(std::move(checked).error());
  return selectors;
}

asio::awaitable<Result<m::PutEventSelectorsResponse>> put(Core& core, const Call& call,
                                                          m::PutEventSelectorsRequest request) {
  auto work = [&]() -> asio::awaitable<Result<m::PutEventSelectorsResponse>> {
    const Result<TrailPtr> found = find_trail_at_home(core, call, request.trail_name.value_or(""));
    if (!found) co_return std::unexpected(found.error());
    Result<Selectors> selectors = selectors_of(request);
    if (!selectors) co_return std::unexpected(std::move(selectors).error());
    Trail trail = **found;
    trail.selectors = *std::move(selectors);
    auto response = show<m::PutEventSelectorsResponse>(trail);
    Result<void> saved = co_await save(core, std::move(trail));
    if (!saved) co_return std::unexpected(std::move(saved).error());
    co_return response;
  };
  co_return co_await alone(core, std::ref(work));
}

asio::awaitable<Result<m::GetEventSelectorsResponse>> get(Core& core, const Call& call,
                                                          m::GetEventSelectorsRequest request) {
  const Result<TrailPtr> trail = find_trail(core, call, request.trail_name.value_or(""));
  if (!trail) co_return std::unexpected(trail.error());
  co_return show<m::GetEventSelectorsResponse>(**trail);
}

}  // namespace

void register_selector_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kPutEventSelectors, [&core](const Call& call, m::PutEventSelectorsRequest request) {
    return put(core, call, std::move(request));
  });
  door.handle(m::kGetEventSelectors, [&core](const Call& call, m::GetEventSelectorsRequest request) {
    return get(core, call, std::move(request));
  });
}

}  // namespace signalbox::cloudtrail
