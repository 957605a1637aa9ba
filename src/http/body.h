// Bodies that are never whole in memory: read in pieces, as fast as whoever takes them goes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace signalbox::http {

namespace asio = boost::asio;

using Fields = std::vector<std::pair<std::string, std::string>>;

class BodyReader {
 public:
  virtual ~BodyReader() = default;

  /// The next piece, good until the next call; empty at the end. After an error there is nothing more to read. Errors:
  /// IncompleteBody where the client broke off, and those of what the body is made of.
  virtual asio::awaitable<Result<std::string_view>> read() = 0;

  /// How many bytes there will be in all, where that is known from the start.
  virtual std::optional<std::uint64_t> length() const = 0;

  /// Header fields that came behind the body, when it has been read to its end; before that, those that are announced,
  /// with or without their values.
  virtual const Fields& trailers() const;
};

/// A body that is in memory already.
class MemoryBody final : public BodyReader {
 public:
  explicit MemoryBody(std::string bytes, Fields trailers = {})
      : bytes_(std::move(bytes)), trailers_(std::move(trailers)) {}
  asio::awaitable<Result<std::string_view>> read() override;
  std::optional<std::uint64_t> length() const override { return bytes_.size(); }
  const Fields& trailers() const override { return trailers_; }

 private:
  std::string bytes_;
  Fields trailers_;
  bool done_ = false;
};

/// The rest of the body as one text. Errors: those of the body; EntityTooLarge (413) beyond `limit` bytes.
asio::awaitable<Result<std::string>> read_whole(BodyReader& body, std::size_t limit);

}  // namespace signalbox::http
