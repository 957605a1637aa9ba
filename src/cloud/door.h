// The one door: every operation, called over HTTP or from inside, enters here.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "cloud/audit.h"
#include "cloud/call.h"
#include "wire/shape.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

class Authority;

/// Knows every operation that the server can do. Filled at start, then only read: safe from any thread.
class Door {
 public:
  /// `log` gets what operations throw.
  Door(Metrics& metrics, Log& log) : metrics_(metrics), log_(log) {}
  /// Who is asked before each operation. Nobody is, until there is one.
  void set_authority(const Authority& authority) { authority_ = &authority; }

  /// Who is told of each call. Nobody is, until there is one. At start only; it must outlive the shards' threads.
  void set_auditor(Auditor& auditor) { auditor_ = &auditor; }

  /// A service whose requests are recognised; operations without a handler are refused by name.
  void add_service(const wire::Service& service);

  /// Registers what does an operation:
  ///   door.handle(models::sqs::kSendMessage, [this](const Call& call, SendMessageRequest request)
  ///       -> asio::awaitable<Result<SendMessageResult>> { ... });
  /// `call` lives until the returned awaitable is done.
  template <class In, class Out, class Handler>
  void handle(const wire::OperationOf<In, Out>& operation, Handler handler) {
    add(*operation.operation,
        [handler = std::move(handler), output = operation.operation->output](
            const Call& call, wire::AnyStructure input) -> asio::awaitable<Result<wire::AnyStructure>> {
          Result<Out> done = co_await handler(call, std::move(input.as<In>()));
          if (!done) co_return std::unexpected(std::move(done).error());
          co_return wire::AnyStructure(*output, *std::move(done));
        });
  }

  /// What does an operation, its input and output known by their shapes only.
  using Handler = std::function<asio::awaitable<Result<wire::AnyStructure>>(const Call&, wire::AnyStructure)>;
  void handle_any(const wire::Operation& operation, Handler handler) { add(operation, std::move(handler)); }
  /// Null when there is none. Whoever calls it himself asks nobody and leaves no record.
  const Handler* handler_of(const wire::Operation& operation) const;

  /// Calls an operation with its types: what one service uses to act through another.
  template <class In, class Out>
  asio::awaitable<Result<Out>> call(Call call, wire::OperationOf<In, Out> operation, In input) {
    wire::AnyStructure in(*operation.operation->input, std::move(input));
    Result<wire::AnyStructure> done = co_await this->call(call, *operation.operation, std::move(in));
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return std::move(done->as<Out>());
  }

  /// Calls any operation with a checked input. `call` must live until the awaitable is done.
  /// Errors: those of the operation; NotImplemented (501) for one without a handler; AccessDeniedException;
  /// InternalFailure (500), and a line in the log, for what throws: nothing is thrown from here.
  asio::awaitable<Result<wire::AnyStructure>> call(const Call& call, const wire::Operation& operation,
                                                   wire::AnyStructure input);

  /// Lets everybody call it, without a signature: what links in messages do.
  template <class In, class Out>
  void open_to_all(const wire::OperationOf<In, Out>& operation) {
    open_.insert(operation.operation);
  }
  bool is_open_to_all(const wire::Operation& operation) const { return open_.contains(&operation); }
  /// Whether a request without a signature is an anonymous caller's, rather than none: in every auth mode.
  bool takes_anonymous(const wire::Operation& operation) const;

  std::span<const wire::Service* const> services() const { return services_; }

 private:
  struct Entry {
    Handler handler;
    Counter* requests = nullptr;
    Counter* failures = nullptr;
    Histogram* latency = nullptr;
  };
  void add(const wire::Operation& operation, Handler handler);
  bool must_ask(const Call& call, const wire::Operation& operation) const;
  asio::awaitable<Result<wire::AnyStructure>> call_entry(const Call& call, const wire::Operation& operation,
                                                         const Entry& entry, wire::AnyStructure input);

  Metrics& metrics_;
  Log& log_;
  const Authority* authority_ = nullptr;
  Auditor* auditor_ = nullptr;
  std::vector<const wire::Service*> services_;
  std::map<const wire::Operation*, Entry> entries_;
  std::set<const wire::Operation*> open_;
};

}  // namespace signalbox::cloud
