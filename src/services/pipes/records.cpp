#include "services/pipes/pipe.h"

namespace signalbox::pipes {
store::Key pipe_key(const PipeName& name) {
  return store::Key(kPipeSpace).text(name.scope.account).text(name.scope.region).text(name.name);
}

store::Key position_key(std::uint64_t pipe, std::uint64_t stream, std::uint32_t shard) {
  return store::Key(kPositionSpace).number(pipe).number(stream).number(shard);
}

}  // namespace signalbox::pipes
