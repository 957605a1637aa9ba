#include "services/cloudtrail/delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/gzip.h"
#include "base/time_text.h"
#include "json/json.h"
#include "models/sns.h"
#include "services/cloudtrail/bucket.h"
#include "services/cloudtrail/log_group.h"
#include "services/cloudtrail/times.h"
#include "store/record.h"

namespace signalbox::cloudtrail {
namespace {

constexpr std::uint8_t kDeliveryVersion = 1;
constexpr std::size_t kMaxFileRecords = 20'000;
constexpr std::size_t kMaxFileBytes = std::size_t{32} * 1024 * 1024;

store::Key lane_key(std::string_view space, const Lane& lane) {
  return store::Key(space).text(lane.trail).text(lane.region);
}

/// Sixteen letters and digits, so that nobody guesses the names of files.
std::string unique_text(Random& random) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  for (int i = 0; i < 16; ++i) text.push_back(kLetters[random.next() % kLetters.size()]);
  return text;
}

std::string new_object_key(Core& core, const Trail& trail, const std::string& region) {
  const Time now = core.house.clock.now();
  return fmt::format("{}CloudTrail/{}/{}/{}_CloudTrail_{}_{}_{}.json.gz", log_prefix(trail), region, day_path(now),
                     trail.home.account, region, compact_time(now, false), unique_text(core.house.random));
}

/// The file that the lane's records go to: the same one after a crash, so that none is there twice.
asio::awaitable<Result<std::string>> object_key(Core& core, const Trail& trail, const Lane& lane) {
  const store::Key key = lane_key(kFileSpace, lane);
  const auto planned = core.house.store.get(key);
  if (!planned) co_return std::unexpected(planned.error());
  if (*planned) {
    store::RecordReader in(**planned, kDeliveryVersion);
    const std::string bucket = in.text();
    std::string object = in.text();
    if (in.complete() && bucket == trail.bucket) co_return object;
  }
  std::string object = new_object_key(core, trail, lane.region);
  store::Batch batch;
  batch.put(key, store::RecordWriter(kDeliveryVersion).text(trail.bucket).text(object).bytes());
  const Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) co_return std::unexpected(done.error());
  co_return object;
}

std::string content_of(const std::vector<Pending::Waiting>& records) {
  std::string text = "{\"Records\":[";
  for (const Pending::Waiting& one : records) {
    if (text.back() != '[') text.push_back(',');
    text += one.text;
  }
  return text + "]}";
}

/// A log file, as it is stored.
struct Packed {
  std::string gzip;
  std::string hash;  // of what is in it
  std::size_t size = 0;
};
Packed packed(const std::vector<Pending::Waiting>& records) {
  const std::string content = content_of(records);
  return {gzip(content), to_hex(sha256(content)), content.size()};
}

asio::awaitable<Result<void>> notify(Core& core, Trail trail, std::string object) {
  models::sns::PublishInput request;
  request.topic_arn = trail.topic_arn;
  std::string& message = request.message.emplace();
  json::Writer writer(message);
  writer.begin_object();
  writer.member("s3Bucket", trail.bucket);
  writer.key("s3ObjectKey");
  writer.begin_array();
  writer.string(object);
  writer.end_array();
  writer.end_object();
  cloud::Call call = call_for(core, trail);
  if (const auto arn = cloud::Arn::parse(trail.topic_arn)) call.scope = arn->scope();
  const auto done = co_await core.house.door.call(std::move(call), models::sns::kPublish, std::move(request));
  if (!done) co_return std::unexpected(done.error());
  co_return Result<void>();
}

/// After the file is in the bucket: the log group and the topic. What goes wrong there is told, and holds up nothing.
asio::awaitable<void> tell_others(Core& core, Trail trail, std::string region, std::string object,
                                  std::vector<Pending::Waiting> records, TrailStatus& status) {
  const Time now = core.house.clock.now();
  if (!trail.log_group_arn.empty()) {
    const Result<void> done = co_await put_log_events(core, trail, region, std::move(records));
    status.logs_error = done ? "" : delivery_error(done.error());
    if (done) status.logs_delivered = now;
  }
  if (!trail.topic_arn.empty()) {
    const Result<void> done = co_await notify(core, trail, object);
    status.notify_attempted = now;
    status.notification_error = done ? "" : delivery_error(done.error());
    if (done) status.notified = now;
  }
}

/// Errors: those of the store.
asio::awaitable<Result<void>> conclude(Core& core, const Trail& trail, const Lane& lane,
                                       std::vector<Pending::Waiting> records, const LogFile& file,
                                       const TrailStatus& status) {
  store::Batch batch;
  Pending::erase(records, batch);
  batch.erase(lane_key(kFileSpace, lane));
  if (trail.validation) batch.put(lane_key(kLogFileSpace, lane).text(file.object), store::encode(file));
  batch.put(store::Key(kStatusSpace).text(lane.trail), store::encode(status));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) core.pending.erased(lane, records.size());
  co_return done;
}

/// Keeps what is not too old for another time.
asio::awaitable<Result<void>> put_off(Core& core, const Lane& lane, std::vector<Pending::Waiting> records,
                                      const Error& why, TrailStatus status) {
  const Time now = core.house.clock.now();
  status.attempted = now;
  status.delivery_error = delivery_error(why);
  core.figures.refused.add();
  std::erase_if(records, [&](const Pending::Waiting& one) { return now - one.time <= kTryFor; });
  store::Batch batch;
  Pending::erase(records, batch);
  batch.put(store::Key(kStatusSpace).text(lane.trail), store::encode(status));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (done) core.pending.erased(lane, records.size());
  co_return done;
}

/// Delivers one file. True when there may be more. Errors: those of the store.
asio::awaitable<Result<bool>> deliver_some(Core& core, TrailPtr trail, Lane lane) {
  const auto snapshot = core.house.store.read();
  auto records = Pending::read(*snapshot, lane, kMaxFileRecords, kMaxFileBytes);
  if (!records) co_return std::unexpected(records.error());
  if (records->empty()) co_return false;
  Result<TrailStatus> status = status_of(core, lane.trail);
  if (!status) co_return std::unexpected(status.error());
  Result<std::string> object = co_await object_key(core, *trail, lane);
  if (!object) co_return std::unexpected(object.error());
  auto pack = [&records] { return packed(*records); };
  Packed content = co_await core.workers.run(pack);
  const LogFile file{trail->bucket, *object, std::move(content.hash), records->front().time, records->back().time};
  const Result<void> put = co_await put_file(core, *trail, *object, std::move(content.gzip), {});
  if (!put) {
    const Result<void> kept = co_await put_off(core, lane, *std::move(records), put.error(), *status);
    if (!kept) co_return std::unexpected(kept.error());
    co_return false;
  }
  status->attempted = status->delivered = core.house.clock.now();
  status->delivery_error.clear();
  core.figures.delivered.add(records->size());
  co_await tell_others(core, *trail, lane.region, *object, *records, *status);
  const bool more = records->size() == kMaxFileRecords || content.size >= kMaxFileBytes;
  const Result<void> done = co_await conclude(core, *trail, lane, *std::move(records), file, *status);
  if (!done) co_return std::unexpected(done.error());
  co_return more;
}

}  // namespace

asio::awaitable<void> deliver(Core& core, Lane lane) {
  const TrailPtr trail = core.trails.find_arn(lane.trail);
  if (!trail) {
    store::Batch batch;
    core.pending.forget(lane.trail, batch);
    core.house.store.commit_later(std::move(batch));
    co_return;
  }
  for (bool more = true; more;) {
    const Result<bool> done = co_await deliver_some(core, trail, lane);
    if (!done) {
      core.house.log.error("records could not be delivered, trying again",
                           {{"trail", lane.trail}, {"why", done.error().message}});
    }
    more = done && *done;
  }
}

Result<TrailStatus> status_of(const Core& core, const std::string& trail) {
  const auto stored = core.house.store.get(store::Key(kStatusSpace).text(trail));
  if (!stored) return std::unexpected(stored.error());
  return *stored ? store::decode<TrailStatus>(**stored).value_or(TrailStatus{}) : TrailStatus{};
}

std::string delivery_error(const Error& error) {
  if (error.code == "S3BucketDoesNotExistException") return "NoSuchBucket";
  if (error.code == "InsufficientS3BucketPolicyException" || error.code == "AccessDeniedException") {
    return "AccessDenied";
  }
  return error.code;
}

std::string day_path(Time time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}/{:02}/{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string compact_time(Time time, bool seconds) {
  std::string text = to_amz_date(time);  // 20261125T020531Z
  if (!seconds) text.erase(13, 2);
  return text;
}

}  // namespace signalbox::cloudtrail
