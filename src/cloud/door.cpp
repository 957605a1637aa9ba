#include "cloud/door.h"

#include <chrono>
#include <exception>

#include "base/spawn.h"
#include "cloud/authority.h"

namespace signalbox::cloud {

void Door::add_service(const wire::Service& service) {
  services_.push_back(&service);
}

void Door::add(const wire::Operation& operation, Handler handler) {
  std::string labels =
      "service=\"" + std::string(operation.service->id) + "\",operation=\"" + std::string(operation.name) + "\"";
  Entry entry{std::move(handler)};
  entry.requests = &metrics_.counter("signalbox_requests_total", "Operations called.", labels);
  entry.failures = &metrics_.counter("signalbox_request_errors_total", "Operations that answered an error.", labels);
  entry.latency = &metrics_.histogram("signalbox_request_seconds", "Time from decoded request to answer.", labels);
  entries_[&operation] = std::move(entry);
}

const Door::Handler* Door::handler_of(const wire::Operation& operation) const {
  const auto found = entries_.find(&operation);
  return found == entries_.end() ? nullptr : &found->second.handler;
}

bool Door::takes_anonymous(const wire::Operation& operation) const {
  return authority_ != nullptr && authority_->asks_always(*operation.service);
}

bool Door::must_ask(const Call& call, const wire::Operation& operation) const {
  if (authority_ == nullptr || !authority_->asks(operation)) return false;
  return !(call.principal.is_anonymous() && is_open_to_all(operation));
}

asio::awaitable<Result<wire::AnyStructure>> Door::call(const Call& call, const wire::Operation& operation,
                                                       wire::AnyStructure input) {
  const auto found = entries_.find(&operation);
  if (found == entries_.end()) {
    co_return fail("NotImplemented",
                   "Signalbox does not implement " + std::string(operation.service->id) + ":" +
                       std::string(operation.name) + " yet.",
                   501);
  }
  const Entry& entry = found->second;
  const auto start = std::chrono::steady_clock::now();
  Result<wire::AnyStructure> done;
  std::exception_ptr thrown;
  try {
    done = co_await call_entry(call, operation, entry, std::move(input));
  } catch (...) {
    thrown = std::current_exception();
  }
  if (thrown) {
    log_.error("an operation threw", {{"service", std::string(operation.service->id)},
                                      {"operation", std::string(operation.name)},
                                      {"request_id", call.request_id},
                                      {"why", what_of(thrown)}});
    done = fail("InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.", 500);
  }
  entry.requests->add();
  if (!done) entry.failures->add();
  entry.latency->record(std::chrono::steady_clock::now() - start);
  co_return done;
}

asio::awaitable<Result<wire::AnyStructure>> Door::call_entry(const Call& call, const wire::Operation& operation,
                                                             const Entry& entry, wire::AnyStructure input) {
  std::unique_ptr<Auditor::Entry> audited;
  if (auditor_ != nullptr && auditor_->wants(call, operation)) audited = auditor_->begin(call, operation, input);
  Result<wire::AnyStructure> done;
  Result<void> allowed;
  if (must_ask(call, operation)) allowed = co_await authority_->check(call, operation, input);
  if (allowed) {
    done = co_await entry.handler(call, std::move(input));
  } else {
    done = std::unexpected(std::move(allowed).error());
  }
  if (!audited) co_return done;
  Result<void> recorded = co_await audited->end(done);
  if (done && !recorded) co_return std::unexpected(std::move(recorded).error());
  co_return done;
}

}  // namespace signalbox::cloud
