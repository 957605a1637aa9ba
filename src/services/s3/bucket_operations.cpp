// CreateBucket, HeadBucket, DeleteBucket, ListBuckets, GetBucketLocation, and versioning.

#include <algorithm>

#include "cloud/paging.h"
#include "services/s3/access.h"
#include "services/s3/bucket_changes.h"
#include "services/s3/locations.h"
#include "services/s3/object_headers.h"

namespace signalbox::s3 {
namespace {

constexpr std::size_t kMaxBuckets = 10'000;  // of an account
constexpr std::int32_t kMaxListedBuckets = 10'000;

constexpr std::string_view kReservedPrefixes[] = {"xn--", "sthree-", "amzn-s3-demo-"};
constexpr std::string_view kReservedSuffixes[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};

/// "Bucket naming rules".
bool is_bucket_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.size() < 3 || name.size() > 63 || !letter(name.front()) || !letter(name.back())) return false;
  if (!std::ranges::all_of(name, [&](char c) { return letter(c) || c == '-' || c == '.'; })) return false;
  if (name.find("..") != std::string_view::npos) return false;
  const auto begins = [name](std::string_view one) { return name.starts_with(one); };
  const auto ends = [name](std::string_view one) { return name.ends_with(one); };
  if (std::ranges::any_of(kReservedPrefixes, begins) || std::ranges::any_of(kReservedSuffixes, ends)) return false;
  const bool address = std::ranges::count(name, '.') == 3 &&
                       std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return !address;
}

Result<Bucket> new_bucket(const Core& core, const cloud::Call& call, const model::CreateBucketRequest& input) {
  if (!is_bucket_name(*input.bucket)) {
    return s3_error("InvalidBucketName", "The specified bucket is not valid.", 400, {{"BucketName", *input.bucket}});
  }
  if (input.object_lock_enabled_for_bucket.value_or(false)) return not_implemented("x-amz-bucket-object-lock-enabled");
  if (input.bucket_namespace) return not_implemented("x-amz-bucket-namespace");
  Result<Location> location = location_of(call, input);
  if (!location) return std::unexpected(std::move(location).error());
  Bucket bucket;
  bucket.name = *input.bucket;
  bucket.scope = {call.scope.account, std::move(location->region)};
  bucket.location = std::move(location->constraint);
  bucket.created = core.now();
  bucket.ownership = core.options.closed_buckets ? Ownership::kBucketOwnerEnforced : Ownership::kObjectWriter;
  if (core.options.closed_buckets) bucket.access_block = PublicAccessBlock{true, true, true, true};
  if (input.object_ownership) {
    const auto asked = ownership_of(*input.object_ownership);
    if (!asked) {
      return invalid_argument("Invalid x-amz-object-ownership header: " + *input.object_ownership,
                              "x-amz-object-ownership", *input.object_ownership);
    }
    bucket.ownership = asked;
  }
  const AclSource source = acl_source(input);
  if (bucket.enforces_owner() && source.given()) {
    return fail("InvalidBucketAclWithObjectOwnership",
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting", 400);
  }
  Result<Acl> acl = acl_of(source, bucket.scope.account, bucket.scope.account);
  if (!acl) return std::unexpected(std::move(acl).error());
  if (bucket.block().block_acls && is_public(*acl)) {
    return fail("InvalidBucketAclWithBlockPublicAccessError",
                "Bucket cannot have public ACLs set with BlockPublicAccess enabled", 400);
  }
  bucket.acl = *std::move(acl);
  if (input.create_bucket_configuration && input.create_bucket_configuration->tags) {
    Result<Tags> tags = read_tags(*input.create_bucket_configuration->tags, kMaxBucketTags);
    if (!tags) return std::unexpected(std::move(tags).error());
    bucket.tagging = tagging_text(*tags);
  }
  return bucket;
}

Answer<model::CreateBucketOutput> create_bucket(Core& core, const cloud::Call& call, model::CreateBucketRequest input) {
  if (is_anonymous(call)) co_return access_denied();
  Result<Bucket> made = new_bucket(core, call, input);
  if (!made) co_return std::unexpected(std::move(made).error());
  model::CreateBucketOutput output;
  output.location = location_header(*made);
  output.bucket_arn = made->arn();
  Result<void> done = co_await in_bucket_turn(core, [&]() -> Answer<void> {
    const BucketPtr there = core.find(made->name);
    if (there && there->scope.account != call.scope.account) {
      co_return s3_error("BucketAlreadyExists",
                         "The requested bucket name is not available. The bucket namespace is shared by all users of "
                         "the system. Please select a different name and try again.",
                         409, {{"BucketName", made->name}});
    }
    // us-east-1 answers as if it were new.
    if (there && there->scope.region == kFirstRegion && made->scope.region == kFirstRegion) co_return Result<void>();
    if (there) {
      co_return s3_error("BucketAlreadyOwnedByYou",
                         "Your previous request to create the named bucket succeeded and you already own it.", 409,
                         {{"BucketName", made->name}});
    }
    if (core.buckets_of(call.scope.account).size() >= kMaxBuckets) {
      co_return fail("TooManyBuckets", "You have attempted to create more buckets than allowed", 400);
    }
    co_return co_await write_bucket(core, *std::move(made));
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return output;
}

Answer<model::HeadBucketOutput> head_bucket(Core& core, const cloud::Call&, model::HeadBucketRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  model::HeadBucketOutput output;
  output.bucket_region = (*bucket)->scope.region;
  output.bucket_arn = (*bucket)->arn();
  output.access_point_alias = false;
  co_return output;
}

Result<bool> has_any(const store::Snapshot& snapshot, const store::Key& all) {
  bool found = false;
  Result<void> done = snapshot.scan(all, all.end(), [&](std::string_view, std::string_view) {
    found = true;
    return false;
  });
  if (!done) return std::unexpected(std::move(done).error());
  return found;
}

/// Adds to `batch` the end of a bucket's unfinished uploads.
Result<void> forget_uploads(const store::Snapshot& snapshot, std::string_view bucket, store::Batch& batch,
                            std::vector<std::string>& blobs) {
  const store::Key all = store::Key("s3.upload").text(bucket);
  Result<void> parts_done;
  Result<void> done = snapshot.scan(all, all.end(), [&](std::string_view key, std::string_view) {
    store::KeyReader reader(key);
    for (int i = 0; i < 3; ++i) reader.text();
    const std::string id = reader.text().value_or("");
    batch.erase(key);
    const store::Key parts = parts_key(id);
    batch.erase_range(parts, parts.end());
    parts_done = snapshot.scan(parts, parts.end(), [&](std::string_view, std::string_view value) {
      const auto part = read_part(0, value);
      for (const Segment& segment : part ? part->segments : std::vector<Segment>()) blobs.push_back(segment.blob);
      return true;
    });
    return parts_done.has_value();
  });
  return parts_done ? done : parts_done;
}

Answer<void> delete_closed_bucket(Core& core, const Bucket& bucket) {
  const auto snapshot = core.house.store.read();
  const Result<bool> full = has_any(*snapshot, store::Key("s3.object").text(bucket.name));
  if (!full) co_return std::unexpected(full.error());
  if (*full) {
    const bool versions = bucket.versioning != Versioning::kNever;
    co_return s3_error("BucketNotEmpty",
                       versions
                           ? "The bucket you tried to delete is not empty. You must delete all versions in the bucket."
                           : "The bucket you tried to delete is not empty",
                       409, {{"BucketName", bucket.name}});
  }
  store::Batch batch;
  std::vector<std::string> blobs;
  Result<void> done = forget_uploads(*snapshot, bucket.name, batch, blobs);
  if (!done) co_return done;
  batch.erase(bucket_key(bucket.name));
  core.blobs.drop(batch, blobs);
  done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return done;
  core.erase(bucket.name);
  core.blobs.dropped(std::move(blobs));
  co_return done;
}

Answer<model::DeleteBucketResponse> delete_bucket(Core& core, const cloud::Call&, model::DeleteBucketRequest input) {
  Result<void> done = co_await in_bucket_turn(core, [&]() -> Answer<void> {
    const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
    if (!bucket) co_return std::unexpected(bucket.error());
    if (!(*bucket)->gate->close()) {
      co_return fail("OperationAborted",
                     "A conflicting conditional operation is currently in progress against this resource. Please try "
                     "again.",
                     409);
    }
    Result<void> deleted = co_await delete_closed_bucket(core, **bucket);
    if (!deleted) (*bucket)->gate->open();
    co_return deleted;
  });
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return model::DeleteBucketResponse{};
}

Answer<model::ListBucketsOutput> list_buckets(Core& core, const cloud::Call& call, model::ListBucketsRequest input) {
  if (is_anonymous(call)) co_return access_denied();
  if (input.max_buckets && (*input.max_buckets < 1 || *input.max_buckets > kMaxListedBuckets)) {
    co_return invalid_argument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets",
                               std::to_string(*input.max_buckets));
  }
  if (input.bucket_region && !is_region(*input.bucket_region)) {
    co_return invalid_argument("Argument value " + *input.bucket_region + " is not a valid AWS Region", "bucket-region",
                               *input.bucket_region);
  }
  std::string after;
  if (input.continuation_token && !input.continuation_token->empty()) {
    const auto token = cloud::read_page_token("s3.buckets", *input.continuation_token);
    if (!token) {
      co_return invalid_argument("The continuation token provided is incorrect", "continuation-token",
                                 *input.continuation_token);
    }
    after = *token;
  }
  model::ListBucketsOutput output;
  output.owner = owner_of(call.scope.account);
  output.buckets.emplace();
  output.prefix = input.prefix;
  const bool tells_region = input.max_buckets || input.continuation_token || input.bucket_region || input.prefix;
  const auto most = static_cast<std::size_t>(input.max_buckets.value_or(kMaxListedBuckets));
  for (const BucketPtr& bucket : core.buckets_of(call.scope.account)) {
    if (bucket->name <= after || !bucket->name.starts_with(input.prefix.value_or(""))) continue;
    if (input.bucket_region && *input.bucket_region != bucket->scope.region) continue;
    if (output.buckets->size() == most) {
      output.continuation_token = cloud::make_page_token("s3.buckets", *output.buckets->back().name);
      break;
    }
    model::Bucket& one = output.buckets->emplace_back();
    one.name = bucket->name;
    one.creation_date = bucket->created;
    one.bucket_arn = bucket->arn();
    if (tells_region) one.bucket_region = bucket->scope.region;
  }
  co_return output;
}

Answer<model::GetBucketLocationOutput> get_location(Core& core, const cloud::Call&,
                                                    model::GetBucketLocationRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  model::GetBucketLocationOutput output;
  if (!(*bucket)->location.empty()) {
    output.location_constraint = (*bucket)->location;
  } else if ((*bucket)->scope.region != kFirstRegion) {
    output.location_constraint = (*bucket)->scope.region;
  }
  co_return output;
}

Answer<model::GetBucketVersioningOutput> get_versioning(Core& core, const cloud::Call&,
                                                        model::GetBucketVersioningRequest input) {
  const Result<BucketPtr> bucket = bucket_of(core, input.bucket, {});
  if (!bucket) co_return std::unexpected(bucket.error());
  model::GetBucketVersioningOutput output;
  if ((*bucket)->versioning == Versioning::kEnabled) output.status = "Enabled";
  if ((*bucket)->versioning == Versioning::kSuspended) output.status = "Suspended";
  co_return output;
}

Answer<model::PutBucketVersioningResponse> put_versioning(Core& core, const cloud::Call&,
                                                          model::PutBucketVersioningRequest input) {
  const model::VersioningConfiguration& asked = *input.versioning_configuration;
  if (input.mfa || asked.mfa_delete == "Enabled") co_return not_implemented("MfaDelete");
  if (!asked.status) {
    co_return fail("IllegalVersioningConfigurationException", "The Versioning element must be specified", 400);
  }
  const Versioning versioning = asked.status == "Enabled" ? Versioning::kEnabled : Versioning::kSuspended;
  co_return co_await change_bucket<model::PutBucketVersioningResponse>(core, input.bucket,
                                                                       [versioning](Bucket& bucket) -> Result<void> {
                                                                         bucket.versioning = versioning;
                                                                         return {};
                                                                       });
}

}  // namespace

void register_bucket_operations(Core& core) {
  const auto of_account = [](const char* action) {
    return [action](const cloud::Call& call, const auto&) -> Answer<Accesses> {
      Accesses accesses;
      accesses.push_back({action, "*", account_of(call)});
      co_return accesses;
    };
  };
  serve(core, model::kCreateBucket, of_account("s3:CreateBucket"),
        [&core](const cloud::Call& call, model::CreateBucketRequest input) {
          return create_bucket(core, call, std::move(input));
        });
  serve(core, model::kListBuckets, of_account("s3:ListAllMyBuckets"),
        [&core](const cloud::Call& call, model::ListBucketsRequest input) {
          return list_buckets(core, call, std::move(input));
        });
  serve(core, model::kHeadBucket, on_bucket(core, "s3:ListBucket", "READ"),
        [&core](const cloud::Call& call, model::HeadBucketRequest input) {
          return head_bucket(core, call, std::move(input));
        });
  serve(core, model::kDeleteBucket, on_bucket(core, "s3:DeleteBucket"),
        [&core](const cloud::Call& call, model::DeleteBucketRequest input) {
          return delete_bucket(core, call, std::move(input));
        });
  serve(core, model::kGetBucketLocation, on_bucket(core, "s3:GetBucketLocation"),
        [&core](const cloud::Call& call, model::GetBucketLocationRequest input) {
          return get_location(core, call, std::move(input));
        });
  serve(core, model::kGetBucketVersioning, on_bucket(core, "s3:GetBucketVersioning"),
        [&core](const cloud::Call& call, model::GetBucketVersioningRequest input) {
          return get_versioning(core, call, std::move(input));
        });
  serve(core, model::kPutBucketVersioning, on_bucket(core, "s3:PutBucketVersioning"),
        [&core](const cloud::Call& call, model::PutBucketVersioningRequest input) {
          return put_versioning(core, call, std::move(input));
        });
}

}  // namespace signalbox::s3
