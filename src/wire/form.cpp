#include "wire/form.h"

#include <algorithm>

#include "base/encoding.h"

namespace signalbox::wire {
namespace {

/// Takes the next "name=value" off `rest`.
std::pair<std::string_view, std::string_view> next_pair(std::string_view& rest) {
  const auto ampersand = rest.find('&');
  const std::string_view pair = rest.substr(0, ampersand);
  rest = ampersand == std::string_view::npos ? std::string_view() : rest.substr(ampersand + 1);
  const auto equals = pair.find('=');
  if (equals == std::string_view::npos) return {pair, {}};
  return {pair.substr(0, equals), pair.substr(equals + 1)};
}

}  // namespace

std::string_view form_text(const http::Request& request) {
  return request.body.empty() ? request.query() : request.body;
}

std::optional<std::string> form_parameter(std::string_view encoded, std::string_view name) {
  while (!encoded.empty()) {
    const auto [key, value] = next_pair(encoded);
    if (key == name) return percent_decode(value, true);
  }
  return std::nullopt;
}

Result<Form> Form::read(const http::Request& request) {
  Form form;
  std::string_view rest = form_text(request);
  while (!rest.empty()) {
    const auto [key, value] = next_pair(rest);
    if (key.empty()) continue;
    auto name = percent_decode(key, true);
    auto text = percent_decode(value, true);
    if (!name || !text || !is_utf8(*name) || !is_utf8(*text)) {
      return fail("MalformedQueryString", "The query string is malformed.", 400);
    }
    if (form.parameters_.size() == kMaxFormParameters) {
      return fail("MalformedInput", "The request has too many parameters.", 400);
    }
    form.parameters_.emplace_back(std::move(*name), std::move(*text));
  }
  std::ranges::stable_sort(form.parameters_, {}, &std::pair<std::string, std::string>::first);
  return form;
}

const std::string* Form::find(std::string_view name) const {
  const auto found =
      std::ranges::lower_bound(parameters_, name, {}, [](const auto& p) { return std::string_view(p.first); });
  return found != parameters_.end() && found->first == name ? &found->second : nullptr;
}

bool Form::has(std::string_view prefix) const {
  if (find(prefix) != nullptr) return true;
  const std::string dotted = std::string(prefix) + ".";
  const auto found = std::ranges::lower_bound(parameters_, std::string_view(dotted), {},
                                              [](const auto& p) { return std::string_view(p.first); });
  return found != parameters_.end() && found->first.starts_with(dotted);
}

void Form::add_if_absent(std::string name, std::string value) {
  const auto place = std::ranges::lower_bound(parameters_, std::string_view(name), {},
                                              [](const auto& p) { return std::string_view(p.first); });
  if (place != parameters_.end() && place->first == name) return;
  parameters_.emplace(place, std::move(name), std::move(value));
}

}  // namespace signalbox::wire
