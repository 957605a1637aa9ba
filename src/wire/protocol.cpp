#include "wire/protocol.h"

#include "wire/json_protocol.h"
#include "wire/query_protocol.h"

namespace signalbox::wire {

const Protocol& protocol(ProtocolKind kind) {
  static const JsonProtocol json10("application/x-amz-json-1.0");
  static const JsonProtocol json11("application/x-amz-json-1.1");
  static const QueryProtocol query;
  switch (kind) {
    case ProtocolKind::kJson10:
      return json10;
    case ProtocolKind::kJson11:
      return json11;
    case ProtocolKind::kQuery:
      return query;
  }
  return json11;
}

}  // namespace signalbox::wire
