// What the operations of the service share.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/services.h"
#include "cloud/turns.h"
#include "models/s3.h"
#include "services/s3/blobs.h"
#include "services/s3/records.h"
#include "services/s3/s3.h"

namespace signalbox::s3 {

namespace asio = boost::asio;

template <class T>
using Answer = asio::awaitable<Result<T>>;

/// Keys that change one at a time, on one shard: each key of a bucket belongs to one of these.
struct Stripe {
  cloud::Shard* shard = nullptr;
  cloud::Turns turns;
  std::atomic<std::uint64_t> told = 0;  // the highest sequencer of a notification
};

struct Core {
  Core(const cloud::House& with, Options chosen);

  // Any thread.
  BucketPtr find(std::string_view name) const;
  std::vector<BucketPtr> buckets_of(std::string_view account) const;
  std::vector<BucketPtr> all_buckets() const;
  void put(BucketPtr bucket);
  void erase(std::string_view name);

  Stripe& stripe_of(std::string_view bucket, std::string_view key);
  /// To the second, as S3 keeps times.
  Time now() const { return std::chrono::floor<std::chrono::seconds>(house.clock.now()); }

  const cloud::House house;
  const Options options;
  Blobs blobs;
  cloud::Turns bucket_turns;     // on shard 0: buckets and their settings change one at a time
  bool lifecycle_armed = false;  // on shard 0

 private:
  static constexpr std::size_t kStripes = 1024;
  std::array<Stripe, kStripes> stripes_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, BucketPtr, std::less<>> buckets_;
};

/// Runs the coroutine `work()` where that key is changed, alone.
template <class Work>
auto in_turn(Stripe& stripe, Work work) -> std::invoke_result_t<Work&> {
  auto alone = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await stripe.turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(*stripe.shard, std::ref(alone));
}
/// The same for buckets and their settings.
template <class Work>
auto in_bucket_turn(Core& core, Work work) -> std::invoke_result_t<Work&> {
  auto alone = [&]() -> std::invoke_result_t<Work&> {
    const auto turn = co_await core.bucket_turns.take();
    co_return co_await work();
  };
  co_return co_await cloud::on(core.house.shards.at(0), std::ref(alone));
}

std::unexpected<Error> s3_error(std::string code, std::string message, int status,
                                std::vector<std::pair<std::string, std::string>> elements = {});
std::unexpected<Error> no_such_bucket(std::string_view bucket);
std::unexpected<Error> no_such_key(std::string_view key);
std::unexpected<Error> no_such_version(std::string_view key, std::string_view version);
std::unexpected<Error> invalid_argument(std::string message, std::string_view name = {}, std::string_view value = {});
std::unexpected<Error> empty_version(std::string_view name, std::string_view value);
std::unexpected<Error> access_denied();
std::unexpected<Error> malformed_xml();
std::unexpected<Error> precondition_failed(std::string_view condition);
/// For what a request asks and this server cannot do: 501, naming it.
std::unexpected<Error> not_implemented(std::string_view what);
/// For headers that S3 itself does not take, or not together: 501, with AWS's own words.
std::unexpected<Error> header_not_taken(std::string_view header, std::string_view why);

std::string quoted_etag(std::string_view etag);

void register_bucket_operations(Core& core);
void register_bucket_settings(Core& core);
void register_acl_operations(Core& core);
void register_put_operations(Core& core);
void register_copy_operations(Core& core);
void register_get_operations(Core& core);
void register_delete_operations(Core& core);
void register_list_operations(Core& core);
void register_multipart_operations(Core& core);
void register_part_operations(Core& core);
void register_tag_operations(Core& core);
void register_unset_features(Core& core);
void register_encryption_operations(Core& core);
void register_cors_operations(Core& core);
void register_control_operations(Core& core);

}  // namespace signalbox::s3
