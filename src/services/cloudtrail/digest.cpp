#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "base/gzip.h"
#include "base/time_text.h"
#include "json/json.h"
#include "services/cloudtrail/bucket.h"
#include "services/cloudtrail/delivery.h"
#include "services/cloudtrail/times.h"
#include "store/spaces.h"

namespace signalbox::cloudtrail {
namespace {

constexpr auto kDigestEvery = std::chrono::hours(1);
constexpr const char* kAlgorithm = "SHA256withRSA";
/// Log files that one digest tells of; more are told of by the next.
constexpr std::size_t kMaxLogFiles = 20'000;

/// The last digest of a chain; of one that begins, only when.
struct Chain {
  static constexpr std::uint8_t kVersion = 1;
  Time end{};
  std::string bucket, object, hash, signature;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("end", self.end)("bucket", self.bucket)("object", self.object)("hash", self.hash);
    field("signature", self.signature);
  }
};

store::Key chain_key(const Trail& trail, const std::string& region) {
  return store::Key(kDigestSpace).text(trail.arn()).text(region);
}

Result<std::vector<LogFile>> log_files(const Core& core, const Trail& trail, const std::string& region) {
  std::vector<LogFile> files;
  const auto snapshot = core.house.store.read();
  const store::Key all = store::Key(kLogFileSpace).text(trail.arn()).text(region);
  bool broken = false;
  Result<void> scanned = snapshot->scan(all.bytes(), all.end(), [&](std::string_view, std::string_view value) {
    auto file = store::decode<LogFile>(value);
    broken = !file;
    if (file) files.push_back(*std::move(file));
    return file && files.size() < kMaxLogFiles;
  });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  if (broken) return fail("StoreError", "The record of a log file cannot be read.");
  std::ranges::stable_sort(files, {}, &LogFile::oldest);
  return files;
}

void write_text_or_null(json::Writer& writer, std::string_view name, const std::string& text) {
  writer.key(name);
  if (text.empty()) {
    writer.null();
  } else {
    writer.string(text);
  }
}

void write_file(json::Writer& writer, const LogFile& file) {
  writer.begin_object();
  writer.member("s3Bucket", file.bucket);
  writer.member("s3Object", file.object);
  writer.member("hashValue", file.hash);
  writer.member("hashAlgorithm", "SHA-256");
  writer.member("newestEventTime", to_iso8601(file.newest));
  writer.member("oldestEventTime", to_iso8601(file.oldest));
  writer.end_object();
}

struct Digest {
  Time start{}, end{};
  std::string bucket, object;
  std::vector<LogFile> files;
};

std::string text_of(const Digest& digest, const Chain& before, const Trail& trail, const std::string& fingerprint) {
  std::string newest, oldest;
  for (const LogFile& file : digest.files) {
    newest = std::max(newest, to_iso8601(file.newest));
    oldest = oldest.empty() ? to_iso8601(file.oldest) : std::min(oldest, to_iso8601(file.oldest));
  }
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  writer.member("awsAccountId", trail.home.account);
  writer.member("digestStartTime", to_iso8601(digest.start));
  writer.member("digestEndTime", to_iso8601(digest.end));
  writer.member("digestS3Bucket", digest.bucket);
  writer.member("digestS3Object", digest.object);
  writer.member("digestPublicKeyFingerprint", fingerprint);
  writer.member("digestSignatureAlgorithm", kAlgorithm);
  write_text_or_null(writer, "newestEventTime", newest);
  write_text_or_null(writer, "oldestEventTime", oldest);
  write_text_or_null(writer, "previousDigestS3Bucket", before.bucket);
  write_text_or_null(writer, "previousDigestS3Object", before.object);
  write_text_or_null(writer, "previousDigestHashValue", before.hash);
  write_text_or_null(writer, "previousDigestHashAlgorithm", before.hash.empty() ? "" : "SHA-256");
  write_text_or_null(writer, "previousDigestSignature", before.signature);
  writer.key("logFiles");
  writer.begin_array();
  for (const LogFile& file : digest.files) write_file(writer, file);
  writer.end_array();
  writer.end_object();
  return text;
}

/// Puts the digest and moves the chain on. Errors: those of S3 and of the store.
asio::awaitable<Result<void>> put_digest(Core& core, TrailPtr trail, std::string region, Chain before, Digest digest) {
  Result<void> ready = co_await core.signer.prepare();
  if (!ready) co_return ready;
  const std::string text = text_of(digest, before, *trail, core.signer.key()->fingerprint);
  Chain chain{digest.end, digest.bucket, digest.object, to_hex(sha256(text)), ""};
  chain.signature = core.signer.sign(to_iso8601(digest.end) + "\n" + digest.bucket + "/" + digest.object + "\n" +
                                     chain.hash + "\n" + (before.signature.empty() ? "null" : before.signature));
  std::map<std::string, std::string, std::less<>> metadata;
  metadata["signature"] = chain.signature;
  metadata["signature-algorithm"] = kAlgorithm;
  Result<void> put = co_await put_file(core, *trail, digest.object, gzip(text), std::move(metadata));
  if (!put) co_return put;
  Result<TrailStatus> status = status_of(core, trail->arn());
  if (!status) co_return std::unexpected(std::move(status).error());
  status->digest_delivered = core.house.clock.now();
  status->digest_error.clear();
  store::Batch batch;
  batch.put(chain_key(*trail, region), store::encode(chain));
  for (const LogFile& file : digest.files) {
    batch.erase(store::Key(kLogFileSpace).text(trail->arn()).text(region).text(file.object));
  }
  batch.put(store::Key(kStatusSpace).text(trail->arn()), store::encode(*status));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  co_return done;
}

asio::awaitable<void> note_failure(Core& core, std::string trail, Error why) {
  core.house.log.warning("a digest could not be delivered, trying again", {{"trail", trail}, {"why", why.message}});
  Result<TrailStatus> status = status_of(core, trail);
  if (!status) co_return;
  status->digest_error = delivery_error(why);
  store::Batch batch;
  batch.put(store::Key(kStatusSpace).text(trail), store::encode(*status));
  core.house.store.commit_later(std::move(batch));
}

asio::awaitable<Result<void>> begin_chain(Core& core, TrailPtr trail, std::string region, Time now) {
  store::Batch batch;
  batch.put(chain_key(*trail, region), store::encode(Chain{now, "", "", "", ""}));
  Result<void> done = co_await core.house.store.commit(std::move(batch));
  co_return done;
}

/// Returns the end of the last digest, or when the chain began; nothing where there is nothing to tell of any more.
asio::awaitable<Result<std::optional<Time>>> deliver_if_due(Core& core, TrailPtr trail, std::string region) {
  const Time now = std::chrono::floor<std::chrono::seconds>(core.house.clock.now());
  const auto stored = core.house.store.get(chain_key(*trail, region));
  if (!stored) co_return std::unexpected(stored.error());
  const auto chain = *stored ? store::decode<Chain>(**stored) : std::nullopt;
  Result<std::vector<LogFile>> files = log_files(core, *trail, region);
  if (!files) co_return std::unexpected(std::move(files).error());
  if (!trail->logging && files->empty()) co_return std::optional<Time>();
  if (!chain) {
    // It tells of the five minutes before this delivery, too.
    const Result<void> begun = co_await begin_chain(core, trail, region, now - kDeliverEvery);
    if (!begun) co_return std::unexpected(begun.error());
    co_return std::optional(now - kDeliverEvery);
  }
  if (now - chain->end < kDigestEvery) co_return std::optional(chain->end);
  Digest digest{chain->end, now, trail->bucket, "", *std::move(files)};
  digest.object =
      fmt::format("{}CloudTrail-Digest/{}/{}/{}_CloudTrail-Digest_{}_{}_{}_{}.json.gz", log_prefix(*trail), region,
                  day_path(now), trail->home.account, region, trail->name, trail->home.region, compact_time(now, true));
  const Result<void> done = co_await put_digest(core, trail, region, *chain, std::move(digest));
  if (!done) co_return std::unexpected(done.error());
  co_return std::optional(now);
}

}  // namespace

asio::awaitable<std::optional<Time>> deliver_digest(Core& core, TrailPtr trail, std::string region) {
  const Result<std::optional<Time>> last = co_await deliver_if_due(core, trail, region);
  if (last) co_return *last ? std::optional(**last + kDigestEvery) : std::nullopt;
  co_await note_failure(core, trail->arn(), last.error());
  co_return core.house.clock.now();  // soon again
}

Result<std::vector<std::string>> digest_regions(const Core& core, const Trail& trail) {
  std::set<std::string> regions{trail.home.region};
  const auto snapshot = core.house.store.read();
  for (const std::string_view space : {kDigestSpace, kLogFileSpace}) {
    Result<void> scanned = store::each_record(*snapshot, store::Key(space).text(trail.arn()),
                                              [&](std::string_view key, std::string_view) -> Result<void> {
                                                store::KeyReader reader(key);
                                                reader.text();
                                                reader.text();
                                                regions.insert(reader.text().value_or(trail.home.region));
                                                return {};
                                              });
    if (!scanned) return std::unexpected(std::move(scanned).error());
  }
  return std::vector<std::string>(regions.begin(), regions.end());
}

asio::awaitable<void> forget_digests(Core& core, std::string trail) {
  const auto snapshot = core.house.store.read();
  bool any = false;
  const auto see = [&](std::string_view, std::string_view) { return !(any = true); };
  for (const std::string_view space : {kDigestSpace, kLogFileSpace}) {
    const store::Key all = store::Key(space).text(trail);
    if (!snapshot->scan(all.bytes(), all.end(), see)) co_return;
  }
  if (!any) co_return;
  store::Batch batch;
  for (const std::string_view space : {kDigestSpace, kLogFileSpace}) {
    const store::Key all = store::Key(space).text(trail);
    batch.erase_range(all.bytes(), all.end());
  }
  const Result<void> done = co_await core.house.store.commit(std::move(batch));
  if (!done) core.house.log.error("digests could not be forgotten", {{"why", done.error().message}});
}

}  // namespace signalbox::cloudtrail
