#include "services/s3/notification_rules.h"

#include <algorithm>

#include "policy/glob.h"

namespace signalbox::s3 {
namespace {

/// The events that happen here; all others in the model belong to what is not implemented.
constexpr std::string_view kEvents[] = {"s3:ObjectCreated:*",
                                        "s3:ObjectCreated:Put",
                                        "s3:ObjectCreated:Copy",
                                        "s3:ObjectCreated:CompleteMultipartUpload",
                                        "s3:ObjectRemoved:*",
                                        "s3:ObjectRemoved:Delete",
                                        "s3:ObjectRemoved:DeleteMarkerCreated",
                                        "s3:ObjectTagging:*",
                                        "s3:ObjectTagging:Put",
                                        "s3:ObjectTagging:Delete",
                                        "s3:ObjectAcl:Put",
                                        "s3:LifecycleExpiration:*",
                                        "s3:LifecycleExpiration:Delete",
                                        "s3:LifecycleExpiration:DeleteMarkerCreated",
                                        "s3:LifecycleTransition"};
/// What S3 knows and does not happen here.
constexpr std::string_view kOtherEvents[] = {"s3:ObjectCreated:Post", "s3:ReducedRedundancyLostObject",
                                             "s3:ObjectRestore:", "s3:Replication:", "s3:IntelligentTiering"};

template <class List, class Arn>
void add(std::string_view kind, const std::optional<List>& list, Arn arn, std::vector<Destination>& out) {
  if (!list) return;
  for (const auto& one : *list) {
    out.push_back({one.id.value_or(""), (one.*arn).value_or(""), kind, one.events ? &*one.events : nullptr,
                   one.filter ? &*one.filter : nullptr});
  }
}

const std::vector<model::FilterRule>* rules_of(const model::NotificationConfigurationFilter* filter) {
  if (filter == nullptr || !filter->key || !filter->key->filter_rules) return nullptr;
  return &*filter->key->filter_rules;
}

/// What keys begin or end with to be meant; "" for any.
std::string_view filter_value(const Destination& destination, std::string_view name) {
  if (const auto* rules = rules_of(destination.filter)) {
    for (const model::FilterRule& rule : *rules) {
      if (policy::equal_folded(*rule.name, name)) return *rule.value;
    }
  }
  return {};
}

bool same_events(const std::string& one, const std::string& other) {
  const auto covers = [](std::string_view all, std::string_view event) {
    return all.ends_with('*') ? event.starts_with(all.substr(0, all.size() - 1)) : all == event;
  };
  return covers(one, other) || covers(other, one);
}

bool overlap(const Destination& one, const Destination& other) {
  const bool events = std::ranges::any_of(*one.events, [&](const std::string& event) {
    return std::ranges::any_of(*other.events, [&](const std::string& also) { return same_events(event, also); });
  });
  if (!events) return false;
  const auto prefix = filter_value(one, "prefix");
  const auto other_prefix = filter_value(other, "prefix");
  const auto suffix = filter_value(one, "suffix");
  const auto other_suffix = filter_value(other, "suffix");
  return (prefix.starts_with(other_prefix) || other_prefix.starts_with(prefix)) &&
         (suffix.ends_with(other_suffix) || other_suffix.ends_with(suffix));
}

Result<void> check_events(const Destination& destination) {
  if (destination.events == nullptr || destination.events->empty()) return malformed_xml();
  for (const std::string& event : *destination.events) {
    if (std::ranges::find(kEvents, event) != std::end(kEvents)) continue;
    const bool elsewhere =
        std::ranges::any_of(kOtherEvents, [&](std::string_view known) { return event.starts_with(known); });
    if (elsewhere) return not_implemented("the event " + event);
    return invalid_argument("A specified event is not supported for notifications", "Event", event);
  }
  return {};
}

Result<void> check_filter(const Destination& destination) {
  const auto* rules = rules_of(destination.filter);
  if (rules == nullptr) return {};
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const model::FilterRule& rule = (*rules)[i];
    const std::string name = rule.name.value_or("");
    if (!policy::equal_folded(name, "prefix") && !policy::equal_folded(name, "suffix")) {
      return invalid_argument("filter rule name must be either prefix or suffix", "FilterRule.Name", name);
    }
    if (!rule.value) return invalid_argument("filter value cannot be empty", "FilterRule.Value", "");
    for (std::size_t other = 0; other < i; ++other) {
      if (std::ranges::equal(name, *(*rules)[other].name, [](char a, char b) { return (a | 32) == (b | 32); })) {
        return invalid_argument("Cannot specify more than one " + name + " rule in a filter.", "FilterRule.Name", name);
      }
    }
  }
  return {};
}

}  // namespace

std::vector<Destination> destinations(const model::NotificationConfiguration& configuration) {
  std::vector<Destination> all;
  add("queue", configuration.queue_configurations, &model::QueueConfiguration::queue_arn, all);
  add("topic", configuration.topic_configurations, &model::TopicConfiguration::topic_arn, all);
  add("Lambda", configuration.lambda_function_configurations, &model::LambdaFunctionConfiguration::lambda_function_arn,
      all);
  return all;
}

bool wants(const Destination& destination, std::string_view event, std::string_view key) {
  const bool named = std::ranges::any_of(*destination.events, [&](std::string_view wanted) {
    wanted.remove_prefix(std::min(wanted.size(), std::string_view("s3:").size()));
    return wanted.ends_with('*') ? event.starts_with(wanted.substr(0, wanted.size() - 1)) : event == wanted;
  });
  if (!named) return false;
  const auto* rules = rules_of(destination.filter);
  return rules == nullptr || std::ranges::all_of(*rules, [&](const model::FilterRule& rule) {
           return policy::equal_folded(*rule.name, "prefix") ? key.starts_with(*rule.value)
                                                             : key.ends_with(*rule.value);
         });
}

Result<void> check_rules(const std::vector<Destination>& destinations) {
  for (const Destination& destination : destinations) {
    Result<void> done = check_events(destination);
    if (done) done = check_filter(destination);
    if (!done) return done;
  }
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    for (std::size_t other = 0; other < i; ++other) {
      if (!destinations[i].id.empty() && destinations[i].id == destinations[other].id) {
        return invalid_argument("Same ID used for multiple configurations. IDs must be unique.", "Id",
                                destinations[i].id);
      }
      if (!overlap(destinations[i], destinations[other])) continue;
      const bool filtered =
          rules_of(destinations[i].filter) != nullptr || rules_of(destinations[other].filter) != nullptr;
      return fail("InvalidArgument",
                  filtered
                      ? "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
                        "prefixes are overlapping for the same event type."
                      : "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
                  400);
    }
  }
  return {};
}

}  // namespace signalbox::s3
