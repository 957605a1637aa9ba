#include "policy/validate.h"

#include <algorithm>
#include <array>
#include <string>

#include "json/json.h"
#include "policy/malformed.h"

namespace signalbox::policy {
namespace {

/// What a resource of IAM's own begins with ("Resources defined by IAM").
constexpr std::string_view kIamPaths[] = {"user/",
                                          "federated-user/",
                                          "role/",
                                          "group/",
                                          "instance-profile/",
                                          "mfa/",
                                          "server-certificate/",
                                          "policy/",
                                          "sms-mfa/",
                                          "saml-provider/",
                                          "oidc-provider/",
                                          "report/",
                                          "access-report/"};

std::unexpected<Error> bad_iam_path() {
  std::string text = "IAM resource path must either be \"*\" or start with ";
  for (const std::string_view path : kIamPaths) text.append(path).append(path == kIamPaths[12] ? "." : ", ");
  return malformed(std::move(text));
}

/// "arn", partition, service, Region, account; what is not there is empty.
struct Parts {
  std::array<std::string_view, 5> head;
  std::string_view resource;
  bool whole = false;  // has all six
};

Parts parts_of(std::string_view arn) {
  Parts parts;
  for (std::string_view& part : parts.head) {
    const std::size_t colon = arn.find(':');
    part = arn.substr(0, colon);
    if (colon == arn.npos) return parts;
    arn.remove_prefix(colon + 1);
  }
  parts.resource = arn;
  parts.whole = true;
  return parts;
}

/// IAM reads the text twice: an older reader comes first, and has one text for all that it does not take.
Result<void> check_old(std::string_view resource) {
  const auto colons = std::ranges::count(resource, ':');
  const bool short_of_parts = colons < 5 && resource.find("::") != resource.npos;
  const bool no_service = colons >= 2 && parts_of(resource).head[2].empty();
  if (short_of_parts || no_service) return malformed("The policy failed legacy parsing");
  return {};
}

Result<void> check_new(std::string_view resource) {
  const Parts parts = parts_of(resource);
  const bool has_wildcard = parts.head[2].find_first_of("*?") != std::string_view::npos;
  if (parts.head[2].empty() || (has_wildcard && parts.head[2] != "*")) {
    return malformed("Resource vendor must be fully qualified and cannot contain regexes.");
  }
  if (parts.head[2] != "iam" || !parts.whole) return {};
  const std::string_view path = parts.resource;
  const bool variable = path.starts_with("*") || path.starts_with("${") || path.starts_with("?");
  const bool good = std::ranges::any_of(kIamPaths, [&](std::string_view one) { return path.starts_with(one); }) ||
                    path == "root" || variable;
  // A wildcard within the kind ("u*") stands for all that begin so.
  const std::size_t wildcard = path.find_first_of("*?");
  const bool begun = wildcard != path.npos && std::ranges::any_of(kIamPaths, [&](std::string_view one) {
                       return one.starts_with(path.substr(0, wildcard));
                     });
  if (!good && !begun) return bad_iam_path();
  return {};
}

using Check = Result<void> (*)(std::string_view);

Result<void> check_all(json::Value statements, Check check) {
  const auto check_texts = [&](json::Value value) -> Result<void> {
    if (!value.is_array()) return value.is("*") ? Result<void>() : check(value.as_string());
    for (const json::Value one : value.elements()) {
      Result<void> good = one.is("*") ? Result<void>() : check(one.as_string());
      if (!good) return good;
    }
    return {};
  };
  const auto check_statement = [&](json::Value statement) -> Result<void> {
    for (const std::string_view name : {"Resource", "NotResource"}) {
      const auto value = statement.find(name);
      if (!value) continue;
      if (Result<void> good = check_texts(*value); !good) return good;
    }
    return {};
  };
  if (!statements.is_array()) return check_statement(statements);
  for (const json::Value statement : statements.elements()) {
    if (Result<void> good = check_statement(statement); !good) return good;
  }
  return {};
}

}  // namespace

Result<Document> validate(std::string_view text, DocumentKind kind) {
  Result<Document> document = Document::parse(text, kind);
  // What does not follow the grammar at all is told first, then what the older reader says.
  if (!document && document.error().message == syntax_error().error().message) return document;
  json::Document json;
  const auto root = json.parse(text);
  const auto statements = root && root->is_object() ? root->find("Statement") : std::nullopt;
  const bool readable = statements && (statements->is_array() || statements->is_object());
  for (const Check check : {check_old, check_new}) {
    if (!readable || kind == DocumentKind::kTrust) break;
    Result<void> good = check_all(*statements, check);
    const bool first = check == check_old;
    if (!good && (document || first)) return std::unexpected(std::move(good).error());
    if (!document) return document;
  }
  return document;
}

}  // namespace signalbox::policy
