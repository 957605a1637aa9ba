// What is asked: who wants to do what to which resource, and the circumstances.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy {

enum class PrincipalType : std::uint8_t {
  kAnonymous,
  kRoot,           // the account itself
  kUser,           // an IAM user
  kAssumedRole,    // a session of a role
  kFederatedUser,  // a session from GetFederationToken
  kService,        // an AWS service on its own behalf: events.amazonaws.com
  kFederated,      // someone an identity provider vouches for, as AssumeRoleWithSAML and WithWebIdentity see them
};
constexpr PrincipalType last_value(PrincipalType) {
  return PrincipalType::kFederated;
}

struct Tag {
  std::string_view key;
  std::string_view value;
};

/// Who calls. Borrows its texts. What a type does not have stays empty.
struct Principal {
  PrincipalType type = PrincipalType::kAnonymous;
  /// The caller's own ARN, as GetCallerIdentity shows it: of the root, the user, the role's session.
  std::string_view arn;
  std::string_view account;
  /// Of a session: the ARN of the role, path included, or of the user who federated.
  std::string_view source_arn;
  /// Unique id: "AIDA...", for sessions "AROA...:session-name".
  std::string_view user_id;
  /// Of kService and kFederated: "events.amazonaws.com", "arn:aws:iam::111122223333:saml-provider/x".
  std::string_view name;
  std::string_view canonical_user;
  std::span<const Tag> tags;
  /// Of a service the Region that it acts in: policies may name it with that ("logs.us-east-1.amazonaws.com").
  std::string_view region = {};
  /// Of a session: the unique id of the role or of the user who federated.
  std::string_view source_id = {};
};

/// The condition context: keys ("aws:SourceIp", in any case) and their values. Owns its texts.
class Context {
 public:
  struct Entry {
    std::string key;  // in lower case
    std::vector<std::string> values;
  };

  /// Adds a value; a key that is there already gets one more.
  void add(std::string_view key, std::string value);
  /// The values of a key given in lower case; empty when it is not there.
  std::span<const std::string> find(std::string_view lower_key) const;
  void clear() { entries_.clear(); }
  std::span<const Entry> entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

/// One question for evaluate(). Borrows everything.
///
/// These keys need no entry in the context, as they follow from the rest: aws:PrincipalArn, aws:PrincipalAccount,
/// aws:PrincipalType, aws:PrincipalTag/KEY, aws:PrincipalIsAWSService, aws:PrincipalServiceName, aws:userid,
/// aws:username, aws:ResourceAccount. An entry in the context goes before.
struct Request {
  Principal principal;
  std::string_view action;    // "s3:PutObjectAcl"
  std::string_view resource;  // an ARN; "*" for an action that knows no resources
  /// Whose the resource is; "" counts as the caller's own.
  std::string_view resource_account;
  const Context* context = nullptr;
  /// False: a key that is not there is absent, as with AWS. True: whoever asks cannot tell all that AWS could, so a key
  /// that is not there is unknown; a condition that reads one never lets a statement allow, and never keeps one from
  /// denying.
  bool others_unknown = false;
};

}  // namespace signalbox::policy
