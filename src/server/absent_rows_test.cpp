// The rows of every service: a name that its model has not, or an error by another name than the model's, would be
// found only when somebody asks.

#include <gtest/gtest.h>

#include "models/cloudtrail.h"
#include "models/cloudwatch.h"
#include "models/events.h"
#include "models/iam.h"
#include "models/kinesis.h"
#include "models/logs.h"
#include "models/sns.h"
#include "services/cloudtrail/absent.h"
#include "services/cloudwatch/absent.h"
#include "services/events/absent.h"
#include "services/iam/absent.h"
#include "services/kinesis/absent.h"
#include "services/logs/absent.h"
#include "services/sns/absent.h"

namespace signalbox::server {
namespace {

TEST(AbsentRows, CanBeAnswered) {
  const std::pair<const wire::Service*, std::span<const cloud::AbsentRow>> services[] = {
      {&models::cloudtrail::kService, cloudtrail::absent_rows()},
      {&models::cloudwatch::kService, cloudwatch::absent_rows()},
      {&models::events::kService, events::absent_rows()},
      {&models::iam::kService, iam::absent_rows()},
      {&models::kinesis::kService, kinesis::absent_rows()},
      {&models::logs::kService, logs::absent_rows()},
      {&models::sns::kService, sns::absent_rows()}};
  for (const auto& [service, rows] : services) {
    std::string bad;
    EXPECT_TRUE(cloud::absent_rows_are_usable(*service, rows, bad)) << bad;
  }
}

}  // namespace
}  // namespace signalbox::server
