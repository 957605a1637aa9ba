#include "wire/uri_template.h"

#include <algorithm>

#include "base/encoding.h"

namespace signalbox::wire {
namespace {

/// Takes the text up to the next '/', and that.
std::string_view take_segment(std::string_view& rest) {
  const auto slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return segment;
}

}  // namespace

std::optional<Labels> match_uri(std::string_view uri, std::string_view path) {
  uri = uri.substr(0, uri.find('?'));
  const bool keeps_slash = uri.ends_with('/') || uri.ends_with("+}");
  // One slash at the end is none; a second one is a name of its own.
  if (path.ends_with('/') && path.size() > 1 && !keeps_slash && !path.ends_with("//")) path.remove_suffix(1);
  if (!uri.starts_with('/') || !path.starts_with('/')) return std::nullopt;
  uri.remove_prefix(1);
  path.remove_prefix(1);
  Labels labels;
  while (!uri.empty()) {
    std::string_view wanted = take_segment(uri);
    const bool label = wanted.starts_with('{') && wanted.ends_with('}');
    const bool greedy = wanted.ends_with("+}");
    if (path.empty()) return std::nullopt;
    std::string_view given;
    if (greedy) {
      given = std::exchange(path, {});
    } else {
      given = take_segment(path);
    }
    if (!label) {
      if (given != wanted) return std::nullopt;
      continue;
    }
    auto value = percent_decode(given);
    if (!value || value->empty()) return std::nullopt;
    wanted.remove_prefix(1);
    labels.emplace_back(wanted.substr(0, wanted.find_first_of("+}")), *std::move(value));
  }
  if (!path.empty()) return std::nullopt;
  return labels;
}

std::size_t label_count(std::string_view uri) {
  return static_cast<std::size_t>(std::ranges::count(uri, '{'));
}

}  // namespace signalbox::wire
