// Resource policies, compiled once: for services that keep them as texts.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "policy/document.h"

namespace signalbox::cloud {

/// Any thread.
class PolicyMemo {
 public:
  /// The policy of the resource with that ARN; null for "" and for what is no policy.
  std::shared_ptr<const policy::Document> get(std::string_view arn, std::string_view text) {
    if (text.empty()) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(arn);
    if (found != known_.end() && found->second.text == text) return found->second.document;
    auto document = policy::Document::parse(text, policy::DocumentKind::kResource);
    Entry entry{std::string(text), nullptr};
    if (document) entry.document = std::make_shared<const policy::Document>(*std::move(document));
    if (known_.size() >= kMost) known_.clear();
    return (known_[std::string(arn)] = std::move(entry)).document;
  }

 private:
  static constexpr std::size_t kMost = 4096;
  struct Entry {
    std::string text;
    std::shared_ptr<const policy::Document> document;
  };
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> known_;
};

}  // namespace signalbox::cloud
