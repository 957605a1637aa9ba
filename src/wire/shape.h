// Descriptors of AWS API shapes: what the generic codecs walk. The tables are generated from models/*.json
// (tools/generate_models.py) together with the plain C++ structs they describe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::wire {

/// How each type stands in the generated structs:
/// string std::string, integer std::int32_t, long std::int64_t, float and double double, boolean bool,
/// timestamp signalbox::Time, blob std::string (its bytes), list std::vector<T>,
/// map std::map<std::string, T, std::less<>>, structure a struct whose members are all std::optional<T>.
/// Enums are strings: the allowed values are a constraint of the shape, and the generator writes a constant for each.
enum class ShapeType : std::uint8_t {
  kString,
  kInteger,
  kLong,
  kFloat,
  kDouble,
  kBoolean,
  kTimestamp,
  kBlob,
  kList,
  kMap,
  kStructure
};

/// kIso8601 has fractions of seconds where there are some, kIso8601Seconds never, kIso8601Millis always.
enum class TimestampFormat : std::uint8_t {
  kProtocolDefault,
  kUnix,
  kIso8601,
  kHttpDate,
  kIso8601Seconds,
  kIso8601Millis
};

/// What happens to a text that is none of its enum's values: it is refused; it is compared without case, and read as
/// the value; or the service's operations have the say.
enum class EnumCheck : std::uint8_t { kExact, kAnyCase, kByService };

struct Shape;

/// Where a member stands in the REST protocols; in all others everything is in the body.
enum class Location : std::uint8_t {
  kBody,
  kUri,
  kQuery,
  kHeader,
  kHeaders,  // of a map: all headers whose names begin so
  kPayload,  // REST JSON: the body is this member and nothing else
  kStatus    // of an answer: its HTTP status
};

struct Member {
  std::string_view name;        // as in the model
  std::string_view query_name;  // in the forms of the query protocol
  const Shape* shape;
  bool required;
  /// Sets the member to an empty value and returns it.
  void* (*emplace)(void* structure);
  /// The member's value; null when absent.
  const void* (*find)(const void* structure);
  Location location = Location::kBody;
  std::string_view location_name = {};  // of the label, parameter or header
  bool xml_attribute = false;           // of its structure's element, in REST XML
  bool empty_is_none = false;           // a page's token: as an empty text it is not there
  std::string_view other_xml_name = {};
  std::string_view other_json_name = {};

  std::string_view xml_name() const { return other_xml_name.empty() ? query_name : other_xml_name; }
  /// In JSON and CBOR.
  std::string_view json_name() const { return other_json_name.empty() ? name : other_json_name; }
};

/// A reference that says otherwise than the shape it refers to (a flattened list, another timestamp format) has a Shape
/// of its own, which the generator makes: what stands here is always what counts.
struct Shape {
  ShapeType type;
  std::string_view name;
  TimestampFormat timestamp = TimestampFormat::kProtocolDefault;
  EnumCheck enum_check = EnumCheck::kExact;
  bool json_value = false;  // a string that is JSON: in headers it is encoded

  // Constraints; a bound of -1 is none. For strings, blobs, lists and maps the bounds are of length, for numbers of
  // value (has_min and has_max say whether they are there).
  bool has_min = false;
  bool has_max = false;
  double min = 0;
  double max = 0;
  std::string_view pattern = {};
  std::span<const std::string_view> enum_values = {};

  // Structures.
  std::span<const Member> members = {};
  // REST XML: the member that is the whole body (-1: none), whether that is read and sent in pieces, and the namespace
  // that the structure's element declares.
  int payload = -1;
  bool streams = false;
  std::string_view xml_prefix = {};
  std::string_view xml_uri = {};

  // Lists and maps: the element (or map value), names of the parts in the query protocol, and access to the
  // C++ container behind the void pointer.
  const Shape* element = nullptr;
  const Shape* key = nullptr;
  bool flattened = false;
  std::string_view element_name = {};  // query name of a list's member or a map's value
  std::string_view key_name = {};      // query name of a map's key
  void* (*append)(void* list) = nullptr;
  std::size_t (*size)(const void* list_or_map) = nullptr;
  const void* (*at)(const void* list, std::size_t index) = nullptr;
  /// Finds or makes the entry of `key`.
  void* (*insert)(void* map, std::string key) = nullptr;
  void (*each)(const void* map, void* context,
               void (*visit)(void* context, const std::string& key, const void* value)) = nullptr;
};

/// A member of an error, beside its message: in the body, or in a header of that name.
struct ErrorMember {
  std::string_view name;
  ShapeType type;
  std::string_view header;
};

/// An error that a service's model declares.
struct ErrorShape {
  std::string_view name;        // "QueueDoesNotExist"
  std::string_view query_code;  // "AWS.SimpleQueueService.NonExistentQueue"; the name where the model has no other
  int http_status;
  bool sender_fault;
  std::string_view message_name = {};  // how it spells its message: "message", "Message"; "" where it has none
  std::span<const ErrorMember> members = {};
};

enum class ProtocolKind : std::uint8_t {
  kJson10,
  kJson11,
  kQuery,
  kRestJson,
  kRpcV2Cbor,
  kRestXml,
  kEc2Query,
  kQueryJson,  // forms that are answered in JSON: Accept: application/json
  kCbor11      // JSON 1.1's targets with CBOR bodies (application/x-amz-cbor-1.1): what Kinesis takes beside JSON
};

struct Service;

/// A value of any structure shape, with the shape that describes it.
class AnyStructure {
 public:
  AnyStructure() = default;
  template <class T>
  AnyStructure(const Shape& shape, T value)
      : shape_(&shape), value_(new T(std::move(value)), [](void* p) { delete static_cast<T*>(p); }) {}
  const Shape& shape() const { return *shape_; }
  void* data() { return value_.get(); }
  const void* data() const { return value_.get(); }
  /// The caller knows the type: it is that of the operation's input or output.
  template <class T>
  T& as() {
    return *static_cast<T*>(value_.get());
  }
  template <class T>
  const T& as() const {
    return *static_cast<const T*>(value_.get());
  }

 private:
  const Shape* shape_ = nullptr;
  std::unique_ptr<void, void (*)(void*)> value_{nullptr, [](void*) {}};
};

struct Operation {
  std::string_view name;
  const Service* service;
  std::uint32_t index;  // place in the service's operations
  const Shape* input;   // an empty structure where the model has none
  const Shape* output;
  std::string_view result_wrapper;  // query protocol; "" where there is no result
  AnyStructure (*new_input)();
  // REST protocols: method, path with labels ("/schedules/{Name}", "{Key+}" takes slashes too), status of success.
  std::string_view method;
  std::string_view uri;
  int status;
  std::string_view root = {};  // REST XML: the answer's outermost element
  AnyStructure (*new_output)() = nullptr;
};

/// An operation with the C++ types of its input and output; generated as `kPutEvents` and the like.
template <class In, class Out>
struct OperationOf {
  using Input = In;
  using Output = Out;
  const Operation* operation;
};

struct Service {
  std::string_view id;             // our name and the folder's: "events"
  std::string_view signing_name;   // in the credential scope
  std::string_view target_prefix;  // of X-Amz-Target, without the dot
  std::string_view api_version;
  std::string_view xml_namespace;
  std::string_view json_error_prefix;  // before '#' in __type; empty for none ("com.amazonaws.sqs")
  std::string_view constraint_error;   // code for inputs that break constraints: "ValidationException"
  bool query_compatible;               // answers x-amzn-query-error beside errors of other protocols
  bool checks_presence_only;           // of the model's constraints, before an operation begins
  bool takes_gzip;                     // bodies with Content-Encoding: gzip
  bool detailed_errors;                // of the query protocol: have <Detail/>
  std::span<const ProtocolKind> protocols;
  std::span<const Operation> operations;
  std::span<const ErrorShape> errors;

  /// Null when the service has no such operation or error.
  const Operation* find_operation(std::string_view name) const;
  const ErrorShape* find_error(std::string_view name) const;
};

}  // namespace signalbox::wire
