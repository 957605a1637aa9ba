// GET /metrics: Prometheus' text, written by a thread of its own at most once a second and shared by all who ask.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "base/metrics.h"
#include "http/message.h"

namespace signalbox::server {

namespace asio = boost::asio;

/// Used on any thread.
class MetricsPage {
 public:
  explicit MetricsPage(const Metrics& metrics);
  /// Waits for the page that is being written. The loops must have stopped.
  ~MetricsPage();

  /// What is older than a second is written anew; who asks meanwhile gets what there is.
  asio::awaitable<http::Response> answer();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace signalbox::server
