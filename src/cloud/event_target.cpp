#include "cloud/event_target.h"

#include <algorithm>
#include <cmath>

namespace signalbox::cloud {

Duration RetryPhases::before(std::int64_t retry) const {
  if (retry <= immediate) return Duration(0);
  retry -= immediate;
  if (retry <= at_least) return least;
  retry -= at_least;
  if (retry > growing || growing == 1) return most;
  // From the least delay at the first to the greatest at the last.
  const double place = static_cast<double>(retry - 1) / static_cast<double>(growing - 1);
  const double span = static_cast<double>((most - least).count());
  double part = place;
  if (growth == Growth::kArithmetic) {
    const auto n = static_cast<double>(retry);
    const auto all = static_cast<double>(growing);
    part = (n * (n + 1) / 2 - 1) / (all * (all + 1) / 2 - 1);
  } else if (growth == Growth::kGeometric || growth == Growth::kExponential) {
    // A geometric row from the least to the greatest; exponential growth doubles each time and so gets there sooner.
    const double first = std::max(1.0, static_cast<double>(least.count()));
    const double ratio = std::max(1.0, static_cast<double>(most.count()) / first);
    const double grown = growth == Growth::kGeometric
                             ? first * std::pow(ratio, place)
                             : first * std::exp2(static_cast<double>(std::min(retry - 1, std::int64_t{60})));
    return std::clamp(Duration(std::llround(std::min(grown, static_cast<double>(most.count())))), least, most);
  }
  return least + Duration(std::llround(span * part));
}

EventTarget* EventTargets::find(const Arn& target) const {
  const std::string kind = target.service + ":" + target.resource.substr(0, target.resource.find_first_of("/:"));
  auto found = kinds_.find(kind);
  if (found == kinds_.end()) found = kinds_.find(target.service);
  return found == kinds_.end() ? nullptr : found->second.get();
}

const std::string& source_of(const EventDelivery& delivery) {
  return !delivery.source_arn.empty() || !delivery.policy ? delivery.source_arn : delivery.policy->source;
}

EventTarget* EventTargets::queues() const {
  const auto found = kinds_.find("sqs");
  return found == kinds_.end() ? nullptr : found->second.get();
}

std::unexpected<Error> not_for_this_target(std::string_view parameters, const std::string& id) {
  return fail("ValidationException",
              "Parameter(s) " + std::string(parameters) + " not supported for target: " + id + ".");
}

EventDelivery dead_letter(const DeliveryPolicy& policy, std::string event, const std::string& target,
                          const std::string& code, const std::string& message) {
  EventDelivery letter{std::move(event), "", ""};
  if (policy.source_kind.empty()) return letter;
  letter.attributes = {{policy.source_kind, policy.source},
                       {"TARGET_ARN", policy.target.empty() ? target : policy.target},
                       {"ERROR_CODE", code},
                       {"ERROR_MESSAGE", message.empty() ? code : message}};
  return letter;
}

}  // namespace signalbox::cloud
