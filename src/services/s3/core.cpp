#include "services/s3/core.h"

#include "services/s3/access.h"
#include "services/s3/lifecycle.h"

namespace signalbox::s3 {

Core::Core(const cloud::House& with, Options chosen)
    : house(with),
      options(std::move(chosen)),
      blobs(options.folder, options.sync, house.store, house.random, house.log) {
  for (std::size_t i = 0; i < stripes_.size(); ++i) stripes_[i].shard = &house.shards.at(i % house.shards.count());
}

BucketPtr Core::find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = buckets_.find(name);
  return found == buckets_.end() ? nullptr : found->second;
}

std::vector<BucketPtr> Core::buckets_of(std::string_view account) const {
  const std::shared_lock lock(mutex_);
  std::vector<BucketPtr> found;
  for (const auto& [name, bucket] : buckets_) {
    if (bucket->scope.account == account) found.push_back(bucket);
  }
  return found;
}

std::vector<BucketPtr> Core::all_buckets() const {
  const std::shared_lock lock(mutex_);
  std::vector<BucketPtr> found;
  for (const auto& [name, bucket] : buckets_) found.push_back(bucket);
  return found;
}

void Core::put(BucketPtr bucket) {
  const std::unique_lock lock(mutex_);
  std::string name = bucket->name;
  buckets_[std::move(name)] = std::move(bucket);
}

void Core::erase(std::string_view name) {
  const std::unique_lock lock(mutex_);
  if (const auto found = buckets_.find(name); found != buckets_.end()) buckets_.erase(found);
}

Stripe& Core::stripe_of(std::string_view bucket, std::string_view key) {
  const std::size_t hash = std::hash<std::string_view>()(bucket) * 31 + std::hash<std::string_view>()(key);
  return stripes_[hash % kStripes];
}

std::unexpected<Error> s3_error(std::string code, std::string message, int status,
                                std::vector<std::pair<std::string, std::string>> elements) {
  auto details = std::make_shared<ErrorDetails>();
  details->elements = std::move(elements);
  return std::unexpected(Error{std::move(code), std::move(message), status, std::move(details)});
}

std::unexpected<Error> no_such_bucket(std::string_view bucket) {
  return s3_error("NoSuchBucket", "The specified bucket does not exist", 404, {{"BucketName", std::string(bucket)}});
}

std::unexpected<Error> no_such_key(std::string_view key) {
  return s3_error("NoSuchKey", "The specified key does not exist.", 404, {{"Key", std::string(key)}});
}

std::unexpected<Error> no_such_version(std::string_view key, std::string_view version) {
  return s3_error("NoSuchVersion", "The specified version does not exist.", 404,
                  {{"Key", std::string(key)}, {"VersionId", std::string(version)}});
}

std::unexpected<Error> invalid_argument(std::string message, std::string_view name, std::string_view value) {
  if (name.empty()) return fail("InvalidArgument", std::move(message), 400);
  return s3_error("InvalidArgument", std::move(message), 400,
                  {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}});
}

std::unexpected<Error> empty_version(std::string_view name, std::string_view value) {
  return invalid_argument("Version id cannot be the empty string", name, value);
}

std::unexpected<Error> access_denied() {
  return fail("AccessDenied", "Access Denied", 403);
}

std::unexpected<Error> malformed_xml() {
  return fail("MalformedXML",
              "The XML you provided was not well-formed or did not validate against our published schema", 400);
}

std::unexpected<Error> precondition_failed(std::string_view condition) {
  return s3_error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412,
                  {{"Condition", std::string(condition)}});
}

std::unexpected<Error> header_not_taken(std::string_view header, std::string_view why) {
  return s3_error("NotImplemented", "A header you provided implies functionality that is not implemented", 501,
                  {{"Header", std::string(header)}, {"additionalMessage", std::string(why)}});
}

std::unexpected<Error> not_implemented(std::string_view what) {
  return fail("NotImplemented", "Signalbox does not implement " + std::string(what) + " yet.", 501);
}

std::string quoted_etag(std::string_view etag) {
  return "\"" + std::string(etag) + "\"";
}

S3::S3(const cloud::House& house, Options options) : core_(std::make_unique<Core>(house, std::move(options))) {
  house.door.add_service(model::kService);
  house.authority.ask_always(model::kService);
  tell_facts(*core_);
  register_bucket_operations(*core_);
  register_bucket_settings(*core_);
  register_acl_operations(*core_);
  register_put_operations(*core_);
  register_copy_operations(*core_);
  register_get_operations(*core_);
  register_delete_operations(*core_);
  register_list_operations(*core_);
  register_multipart_operations(*core_);
  register_part_operations(*core_);
  register_tag_operations(*core_);
  register_unset_features(*core_);
  register_encryption_operations(*core_);
  register_cors_operations(*core_);
  register_control_operations(*core_);
}

S3::~S3() = default;

Result<void> S3::load() {
  Result<void> done = core_->blobs.load(core_->house.sealer);
  if (!done) return done;
  const store::Key all("s3.bucket");
  Result<void> scanned =
      core_->house.store.read()->scan(all, all.end(), [&](std::string_view key, std::string_view value) {
        store::KeyReader reader(key);
        reader.text();
        const auto name = reader.text();
        auto bucket = name ? read_bucket(*name, value) : std::nullopt;
        if (!bucket) {
          done = fail("StoreError", "The record of bucket " + name.value_or("?") + " in the store cannot be read.");
          return false;
        }
        core_->put(std::make_shared<const Bucket>(*std::move(bucket)));
        return true;
      });
  if (!done) return done;
  arm_lifecycle(*core_, true);
  return scanned;
}

void S3::stop() {
  core_->blobs.stop();
}

}  // namespace signalbox::s3
