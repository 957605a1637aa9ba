// A policy document: read and checked once, then immutable.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/statement.h"

namespace signalbox::policy {

/// Longest document; each service's own quota is smaller, or this (KMS key policies have 32 KB).
inline constexpr std::size_t kMaxDocumentBytes = 32 * 1024;

/// What a document is for decides what it must and may not contain.
enum class DocumentKind : std::uint8_t {
  kManaged,   // a managed policy: version 2012-10-17, no principals
  kInline,    // an inline, session or service control policy: any version, no principals
  kResource,  // a resource policy: principals and resources
  kTrust,     // a role's trust policy: principals, STS actions, no resources
};

class Document {
 public:
  /// Errors: MalformedPolicyDocument with AWS's text where it is known. A service that has another code for it (S3's
  /// MalformedPolicy, SQS's InvalidAttributeValue) puts its own.
  static Result<Document> parse(std::string_view text, DocumentKind kind);

  DocumentKind kind() const { return kind_; }
  std::span<const Statement> statements() const { return statements_; }
  /// The condition keys it reads, in Condition elements and as variables, as GetContextKeysForCustomPolicy lists them:
  /// spelled as in the document, sorted, each once.
  std::span<const std::string> context_keys() const { return context_keys_; }

 private:
  DocumentKind kind_ = DocumentKind::kManaged;
  std::vector<Statement> statements_;
  std::vector<std::string> context_keys_;
};

}  // namespace signalbox::policy
