#include "services/cloudtrail/user_identity.h"

#include "base/time_text.h"
#include "cloud/principal.h"

namespace signalbox::cloudtrail {
namespace {

using cloud::PrincipalType;

std::string_view type_name(const cloud::Principal& principal) {
  switch (principal.type) {
    case PrincipalType::kRoot:
      return "Root";
    case PrincipalType::kUser:
      return "IAMUser";
    case PrincipalType::kAssumedRole:
      return "AssumedRole";
    case PrincipalType::kFederatedUser:
      return "FederatedUser";
    case PrincipalType::kService:
      return "AWSService";
    case PrincipalType::kFederated:
      return "WebIdentityUser";
    case PrincipalType::kAnonymous:
      return "AWSAccount";
  }
  return "Unknown";
}

void write_session(json::Writer& writer, const cloud::Session& session) {
  writer.key("sessionContext");
  writer.begin_object();
  if (!session.issuer_type.empty()) {
    writer.key("sessionIssuer");
    writer.begin_object();
    writer.member("type", session.issuer_type);
    writer.member("principalId", session.issuer_id);
    writer.member("arn", session.issuer_arn);
    writer.member("accountId", session.issuer_account);
    if (!session.issuer_name.empty()) writer.member("userName", session.issuer_name);
    writer.end_object();
  }
  writer.key("attributes");
  writer.begin_object();
  writer.member("creationDate", to_iso8601(session.created));
  writer.member("mfaAuthenticated", session.mfa ? "true" : "false");
  writer.end_object();
  if (!session.source_identity.empty()) writer.member("sourceIdentity", session.source_identity);
  writer.end_object();
}

bool is_service(const cloud::Call& call) {
  // Services that do not say their principal's type name themselves where an ARN would stand.
  return call.principal.is_service() || call.principal.arn.ends_with(".amazonaws.com");
}

}  // namespace

void write_user_identity(json::Writer& writer, const cloud::Call& call) {
  const cloud::Principal& who = call.principal;
  writer.begin_object();
  if (is_service(call)) {
    writer.member("type", "AWSService");
    writer.member("invokedBy", call.invoked_by.empty() ? who.arn : call.invoked_by);
    writer.end_object();
    return;
  }
  writer.member("type", type_name(who));
  if (who.is_anonymous()) {
    writer.member("principalId", "");
    writer.member("accountId", "ANONYMOUS_PRINCIPAL");
    writer.end_object();
    return;
  }
  writer.member("principalId", who.id);
  writer.member("arn", who.arn);
  writer.member("accountId", who.account);
  if (!who.access_key.empty()) writer.member("accessKeyId", who.access_key);
  if (who.type == PrincipalType::kUser) writer.member("userName", who.user_name);
  if (who.session) write_session(writer, *who.session);
  if (!call.invoked_by.empty()) writer.member("invokedBy", call.invoked_by);
  writer.end_object();
}

std::string user_name_of(const cloud::Call& call) {
  const cloud::Principal& who = call.principal;
  if (is_service(call)) return call.invoked_by.empty() ? who.arn : call.invoked_by;
  if (who.type == PrincipalType::kRoot) return "root";
  if (!who.user_name.empty()) return who.user_name;
  return who.session ? who.session->name : "";
}

}  // namespace signalbox::cloudtrail
