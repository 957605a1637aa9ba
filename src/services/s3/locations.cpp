#include "services/s3/locations.h"

#include "cloud/region_names.h"

namespace signalbox::s3 {
namespace {

constexpr std::string_view kIreland = "eu-west-1";

std::unexpected<Error> illegal(std::string_view constraint) {
  return s3_error("IllegalLocationConstraintException",
                  "The " + std::string(constraint) +
                      " location constraint is incompatible for the region specific endpoint this request was sent to.",
                  400);
}

}  // namespace

bool is_region(std::string_view name) {
  return cloud::region_name(name) != name;
}

std::string_view endpoint_region(const cloud::Call& call) {
  return call.scope.region == "aws-global" ? kFirstRegion : std::string_view(call.scope.region);
}

Result<Location> location_of(const cloud::Call& call, const model::CreateBucketRequest& input) {
  const std::string_view endpoint = endpoint_region(call);
  const auto& configuration = input.create_bucket_configuration;
  if (configuration && (configuration->location || configuration->bucket)) return not_implemented("directory buckets");
  if (!configuration || !configuration->location_constraint || configuration->location_constraint->empty()) {
    if (endpoint != kFirstRegion) return illegal("unspecified");
    return Location{std::string(endpoint), ""};
  }
  const std::string& asked = *configuration->location_constraint;
  const bool old_name = asked == kOldEurope;
  const std::string region = old_name ? std::string(kIreland) : asked;
  const bool nowhere = endpoint == kFirstRegion && (region == kFirstRegion || !is_region(region));
  if (nowhere || (!is_region(region) && region != "aws-global")) {
    return s3_error("InvalidLocationConstraint", "The specified location-constraint is not valid", 400,
                    {{"LocationConstraint", asked}});
  }
  if (endpoint != kFirstRegion && region != endpoint) return illegal(asked);
  return Location{region, old_name ? asked : ""};
}

std::string location_header(const Bucket& bucket) {
  return bucket.scope.region == kFirstRegion ? "/" + bucket.name : "http://" + bucket.name + ".s3.amazonaws.com/";
}

}  // namespace signalbox::s3
