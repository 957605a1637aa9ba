// The attributes of topics: which can be set, to what, and how they are told.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/records.h"
#include "services/sns/status_log.h"

namespace signalbox::sns {

/// What a topic's attributes come to.
struct TopicSettings {
  int signature_version = 1;
  bool content_based_deduplication = false;
  bool deduplicate_by_group = false;  // FifoThroughputScope
  HttpPolicy http;
  std::string display_name;
  int archive_days = 0;  // 0: there is no archive
  FeedbackSettings feedback;
};

/// Reads and checks the attributes of a topic of that name. Errors: InvalidParameter with AWS's texts, naming those
/// that do nothing here yet.
Result<TopicSettings> read_settings(const TopicId& id, const Attributes& attributes);

/// Attributes as they are kept: flags in lower case; that a standard topic is no FIFO topic goes without saying.
void tidy(const TopicId& id, Attributes& attributes);
/// What an attribute that was not given comes to; "" for none.
std::string_view default_of(std::string_view name);

/// Takes `value` in under `name`; empty removes it. Errors: InvalidParameter for what cannot be set, or not later.
Result<void> set_attribute(const TopicId& id, TopicRecord& record, const std::string& name, const std::string& value);

/// The policy of a topic that was given none.
std::string default_policy(const TopicId& id);
/// A policy that a caller brings. Errors: InvalidParameter.
Result<void> check_policy(std::string_view policy);

}  // namespace signalbox::sns
