#include "services/s3/access.h"

#include <algorithm>

#include "services/s3/uploads.h"

namespace signalbox::s3 {
namespace {

/// A bucket answers whatever Region a request is signed for.
constexpr std::string_view kRequestedRegion = "aws:RequestedRegion";
constexpr std::string_view kExistingTag = "s3:existingobjecttag/";

/// Whether the object that it is about has tags.
bool is_tagged(const Access& access) {
  return std::ranges::any_of(access.keys.entries(),
                             [](const policy::Context::Entry& entry) { return entry.key.starts_with(kExistingTag); });
}

/// The bucket's policy as it reaches this caller: a public one of a restricted bucket reaches its own account and
/// services only.
std::shared_ptr<const policy::Document> policy_for(const cloud::Call& call, const Bucket& bucket) {
  if (!bucket.compiled_policy || !bucket.block().restrict_buckets) return bucket.compiled_policy;
  const bool own = account_of(call) == bucket.scope.account || call.principal.is_service();
  return own || !is_public(*bucket.compiled_policy) ? bucket.compiled_policy : nullptr;
}

void add_list(const cloud::Call& call, const Bucket& bucket, const Acl& acl, std::string_view permission,
              Access& access) {
  if (permission.empty() || bucket.enforces_owner()) return;
  const std::string& account = account_of(call);
  if (!bucket.block().ignore_acls && grants_to_group(acl, account.empty(), permission)) {
    access.acl = cloud::AclGrant::kEveryone;
  } else if (grants(acl, account, permission, false)) {
    access.acl = cloud::AclGrant::kAccount;
  }
}

}  // namespace

void tell_facts(Core& core) {
  core.house.authority.know("s3", [&core](std::string arn) -> asio::awaitable<cloud::ResourceFacts> {
    cloud::ResourceFacts facts;
    const auto parsed = cloud::Arn::parse(arn);
    const std::string_view path = parsed ? std::string_view(parsed->resource) : std::string_view();
    const BucketPtr bucket = core.find(path.substr(0, path.find('/')));
    if (bucket) facts.policy = bucket->compiled_policy;
    co_return facts;
  });
}

bool is_anonymous(const cloud::Call& call) {
  return call.principal.is_anonymous();
}

const std::string& account_of(const cloud::Call& call) {
  return call.principal.is_service() ? call.scope.account : call.principal.account;
}

Access bucket_access(const cloud::Call& call, const Bucket& bucket, std::string action, std::string_view permission) {
  Access access{std::move(action), bucket.arn(), bucket.scope.account, policy_for(call, bucket)};
  // The account itself can always mend its policy.
  const bool is_root = call.principal.type == cloud::PrincipalType::kRoot;
  if (is_root && account_of(call) == bucket.scope.account && access.action.ends_with("BucketPolicy")) {
    access.policy = nullptr;
  }
  access.keys.add(kRequestedRegion, bucket.scope.region);
  add_list(call, bucket, bucket.acl, permission, access);
  return access;
}

Access object_access(const cloud::Call& call, const Bucket& bucket, std::string_view key, std::string action,
                     std::string_view permission, const ObjectVersion* version) {
  Access access{std::move(action), bucket.arn() + "/" + std::string(key), bucket.scope.account,
                policy_for(call, bucket)};
  access.keys.add(kRequestedRegion, bucket.scope.region);
  if (permission == "WRITE") {
    add_list(call, bucket, bucket.acl, permission, access);
  } else if (version != nullptr) {
    add_list(call, bucket, version->acl, permission, access);
    // What another account has put here is that account's, unless the bucket owns all in it.
    if (!bucket.enforces_owner() && version->owner != bucket.scope.account) {
      access.account = version->owner;
      access.policy = nullptr;
    }
    for (const auto& [name, value] : version->headers.tags) access.keys.add(std::string(kExistingTag) + name, value);
  }
  return access;
}

Result<BucketPtr> bucket_of(const Core& core, const std::optional<std::string>& name,
                            const std::optional<std::string>& expected_owner) {
  if (expected_owner && !cloud::is_account_id(*expected_owner)) {
    return fail(
        "InvalidBucketOwnerAWSAccountID",
        "The value of the expected bucket owner parameter must be an AWS Account ID... [" + *expected_owner + "]", 400);
  }
  BucketPtr bucket = name ? core.find(*name) : nullptr;
  if (!bucket) return no_such_bucket(name.value_or(""));
  if (expected_owner && *expected_owner != bucket->scope.account) return access_denied();
  return bucket;
}

Answer<Accesses> describe_object(Core& core, const cloud::Call& call, BucketPtr bucket, std::string key,
                                 std::optional<std::string> version, std::string action, std::string_view permission) {
  Accesses accesses;
  // The owner of all that is in the bucket needs no look at the object.
  const bool own = account_of(call) == bucket->scope.account && bucket->enforces_owner() && !bucket->compiled_policy &&
                   !core.house.authority.enforcing();
  std::optional<ObjectVersion> found;
  if (!own) {
    auto looked = find_version(core, *bucket, key, version);
    if (!looked) co_return std::unexpected(std::move(looked).error());
    found = *std::move(looked);
  }
  const bool there = found && !found->delete_marker;
  accesses.push_back(object_access(call, *bucket, key, std::move(action), permission, there ? &*found : nullptr));
  if (!own && !there) accesses.push_back(bucket_access(call, *bucket, "s3:ListBucket", "READ"));
  if (!own && !there) accesses.front().acl = cloud::AclGrant::kEveryone;  // what is not there has no list
  co_return accesses;
}

Answer<Accesses> describe_source(Core& core, const cloud::Call& call, const std::string& copy_source,
                                 const std::optional<std::string>& expected_owner, bool passed) {
  const Result<CopySource> source = read_copy_source(copy_source);
  if (!source) co_return std::unexpected(source.error());
  const Result<BucketPtr> bucket = bucket_of(core, source->bucket, expected_owner);
  if (!bucket) co_return std::unexpected(bucket.error());
  Result<Accesses> accesses =
      co_await describe_object(core, call, *bucket, source->key, source->version,
                               source->version ? "s3:GetObjectVersion" : "s3:GetObject", "READ");
  if (!accesses || !passed || !is_tagged(accesses->front())) co_return accesses;
  Access tags = accesses->front();
  tags.action = source->version ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging";
  tags.acl = cloud::AclGrant::kNone;  // lists say nothing of tags
  accesses->push_back(std::move(tags));
  co_return accesses;
}

bool is_public(const policy::Document& document) {
  // Conditions on any of these keep a statement from being public.
  static constexpr std::string_view kNarrow[] = {"aws:sourceip",
                                                 "aws:sourcearn",
                                                 "aws:sourcevpc",
                                                 "aws:sourcevpce",
                                                 "aws:sourceowner",
                                                 "aws:sourceaccount",
                                                 "aws:principalarn",
                                                 "aws:principalorgid",
                                                 "aws:principalorgpaths",
                                                 "aws:principalaccount",
                                                 "aws:userid",
                                                 "s3:x-amz-server-side-encryption-aws-kms-key-id",
                                                 "s3:dataaccesspointarn",
                                                 "s3:dataaccesspointaccount"};
  policy::Principal anybody;
  for (const policy::Statement& statement : document.statements()) {
    if (!statement.allows || statement.grant(anybody) == policy::Grant::kNone) continue;
    std::vector<std::string> keys;
    for (const policy::Condition& condition : statement.conditions) condition.add_keys(keys);
    const bool narrow = std::ranges::any_of(keys, [](std::string key) {
      std::ranges::transform(key, key.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
      return std::ranges::find(kNarrow, key) != std::end(kNarrow);
    });
    if (!narrow) return true;
  }
  return false;
}

}  // namespace signalbox::s3
