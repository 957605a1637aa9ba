// Which records a trail wants ("Event selectors", "Advanced event selectors" in the CloudTrail User Guide).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/cloudtrail/call_kind.h"
#include "services/cloudtrail/resource.h"

namespace signalbox::cloudtrail {

struct DataResource {
  std::string type;                 // "AWS::S3::Object"
  std::vector<std::string> values;  // ARNs; of S3 beginnings of ARNs

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("type", self.type)("values", self.values);
  }
};

struct BasicSelector {
  std::string read_write = "All";  // "ReadOnly", "WriteOnly"
  bool management = true;
  std::vector<DataResource> data;
  std::vector<std::string> excluded_sources;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("read_write", self.read_write)("management", self.management)("data", self.data);
    field("excluded_sources", self.excluded_sources);
  }
};

struct FieldSelector {
  std::string field;
  std::vector<std::string> equals, starts_with, ends_with;
  std::vector<std::string> not_equals, not_starts_with, not_ends_with;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("field", self.field)("equals", self.equals)("starts_with", self.starts_with);
    field("ends_with", self.ends_with)("not_equals", self.not_equals);
    field("not_starts_with", self.not_starts_with)("not_ends_with", self.not_ends_with);
  }
};

struct AdvancedSelector {
  std::optional<std::string> name;
  std::vector<FieldSelector> field_selectors;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("name", self.name)("field_selectors", self.field_selectors);
  }
};

/// Either basic or advanced ones. A new trail has one basic selector: all management events.
struct Selectors {
  std::vector<BasicSelector> basic = {BasicSelector{}};
  std::vector<AdvancedSelector> advanced = {};
  bool custom = false;  // somebody put them

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    field("custom", self.custom)("basic", self.basic)("advanced", self.advanced);
  }
};

/// What selectors look at in a call.
struct SelectedCall {
  const CallKind& kind;
  std::string_view source;  // "sqs.amazonaws.com"
  std::string_view caller;  // ARN; "" for none
  const std::vector<Resource>& resources;
};

bool selects(const Selectors& selectors, const SelectedCall& call);
/// Whether they could select any data event of that type.
bool selects_any(const Selectors& selectors, DataType type);

/// Errors: InvalidEventSelectorsException naming what is wrong, also what is valid in AWS and has no calls here.
Result<void> check(const std::vector<BasicSelector>& selectors);
Result<void> check(const std::vector<AdvancedSelector>& selectors);

}  // namespace signalbox::cloudtrail
