#include "services/sns/errand.h"

namespace signalbox::sns {
namespace {

constexpr const char* kPurposes[] = {"notification", "confirmation", "goodbye", "direct"};

}  // namespace

std::string lane_of(const SubscriptionId& id) {
  return cloud::make_arn(kDeliveryKind, id.topic.scope, id.topic.name + ":" + id.id);
}

std::optional<SubscriptionId> subscription_of_lane(const std::string& lane) {
  const auto arn = cloud::Arn::parse(lane);
  if (!arn) return std::nullopt;
  return read_subscription_arn(cloud::make_arn("sns", arn->scope(), arn->resource));
}

std::shared_ptr<const cloud::HttpParameters> pack(const Errand& errand) {
  auto kept = std::make_shared<cloud::HttpParameters>();
  kept->path_values = {kPurposes[static_cast<int>(errand.purpose)], errand.protocol, errand.endpoint};
  kept->headers = errand.headers;
  return kept;
}

Errand unpack(const cloud::HttpParameters& kept) {
  Errand errand;
  if (kept.path_values.size() != 3) return errand;
  for (int i = 0; i < 4; ++i) {
    if (kept.path_values[0] == kPurposes[i]) errand.purpose = static_cast<Errand::Purpose>(i);
  }
  errand.protocol = kept.path_values[1];
  errand.endpoint = kept.path_values[2];
  errand.headers = kept.headers;
  return errand;
}

}  // namespace signalbox::sns
