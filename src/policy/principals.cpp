#include "policy/principals.h"

#include <algorithm>

#include "policy/malformed.h"

namespace signalbox::policy {
namespace {

constexpr std::size_t kAccountDigits = 12;
constexpr std::size_t kMinUniqueId = 16;

bool all_of_text(std::string_view text, bool (*is)(char)) {
  return !text.empty() && std::ranges::all_of(text, is);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper_or_digit(char c) {
  return (c >= 'A' && c <= 'Z') || is_digit(c);
}
bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '.' || c == '-';
}

/// The account, service and resource of "arn:aws:iam::111122223333:user/x"; empty when it is no such ARN.
struct ArnParts {
  std::string_view partition, service, account, resource;
};
ArnParts parts_of(std::string_view arn) {
  std::string_view parts[5];
  for (std::string_view& part : parts) {
    const std::size_t colon = arn.find(':');
    if (colon == arn.npos) return {};
    part = arn.substr(0, colon);
    arn.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[1].empty() || !parts[3].empty()) return {};
  return {parts[1], parts[2], parts[4], arn};
}

bool names_a_principal(const ArnParts& arn) {
  const auto under = [&arn](std::string_view prefix) {
    return arn.resource.starts_with(prefix) && arn.resource.size() > prefix.size();
  };
  if (arn.account.empty() || arn.resource.find_first_of("*?") != arn.resource.npos) return false;
  if (arn.service == "iam") return arn.resource == "root" || under("user/") || under("role/");
  return arn.service == "sts" && (under("assumed-role/") || under("federated-user/"));
}

bool is_service_name(std::string_view name) {
  return all_of_text(name, is_host_character) &&
         (name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn") || name.ends_with(".amazon.com") ||
          name.ends_with(".aws.internal"));
}

/// "logs.us-east-1.amazonaws.com" is "logs.amazonaws.com" where that acts in us-east-1.
bool names_service(std::string_view text, const Principal& service) {
  if (text == service.name) return true;
  const std::size_t dot = service.name.find('.');
  if (dot == service.name.npos || service.region.empty()) return false;
  const std::string_view head = service.name.substr(0, dot + 1);
  const std::string_view tail = service.name.substr(dot);
  return text.size() == head.size() + service.region.size() + tail.size() && text.starts_with(head) &&
         text.substr(head.size()).starts_with(service.region) && text.ends_with(tail);
}

std::unexpected<Error> invalid(std::string_view type, std::string_view text) {
  return malformed("Invalid principal in policy: \"" + std::string(type) + "\":\"" + std::string(text.substr(0, 200)) +
                   "\"");
}

}  // namespace

Result<Principals::Entry> Principals::entry(std::string_view type, std::string_view text) {
  if (type == "Service") {
    if (!is_service_name(text)) return invalid("SERVICE", text);
    return Entry{Kind::kService, std::string(text)};
  }
  if (type == "Federated") {
    if (text.empty()) return invalid("FEDERATED", text);
    return Entry{Kind::kFederated, std::string(text)};
  }
  if (type == "CanonicalUser") {
    if (text.empty()) return invalid("CANONICALUSER", text);
    return Entry{Kind::kCanonicalUser, std::string(text)};
  }
  if (text == "*") return Entry{Kind::kAnyone, ""};
  if (text.size() == kAccountDigits && all_of_text(text, is_digit)) return Entry{Kind::kAccount, std::string(text)};
  // What is left of a user or role that was deleted.
  if (text.size() >= kMinUniqueId && text.starts_with('A') && all_of_text(text, is_upper_or_digit)) {
    return Entry{Kind::kUniqueId, std::string(text)};
  }
  const ArnParts arn = parts_of(text);
  if (!names_a_principal(arn)) return invalid("AWS", text);
  // IAM is of no Region, and so of one partition: what policies of earlier versions have of another one is nobody.
  if (arn.resource == "root" && arn.partition == "aws") return Entry{Kind::kAccount, std::string(arn.account)};
  return Entry{Kind::kArn, std::string(text)};
}

Result<Principals> Principals::compile(json::Value value) {
  Principals made;
  if (value.is("*")) {
    made.entries_.push_back({Kind::kAnyone, ""});
    return made;
  }
  if (value.is_string()) return malformed("Invalid principal in policy: \"" + value.as_string().substr(0, 200) + "\"");
  if (!value.is_object() || value.size() == 0) return syntax_error();
  for (const auto [key, names] : value.members()) {
    const std::string type = key.as_string();
    if (type != "AWS" && type != "Service" && type != "Federated" && type != "CanonicalUser") return syntax_error();
    const auto add = [&](json::Value name) -> Result<void> {
      if (!name.is_string()) return syntax_error();
      auto made_entry = entry(type, name.as_string());
      if (!made_entry) return std::unexpected(std::move(made_entry).error());
      made.entries_.push_back(*std::move(made_entry));
      return {};
    };
    if (!names.is_array()) {
      if (auto added = add(names); !added) return std::unexpected(std::move(added).error());
      continue;
    }
    if (names.size() == 0) return syntax_error();
    for (const json::Value name : names.elements()) {
      if (auto added = add(name); !added) return std::unexpected(std::move(added).error());
    }
  }
  return made;
}

Grant Principals::grant(const Entry& entry, const Principal& caller) {
  const auto when = [](bool is, Grant grant) { return is ? grant : Grant::kNone; };
  const bool has_account = caller.type != PrincipalType::kService && caller.type != PrincipalType::kFederated &&
                           caller.type != PrincipalType::kAnonymous;
  const bool session = caller.type == PrincipalType::kAssumedRole || caller.type == PrincipalType::kFederatedUser;
  switch (entry.kind) {
    case Kind::kAnyone:
      return Grant::kDirect;
    case Kind::kAccount:
      if (!has_account || caller.account != entry.text) return Grant::kNone;
      return caller.type == PrincipalType::kRoot ? Grant::kDirect : Grant::kAccount;
    case Kind::kArn:
      if (!has_account) return Grant::kNone;
      if (caller.arn == entry.text) return Grant::kDirect;
      return when(session && caller.source_arn == entry.text, Grant::kSource);
    case Kind::kUniqueId:
      if (!has_account) return Grant::kNone;
      return session ? when(caller.source_id == entry.text, Grant::kSource)
                     : when(caller.user_id == entry.text, Grant::kDirect);
    case Kind::kService:
      return when(caller.type == PrincipalType::kService && names_service(entry.text, caller), Grant::kDirect);
    case Kind::kFederated:
      return when(caller.type == PrincipalType::kFederated && (entry.text == "*" || caller.name == entry.text),
                  Grant::kDirect);
    case Kind::kCanonicalUser:
      if (entry.text != caller.canonical_user) return Grant::kNone;
      return caller.type == PrincipalType::kRoot ? Grant::kDirect : when(has_account, Grant::kAccount);
  }
  return Grant::kNone;
}

Grant Principals::grant(const Principal& caller) const {
  Grant best = Grant::kNone;
  for (const Entry& entry : entries_) {
    best = std::max(best, grant(entry, caller));
    if (best == Grant::kDirect) break;
  }
  return best;
}

bool Principals::has(Kind kind, std::string_view text) const {
  return !text.empty() &&
         std::ranges::any_of(entries_, [&](const Entry& e) { return e.kind == kind && e.text == text; });
}

bool Principals::name_all_of(const Principal& caller) const {
  if (std::ranges::any_of(entries_, [](const Entry& e) { return e.kind == Kind::kAnyone; })) return true;
  switch (caller.type) {
    case PrincipalType::kAnonymous:
      return false;
    case PrincipalType::kService:
      return std::ranges::any_of(
          entries_, [&](const Entry& e) { return e.kind == Kind::kService && names_service(e.text, caller); });
    case PrincipalType::kFederated:
      return has(Kind::kFederated, caller.name);
    case PrincipalType::kRoot:
      return has(Kind::kAccount, caller.account);
    case PrincipalType::kUser:
      return has(Kind::kAccount, caller.account) &&
             (has(Kind::kArn, caller.arn) || has(Kind::kUniqueId, caller.user_id));
    case PrincipalType::kAssumedRole:
    case PrincipalType::kFederatedUser:
      return has(Kind::kAccount, caller.account) && has(Kind::kArn, caller.arn) &&
             (has(Kind::kArn, caller.source_arn) || has(Kind::kUniqueId, caller.source_id));
  }
  return false;
}

}  // namespace signalbox::policy
