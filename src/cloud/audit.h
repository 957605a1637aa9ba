// The record that is kept of calls: whoever keeps it is told by the door of each one, before and after.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "base/result.h"
#include "cloud/call.h"
#include "wire/shape.h"

namespace signalbox::cloud {

namespace asio = boost::asio;

/// Told of every call that reaches an operation, also of those that are refused for want of permission. Safe from any
/// thread.
class Auditor {
 public:
  /// What was kept of a call before it was done.
  class Entry {
   public:
    virtual ~Entry() = default;
    /// Called once. Of a call that changes something the record is durable when this is done, so that no change is
    /// acknowledged without its record: an error (InternalFailure) is the caller's answer in place of the success that
    /// could not be recorded. Everything `begin` was given still lives, but for the input's content.
    virtual asio::awaitable<Result<void>> end(const Result<wire::AnyStructure>& done) = 0;
  };

  virtual ~Auditor() = default;
  /// Whether there is to be a record of this call. Asked on every call, also of the busiest: cheap.
  virtual bool wants(const Call& call, const wire::Operation& operation) const = 0;
  /// Takes from the input what the record needs, before the operation takes the input. Null for no record.
  virtual std::unique_ptr<Entry> begin(const Call& call, const wire::Operation& operation,
                                       const wire::AnyStructure& input) = 0;
};

}  // namespace signalbox::cloud
