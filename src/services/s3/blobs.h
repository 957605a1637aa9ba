// Contents too large for the store: one file each, written once, read in pieces.
//
// A blob is written to incoming/ID, synced, linked as blobs/xx/ID, and named by a record in the batch that makes it
// part of an object. Only then incoming/ID goes. So after a crash incoming/ holds all blobs that may belong to nothing:
// those without a record are removed. A blob that is no longer needed is named in a record of the batch that ends its
// use, and removed after that is committed; after a crash those records say what is left to remove.
//
// Blobs are sealed (sealed_content.h), which their names tell, with a mark of the content's header: what a disk has
// changed, or put in another's place, is an error and never content.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/checksum.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "http/body.h"
#include "services/s3/sealed_content.h"
#include "store/store.h"

namespace signalbox::s3 {

namespace asio = boost::asio;

/// A stretch of a blob.
struct Segment {
  std::string blob;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("blob", self.blob)("offset", self.offset)("length", self.length);
  }
};

class Blobs {
 public:
  class Writer;

  Blobs(std::string folder, bool sync, store::Store& store, Random& random, Log& log);
  ~Blobs();

  /// Makes the folders and, the first time, the server's own key, which `sealer` keeps; removes what belongs to
  /// nothing. Errors: StoreError.
  Result<void> load(const Sealer& sealer);
  /// The server's own key, for contents that are kept elsewhere.
  const ContentKey& key() const;
  /// Waits for what runs.
  void stop();

  /// Sealed with `key`, or the server's own.
  std::unique_ptr<Writer> write(const std::optional<ContentKey>& key);

  /// Adds to `batch` that these are in use.
  void keep(store::Batch& batch, const std::vector<std::string>& blobs) const;
  /// Adds to `batch` that these are in use no longer.
  void drop(store::Batch& batch, const std::vector<std::string>& blobs) const;
  /// After a batch with keep() was committed, or failed.
  void kept(const std::vector<std::string>& blobs, bool committed);
  /// After a batch with drop() was committed: removes them, soon.
  void dropped(std::vector<std::string> blobs);

  /// The same content as a new blob, without copying it. Errors: InternalError.
  asio::awaitable<Result<std::string>> share(std::string blob);

  /// Reads these stretches, one after another, with the key they were written with. The blobs are there until the
  /// reader goes, whatever happens to their objects. Its errors: InternalError for what is damaged, which is logged.
  std::unique_ptr<http::BodyReader> read(std::vector<Segment> segments, const std::optional<ContentKey>& key);
  /// Whether that blob is sealed; those of older versions of this server are not.
  static bool is_sealed(std::string_view blob);

 private:
  Result<void> load_key(const Sealer& sealer);

  friend class Writer;
  class Reader;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Writes one blob, on threads of its own, with the checksums of what goes by. What is not finished goes when it goes.
class Blobs::Writer {
 public:
  Writer(Parts& parts, const ContentKey& key);
  ~Writer();
  Writer(const Writer&) = delete;

  /// `bytes` and `checksums` must live until it is done. Errors: InternalError, for a full disk say.
  asio::awaitable<Result<void>> write(std::string_view bytes, std::vector<Checksum>& checksums);
  /// The blob's name; from now on keep() and kept() must follow. Errors: InternalError.
  asio::awaitable<Result<std::string>> finish();

 private:
  Result<void> open();
  Result<void> put(std::string_view bytes);
  /// Adds to the frame under way, and seals those that are whole.
  void seal(std::string_view bytes);

  Parts& parts_;
  const std::string header_;
  const std::string id_;
  FrameCipher cipher_;
  std::string frame_;   // the one under way
  std::string sealed_;  // what is to be written
  std::uint64_t number_ = 0;
  int file_ = -1;
  bool finished_ = false;
};

}  // namespace signalbox::s3
