#include "wire/protocol.h"

#include "wire/cbor_protocol.h"
#include "wire/json_protocol.h"
#include "wire/query_protocol.h"
#include "wire/rest_json_protocol.h"
#include "wire/rest_xml_protocol.h"

namespace signalbox::wire {

const Protocol& protocol(ProtocolKind kind) {
  static const JsonProtocol json10("application/x-amz-json-1.0");
  static const JsonProtocol json11("application/x-amz-json-1.1");
  static const QueryProtocol query(ProtocolKind::kQuery);
  static const QueryProtocol query_json(ProtocolKind::kQueryJson);
  static const QueryProtocol ec2_query(ProtocolKind::kEc2Query);
  static const RestJsonProtocol rest_json;
  static const CborProtocol rpc_cbor(CborDialect::kRpcV2, "application/cbor");
  static const CborProtocol cbor11(CborDialect::kCbor11, "application/x-amz-cbor-1.1");
  static const RestXmlProtocol rest_xml;
  switch (kind) {
    case ProtocolKind::kJson10:
      return json10;
    case ProtocolKind::kJson11:
      return json11;
    case ProtocolKind::kQuery:
      return query;
    case ProtocolKind::kQueryJson:
      return query_json;
    case ProtocolKind::kEc2Query:
      return ec2_query;
    case ProtocolKind::kCbor11:
      return cbor11;
    case ProtocolKind::kRestJson:
      return rest_json;
    case ProtocolKind::kRpcV2Cbor:
      return rpc_cbor;
    case ProtocolKind::kRestXml:
      return rest_xml;
  }
  return json11;
}

}  // namespace signalbox::wire
