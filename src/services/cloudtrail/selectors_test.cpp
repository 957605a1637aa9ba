#include "services/cloudtrail/selectors.h"

#include <gtest/gtest.h>

#include "store/fields.h"

namespace signalbox::cloudtrail {
namespace {

CallKind kind(Category category, bool read_only, std::string_view name, DataType type = DataType::kS3Object) {
  return {category, read_only, type, name};
}

bool selected(const Selectors& selectors, const CallKind& of, const std::vector<Resource>& resources = {},
              std::string_view source = "s3.amazonaws.com") {
  return selects(selectors, {of, source, "arn:aws:iam::123456789012:user/a", resources});
}

const CallKind kPutRule = kind(Category::kManagement, false, "PutRule");
const CallKind kListRules = kind(Category::kManagement, true, "ListRules");
const CallKind kPutObject = kind(Category::kData, false, "PutObject");
const CallKind kGetObject = kind(Category::kData, true, "GetObject");
const std::vector<Resource> kObject = {{"AWS::S3::Object", "arn:aws:s3:::private/a/b", ""},
                                       {"AWS::S3::Bucket", "arn:aws:s3:::private", ""}};

Selectors basic(BasicSelector selector) {
  return {{std::move(selector)}, {}, true};
}
Selectors advanced(std::vector<FieldSelector> fields) {
  return {{}, {{std::nullopt, std::move(fields)}}, true};
}
FieldSelector equals(std::string field, std::vector<std::string> values) {
  return {std::move(field), std::move(values), {}, {}, {}, {}, {}};
}
FieldSelector starts_with(std::string field, std::vector<std::string> values) {
  return {std::move(field), {}, std::move(values), {}, {}, {}, {}};
}
FieldSelector not_equals(std::string field, std::vector<std::string> values) {
  return {std::move(field), {}, {}, {}, std::move(values), {}, {}};
}

TEST(Selectors, OfANewTrailSelectManagementEvents) {
  EXPECT_TRUE(selected({}, kPutRule));
  EXPECT_TRUE(selected({}, kListRules));
  EXPECT_FALSE(selected({}, kPutObject, kObject));
  EXPECT_FALSE(selects_any({}, DataType::kS3Object));
}

TEST(Selectors, BasicOnesSelectByBeginningsOfObjects) {
  const auto with = [](std::string value, std::string read_write = "All") {
    return basic({std::move(read_write), false, {{"AWS::S3::Object", {std::move(value)}}}, {}});
  };
  EXPECT_TRUE(selects_any(with("arn:aws:s3"), DataType::kS3Object));
  EXPECT_TRUE(selected(with("arn:aws:s3"), kPutObject, kObject));
  EXPECT_TRUE(selected(with("arn:aws:s3:::private/"), kPutObject, kObject));
  EXPECT_TRUE(selected(with("arn:aws:s3:::private/a/"), kGetObject, kObject));
  EXPECT_FALSE(selected(with("arn:aws:s3:::private/b"), kPutObject, kObject));
  EXPECT_FALSE(selected(with("arn:aws:s3:::other/"), kPutObject, kObject));
  EXPECT_FALSE(selected(with("arn:aws:s3:::private/", "ReadOnly"), kPutObject, kObject));
  EXPECT_FALSE(selected(with("arn:aws:s3:::private/", "WriteOnly"), kGetObject, kObject));
  EXPECT_FALSE(selected(with("arn:aws:s3:::private/"), kPutRule));
}

TEST(Selectors, BasicOnesSelectFunctionsByName) {
  const CallKind invoke = kind(Category::kData, false, "Invoke", DataType::kLambdaFunction);
  const std::vector<Resource> function = {
      {"AWS::Lambda::Function", "arn:aws:lambda:us-east-1:123456789012:function:f", ""}};
  const auto with = [](std::string value) {
    return basic({"All", true, {{"AWS::Lambda::Function", {std::move(value)}}}, {}});
  };
  EXPECT_TRUE(selected(with("arn:aws:lambda"), invoke, function));
  EXPECT_TRUE(selected(with("arn:aws:lambda:us-east-1:123456789012:function:f"), invoke, function));
  EXPECT_FALSE(selected(with("arn:aws:lambda:us-east-1:123456789012:function:fun"), invoke, function));
}

TEST(Selectors, BasicOnesExcludeSources) {
  const Selectors without = basic({"All", true, {}, {"kms.amazonaws.com"}});
  EXPECT_TRUE(selected(without, kPutRule, {}, "events.amazonaws.com"));
  EXPECT_FALSE(selected(without, kPutRule, {}, "kms.amazonaws.com"));
}

TEST(Selectors, AdvancedOnesSelectByAllTheirFields) {
  const Selectors puts = advanced({equals("eventCategory", {"Data"}), equals("resources.type", {"AWS::S3::Object"}),
                                   starts_with("resources.ARN", {"arn:aws:s3:::private/"}),
                                   equals("eventName", {"PutObject", "PutObjectAcl"})});
  EXPECT_TRUE(selects_any(puts, DataType::kS3Object));
  EXPECT_FALSE(selects_any(puts, DataType::kSqsQueue));
  EXPECT_TRUE(selected(puts, kPutObject, kObject));
  EXPECT_FALSE(selected(puts, kGetObject, kObject));
  EXPECT_FALSE(selected(puts, kPutRule));
  const Selectors others = advanced({equals("eventCategory", {"Data"}), equals("resources.type", {"AWS::S3::Object"}),
                                     not_equals("resources.ARN", {"arn:aws:s3:::private/a/b"})});
  EXPECT_FALSE(selected(others, kPutObject, kObject));
  const Selectors written = advanced({equals("eventCategory", {"Management"}), equals("readOnly", {"false"}),
                                      not_equals("eventSource", {"kms.amazonaws.com"})});
  EXPECT_TRUE(selected(written, kPutRule));
  EXPECT_FALSE(selected(written, kListRules));
  EXPECT_FALSE(selected(written, kPutRule, {}, "kms.amazonaws.com"));
}

TEST(Selectors, AdvancedOnesMayAskForCallers) {
  const auto by = [](std::string who) {
    return advanced({equals("eventCategory", {"Management"}), equals("userIdentity.arn", {std::move(who)})});
  };
  EXPECT_TRUE(selected(by("arn:aws:iam::123456789012:user/a"), kPutRule));
  EXPECT_FALSE(selected(by("arn:aws:iam::123456789012:user/b"), kPutRule));
}

TEST(Selectors, AreChecked) {
  using Basics = std::vector<BasicSelector>;
  EXPECT_TRUE(check(Basics{BasicSelector{}}));
  EXPECT_TRUE(check(Basics{{"All", false, {{"AWS::S3::Object", {"arn:aws:s3:::b/"}}}, {}}}));
  for (const BasicSelector& bad :
       {BasicSelector{"All", false, {}, {}}, BasicSelector{"All", true, {{"AWS::S3::Object", {}}}, {}},
        BasicSelector{"All", true, {{"AWS::S3::Object", {"arn:aws:s3:::b"}}}, {}},
        BasicSelector{"All", true, {{"AWS::SQS::Queue", {"arn:aws:sqs"}}}, {}},
        BasicSelector{"All", true, {{"AWS::DynamoDB::Table", {"arn:aws:dynamodb"}}}, {}},
        BasicSelector{"All", true, {{"AWS::Lambda::Function", {"x"}}}, {}},
        BasicSelector{"All", true, {}, {"s3.amazonaws.com"}}}) {
    EXPECT_FALSE(check(Basics{bad}));
  }
  EXPECT_FALSE(check(Basics{}));
  EXPECT_FALSE(check(Basics(6)));
  using Advanced = std::vector<AdvancedSelector>;
  const auto one = [](std::vector<FieldSelector> fields) { return Advanced{{std::nullopt, std::move(fields)}}; };
  EXPECT_TRUE(check(one({equals("eventCategory", {"Management"})})));
  EXPECT_TRUE(check(one({equals("eventCategory", {"Data"}), equals("resources.type", {"AWS::SQS::Queue"})})));
  EXPECT_FALSE(check(one({})));
  EXPECT_FALSE(check(one({equals("readOnly", {"true"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"Data"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"Data"}), equals("resources.type", {"AWS::DynamoDB::Table"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"NetworkActivity"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"Management"}), equals("resources.type", {"AWS::S3::Object"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"Management"}), equals("readOnly", {"perhaps"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"Management"}), equals("other", {"x"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"Management"}), starts_with("readOnly", {"true"})})));
  EXPECT_FALSE(check(one({equals("eventCategory", {"Management"}), equals("eventCategory", {"Management"})})));
  EXPECT_FALSE(
      check(one({equals("eventCategory", {"Management"}), equals("eventName", std::vector<std::string>(600, "x"))})));
}

TEST(Selectors, AreReadAsTheyWereWritten) {
  Selectors both = basic({"ReadOnly", false, {{"AWS::S3::Object", {"a", "b"}}}, {"kms.amazonaws.com"}});
  both.advanced = advanced({equals("eventCategory", {"Data"}), not_equals("eventName", {"x", "y"})}).advanced;
  both.advanced.front().name = "n";
  store::FieldWriter out(1);
  out.write(both);
  store::FieldReader in(out.record().bytes(), 1);
  Selectors read;
  in.read(read);
  EXPECT_TRUE(in.complete());
  store::FieldWriter again(1);
  again.write(read);
  EXPECT_EQ(again.record().bytes(), out.record().bytes());
}

}  // namespace
}  // namespace signalbox::cloudtrail
