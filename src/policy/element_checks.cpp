#include "policy/element_checks.h"

#include <algorithm>
#include <array>
#include <string>

#include "policy/glob.h"
#include "policy/malformed.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kNoVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
constexpr std::size_t kMaxShown = 200;  // bytes of a text that an error repeats

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string shown(std::string_view text) {
  return std::string(text.substr(0, kMaxShown));
}

/// The actions that take part in assuming a role (Service Authorization Reference, AWS STS).
constexpr std::string_view kTrustActions[] = {"assumerole",        "assumerolewithsaml", "assumerolewithwebidentity",
                                              "setsourceidentity", "tagsession",         "setcontext"};

bool is_trust_action(std::string_view vendor, std::string_view name) {
  if (!equal_folded(vendor, "sts")) return false;
  std::string pattern;
  append_glob(pattern, lower(name));
  return std::ranges::any_of(kTrustActions, [&](std::string_view action) { return glob_matches(pattern, action); });
}

bool is_partition(std::string_view partition) {
  return partition == "aws" || partition == "aws-cn" || partition == "aws-us-gov" || partition == "aws-eusc" ||
         partition.starts_with("aws-iso") || partition.find_first_of("*?$") != partition.npos;
}

}  // namespace

Result<void> check_action(std::string_view action, DocumentKind kind) {
  const auto not_sts = [] { return malformed("AssumeRole policy may only specify STS AssumeRole actions."); };
  if (action == "*") {
    if (kind == DocumentKind::kTrust) return not_sts();
    return {};
  }
  const std::size_t colon = action.find(':');
  if (colon == action.npos) return malformed(std::string(kNoVendor));
  const std::string_view vendor = action.substr(0, colon);
  const std::string_view name = action.substr(colon + 1);
  if (name.find(':') != name.npos) return malformed("Actions/Condition can contain only one colon.");
  const bool good_vendor = !vendor.empty() && std::ranges::all_of(vendor, [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.';
  });
  if (!good_vendor) return malformed("Vendor " + shown(vendor) + " is not valid");
  if (kind == DocumentKind::kTrust && !is_trust_action(vendor, name)) return not_sts();
  return {};
}

Result<void> check_resource(std::string_view resource) {
  if (resource == "*") return {};
  const auto not_arn = [&] { return malformed("Resource " + shown(resource) + " must be in ARN format or \"*\"."); };
  if (!resource.starts_with("arn:") || resource.size() == 4) return not_arn();
  std::array<std::string_view, 5> parts;  // "arn", partition, service, Region, account
  std::string_view rest = resource;
  for (std::string_view& part : parts) {
    const std::size_t colon = rest.find(':');
    part = rest.substr(0, colon);
    rest = colon == rest.npos ? std::string_view() : rest.substr(colon + 1);
  }
  if (!is_partition(parts[1])) {
    return malformed("Partition \"" + shown(parts[1]) + "\" is not valid for resource \"" + shown(resource) + "\".");
  }
  if (parts[2] == "iam" && !parts[3].empty() && parts[3] != "*") {
    return malformed("IAM resource " + shown(resource) + " cannot contain region information.");
  }
  // Buckets and objects have neither Region nor account; access points have both.
  if (parts[2] == "s3" && !parts[3].empty() && parts[3] != "*" && parts[4].empty()) {
    return malformed("Resource " + shown(resource) + " can not contain region information.");
  }
  return {};
}

Result<void> check_sid(std::string_view sid, DocumentKind kind) {
  if (kind == DocumentKind::kResource || std::ranges::all_of(sid, is_letter_or_digit)) return {};
  return malformed(
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
      "[0-9A-Za-z]*");
}

}  // namespace signalbox::policy
