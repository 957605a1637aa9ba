// Timers that survive a restart: each is a record in the store, set in the same batch as what it belongs to.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/alarms.h"
#include "base/clock.h"
#include "store/store.h"

namespace signalbox::store {

/// A timer is known by its kind ("sqs.purge") and an id unique within the kind; setting it again moves it.
/// Lives on one thread: the one that drives `alarms`.
class Timers {
 public:
  /// What to do when a timer of one kind is due. The handler's own batch must erase the timer (see `clear`) or set
  /// it anew, so that what it does and its being done are one; until then it fires again after a restart.
  using Handler = std::function<void(std::string id, std::string payload, Time due)>;

  Timers(Store& store, Alarms& alarms) : store_(store), alarms_(alarms) {}

  /// Register every kind before `load`.
  void handle(std::string kind, Handler handler);

  /// Arms every timer found in the store; those already due fire at the next run of the alarms, in order of time.
  /// Errors name a timer of a kind nobody handles.
  Result<void> load();

  /// Adds the record to `batch`; call `armed` after the batch is committed.
  void set(Batch& batch, std::string_view kind, std::string_view id, Time due, std::string_view payload);
  /// Arms a timer whose record is committed.
  void armed(std::string kind, std::string id, Time due, std::string payload);

  /// Adds the removal to `batch` and disarms at once.
  void clear(Batch& batch, std::string_view kind, std::string_view id);

 private:
  struct Armed {
    Time due;
    Alarms::Handle handle;
  };
  Store& store_;
  Alarms& alarms_;
  std::map<std::string, Handler, std::less<>> handlers_;
  std::map<std::pair<std::string, std::string>, Armed> armed_;
};

}  // namespace signalbox::store
