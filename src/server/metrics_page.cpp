#include "server/metrics_page.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "http/body.h"

namespace signalbox::server {
namespace {

constexpr std::chrono::seconds kFresh{1};

using Text = std::shared_ptr<const std::string>;

/// Answers wait for their clients in any number; the text is there once.
class SharedText final : public http::BodyReader {
 public:
  explicit SharedText(Text text) : text_(std::move(text)) {}
  asio::awaitable<Result<std::string_view>> read() override {
    co_return std::exchange(done_, true) ? std::string_view() : std::string_view(*text_);
  }
  std::optional<std::uint64_t> length() const override { return text_->size(); }

 private:
  Text text_;
  bool done_ = false;
};

}  // namespace

struct MetricsPage::State {
  explicit State(const Metrics& counted) : metrics(counted) {}

  bool is_fresh() const { return text && std::chrono::steady_clock::now() - written < kFresh; }

  /// On the writer's thread: whoever comes behind another finds the text fresh.
  asio::awaitable<void> write() {
    {
      const std::lock_guard lock(mutex);
      if (is_fresh()) co_return;
      writing = true;
    }
    auto fresh = std::make_shared<const std::string>(metrics.expose());
    const std::lock_guard lock(mutex);
    text = std::move(fresh);
    written = std::chrono::steady_clock::now();
    writing = false;
  }

  const Metrics& metrics;
  std::mutex mutex;
  Text text;
  std::chrono::steady_clock::time_point written{};
  bool writing = false;
  std::optional<asio::thread_pool> writer;  // started when it is first asked for
};

MetricsPage::MetricsPage(const Metrics& metrics) : state_(std::make_shared<State>(metrics)) {}

MetricsPage::~MetricsPage() {
  if (state_->writer) state_->writer->join();
}

asio::awaitable<http::Response> MetricsPage::answer() {
  const auto state = state_;
  bool wait = false;
  {
    const std::lock_guard lock(state->mutex);
    wait = !state->text || (!state->is_fresh() && !state->writing);
    if (wait && !state->writer) state->writer.emplace(1);
  }
  if (wait) co_await asio::co_spawn(*state->writer, state->write(), asio::use_awaitable);
  http::Response response;
  response.headers = {{"Content-Type", "text/plain; version=0.0.4"}};
  const std::lock_guard lock(state->mutex);
  response.stream = std::make_shared<SharedText>(state->text);
  co_return response;
}

}  // namespace signalbox::server
