// Tags of resources: how they come in requests, what is refused, and the three operations that most services have for
// them (TagResource, UntagResource, ListTagsForResource).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/door.h"
#include "policy/glob.h"

namespace signalbox::cloud {

using Tags = std::map<std::string, std::string, std::less<>>;
/// As a request gives them, in its order.
using TagList = std::vector<std::pair<std::string, std::string>>;

/// AWS's quota of tags on a resource.
inline constexpr std::size_t kMaxTags = 50;

/// Whether the key begins with "aws:", in any case: such tags are not for callers ("Tag naming limits and
/// requirements" of Tagging AWS Resources).
inline bool is_reserved_tag(std::string_view key) {
  constexpr std::string_view kPrefix = "aws:";
  return policy::equal_folded(key.substr(0, kPrefix.size()), kPrefix);
}

inline constexpr const char* kReservedTagText = "aws: prefixed tag key names are not allowed for external use.";

/// Tags of a request, which has them as a map or as a list of structures with a key and a value.
template <class Given>
TagList tag_list(const Given& given) {
  TagList list;
  for (const auto& one : given) {
    if constexpr (requires { one.first; }) {
      list.emplace_back(one.first, one.second);
    } else {
      list.emplace_back(one.key.value_or(""), one.value.value_or(""));
    }
  }
  return list;
}
template <class Given>
TagList tag_list(const std::optional<Given>& given) {
  return given ? tag_list(*given) : TagList();
}

/// Tags for an answer, which has them as a map or as such a list.
template <class Shown>
void show_tags(const Tags& tags, std::optional<Shown>& shown) {
  auto& out = shown.emplace();
  for (const auto& [key, value] : tags) {
    if constexpr (requires { typename Shown::key_type; }) {
      out.emplace(key, value);
    } else {
      auto& one = out.emplace_back();
      one.key = key;
      one.value = value;
    }
  }
}

/// A service's words for what it does not take.
struct TagRules {
  std::unexpected<Error> (*reserved)(const std::string& key);
  std::unexpected<Error> (*too_many)();
};

/// Adds tags to those that are there; of a key that stands twice the last one counts. Errors: those of the rules.
inline Result<void> put_tags(Tags& tags, const TagList& given, const TagRules& rules) {
  for (const auto& [key, value] : given) {
    if (is_reserved_tag(key)) return rules.reserved(key);
    tags.insert_or_assign(key, value);
  }
  if (tags.size() > kMaxTags) return rules.too_many();
  return {};
}

/// What is done to a resource's tags. Errors: then nothing is.
using TagChange = std::function<Result<void>(Tags& tags)>;

/// How a service's resources are tagged.
struct Tagging {
  /// Finds the resource that the request names, has `change` change its tags, and commits. Where `change` is empty, the
  /// tags are only asked for. Returns the tags as they are then. `operation` is the request's.
  std::function<asio::awaitable<Result<Tags>>(const Call& call, std::string_view operation, std::string resource,
                                              TagChange change)>
      change;
  /// Adds what a request gives.
  std::function<Result<void>(Tags& tags, const TagList& given)> put;
};

/// The name of the resource in a request for its tags.
template <class Request>
std::string tagged_resource(const Request& request) {
  if constexpr (requires { request.resource_arn; }) {
    return request.resource_arn.value_or("");
  } else {
    return request.resource.value_or("");
  }
}

template <class TagIn, class TagOut, class UntagIn, class UntagOut, class ListIn, class ListOut>
void serve_tags(Door& door, const wire::OperationOf<TagIn, TagOut>& tag,
                const wire::OperationOf<UntagIn, UntagOut>& untag, const wire::OperationOf<ListIn, ListOut>& list,
                Tagging how) {
  const auto tagging = std::make_shared<const Tagging>(std::move(how));
  door.handle(tag,
              [tagging, name = tag.operation->name](const Call& call, TagIn in) -> asio::awaitable<Result<TagOut>> {
                TagChange change = [&](Tags& tags) { return tagging->put(tags, tag_list(in.tags)); };
                const auto done = co_await tagging->change(call, name, tagged_resource(in), std::move(change));
                if (!done) co_return std::unexpected(done.error());
                co_return TagOut{};
              });
  door.handle(
      untag,
      [tagging, name = untag.operation->name](const Call& call, UntagIn in) -> asio::awaitable<Result<UntagOut>> {
        TagChange change = [&](Tags& tags) -> Result<void> {
          if (in.tag_keys) {
            for (const std::string& key : *in.tag_keys) tags.erase(key);
          }
          return {};
        };
        const auto done = co_await tagging->change(call, name, tagged_resource(in), std::move(change));
        if (!done) co_return std::unexpected(done.error());
        co_return UntagOut{};
      });
  door.handle(list,
              [tagging, name = list.operation->name](const Call& call, ListIn in) -> asio::awaitable<Result<ListOut>> {
                const auto tags = co_await tagging->change(call, name, tagged_resource(in), {});
                if (!tags) co_return std::unexpected(tags.error());
                ListOut out;
                show_tags(*tags, out.tags);
                co_return out;
              });
}

}  // namespace signalbox::cloud
