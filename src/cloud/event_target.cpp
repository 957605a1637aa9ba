#include "cloud/event_target.h"

namespace signalbox::cloud {

EventTarget* EventTargets::find(const Arn& target) const {
  const std::string kind = target.service + ":" + target.resource.substr(0, target.resource.find_first_of("/:"));
  auto found = kinds_.find(kind);
  if (found == kinds_.end()) found = kinds_.find(target.service);
  return found == kinds_.end() ? nullptr : found->second.get();
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
  letter.attributes = {{policy.source_kind, policy.source},
                       {"TARGET_ARN", policy.target.empty() ? target : policy.target},
                       {"ERROR_CODE", code},
                       {"ERROR_MESSAGE", message.empty() ? code : message}};
  return letter;
}

}  // namespace signalbox::cloud
