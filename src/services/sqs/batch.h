// What the batch operations have in common: their limits and their per-entry errors.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/sqs.h"

namespace signalbox::sqs {

inline constexpr std::size_t kMaxBatchEntries = 10;
inline constexpr std::size_t kMaxBatchIdLength = 80;

inline models::sqs::BatchResultErrorEntry batch_error(const std::string& id, const Error& error) {
  models::sqs::BatchResultErrorEntry entry;
  entry.id = id;
  entry.sender_fault = error.http_status < 500;
  const auto* shape = models::sqs::kService.find_error(error.code);
  entry.code = shape != nullptr ? std::string(shape->query_code) : error.code;
  entry.message = error.message;
  return entry;
}

/// A new last entry of an answer's list. A list that nothing was added to stays absent: SDKs take `Failed: []` for
/// failures, and AWS leaves it out.
template <class T>
T& add_to(std::optional<std::vector<T>>& list) {
  if (!list) list.emplace();
  return list->emplace_back();
}

/// Checks that a batch has entries, not too many, with good and distinct ids. `entry_name` is that of the entries in
/// AWS's text ("SendMessageBatchRequestEntry").
template <class Entry>
Result<void> check_batch(const std::vector<Entry>& entries, const std::string& entry_name) {
  namespace errors = models::sqs::errors;
  if (entries.empty()) {
    return fail(errors::kEmptyBatchRequest, "There should be at least one " + entry_name + " in the request.");
  }
  if (entries.size() > kMaxBatchEntries) {
    return fail(errors::kTooManyEntriesInBatchRequest,
                "Maximum number of entries per request are 10. You have sent " + std::to_string(entries.size()) + ".");
  }
  std::set<std::string> seen;
  for (const Entry& entry : entries) {
    bool good = !entry.id->empty() && entry.id->size() <= kMaxBatchIdLength;
    for (const char c : *entry.id) {
      good =
          good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
    }
    if (!good) {
      return fail(
          errors::kInvalidBatchEntryId,
          "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most "
          "80 letters long.");
    }
    if (!seen.insert(*entry.id).second)
      return fail(errors::kBatchEntryIdsNotDistinct, "Id " + *entry.id + " repeated.");
  }
  return {};
}

}  // namespace signalbox::sqs
