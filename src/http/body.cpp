#include "http/body.h"

namespace signalbox::http {

const Fields& BodyReader::trailers() const {
  static const Fields none;
  return none;
}

asio::awaitable<Result<std::string_view>> MemoryBody::read() {
  const bool first = !std::exchange(done_, true);
  co_return first ? std::string_view(bytes_) : std::string_view();
}

asio::awaitable<Result<std::string>> read_whole(BodyReader& body, std::size_t limit) {
  std::string whole;
  for (;;) {
    Result<std::string_view> piece = co_await body.read();
    if (!piece) co_return std::unexpected(std::move(piece).error());
    if (piece->empty()) co_return whole;
    if (piece->size() > limit - whole.size()) {
      co_return fail("EntityTooLarge", "The body is larger than " + std::to_string(limit) + " bytes.", 413);
    }
    whole += *piece;
  }
}

}  // namespace signalbox::http
