// Where the door's calls become records: in the event history, as events on the bus, waiting for the trails that want
// them.
#pragma once

#include <unordered_map>
#include <vector>

#include "cloud/audit.h"
#include "cloud/door.h"
#include "services/cloudtrail/record.h"
#include "services/cloudtrail/trail.h"

namespace signalbox::cloudtrail {

namespace asio = boost::asio;

struct Core;

class Audit final : public cloud::Auditor {
 public:
  explicit Audit(Core& core) : core_(core) {}

  /// Looks at what kinds of calls the door has. Before the first call.
  void learn(const cloud::Door& door);

  bool wants(const cloud::Call& call, const wire::Operation& operation) const override;
  std::unique_ptr<Entry> begin(const cloud::Call& call, const wire::Operation& operation,
                               const wire::AnyStructure& input) override;

 private:
  class Recording;
  struct Kept {
    Record record;
    std::vector<TrailPtr> trails;  // that want it
    bool tell_bus;
  };
  asio::awaitable<Result<void>> keep(Kept kept);

  Core& core_;
  std::unordered_map<const wire::Operation*, CallKind> kinds_;
};

}  // namespace signalbox::cloudtrail
