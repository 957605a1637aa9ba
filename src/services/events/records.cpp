#include "services/events/records.h"

namespace signalbox::events {
namespace {

store::Key key_of(std::string_view space, const BusId& bus) {
  return store::Key(space).text(bus.scope.account).text(bus.scope.region).text(bus.name);
}

}  // namespace

store::Key bus_key(const BusId& bus) {
  return key_of(kBusSpace, bus);
}

store::Key rule_key(const BusId& bus, std::string_view rule) {
  return key_of(kRuleSpace, bus).text(rule);
}

store::Key target_key(const BusId& bus, std::string_view rule, std::string_view id) {
  return key_of(kTargetSpace, bus).text(rule).text(id);
}

}  // namespace signalbox::events
