// What SEARCH finds ("CloudWatch search expression syntax" in the CloudWatch User Guide).
#include <algorithm>

#include "services/cloudwatch/math_functions.h"
#include "services/cloudwatch/query.h"

namespace signalbox::cloudwatch {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return result;
}

/// Takes one word, or what stands in quotes, from the start of the text.
std::string take_word(std::string_view& text, bool& exact) {
  std::string word;
  exact = text.starts_with('"');
  if (exact) {
    text.remove_prefix(1);
    const auto end = std::min(text.find('"'), text.size());
    word = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    return word;
  }
  while (!text.empty() && text.front() != ' ' && text.front() != '=' && text.front() != ',' && text.front() != '}') {
    word.push_back(text.front());
    text.remove_prefix(1);
  }
  return word;
}

void skip_space(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

}  // namespace

Result<SearchTerms> SearchTerms::parse(std::string_view text) {
  SearchTerms search;
  bool exact = false;
  skip_space(text);
  if (text.starts_with('{')) {
    text.remove_prefix(1);
    for (bool first = true;; first = false) {
      skip_space(text);
      std::string name = take_word(text, exact);
      if (name.empty()) return bad_math("SEARCH: expected a name after '{' or ','.");
      if (first) {
        search.name_space = std::move(name);
      } else {
        search.dimensions.push_back(std::move(name));
      }
      skip_space(text);
      if (text.starts_with('}')) break;
      if (!text.starts_with(',')) return bad_math("SEARCH: expected ',' or '}'.");
      text.remove_prefix(1);
    }
    text.remove_prefix(1);
    std::ranges::sort(search.dimensions);
  }
  for (skip_space(text); !text.empty(); skip_space(text)) {
    if (text.front() == '(' || text.front() == ')') return bad_math("SEARCH: parentheses are not supported yet.");
    std::string word = take_word(text, exact);
    if (!exact && (word == "OR" || word == "NOT")) return bad_math("SEARCH: " + word + " is not supported yet.");
    if (!exact && word == "AND") continue;
    std::string property;
    if (text.starts_with('=')) {
      text.remove_prefix(1);
      property = std::move(word);
      word = take_word(text, exact);
      // A property's whole value where it is quoted.
      if (exact) property = "=" + property;
    }
    if (word.empty()) return bad_math("SEARCH: expected a term.");
    search.terms.emplace_back(std::move(property), lower(word));
  }
  return search;
}

bool SearchTerms::match(const cloud::MetricId& metric) const {
  if (name_space) {
    std::vector<std::string> names;
    for (const auto& [name, value] : metric.dimensions) names.push_back(name);
    if (metric.name_space != *name_space || names != dimensions) return false;
  }
  return std::ranges::all_of(terms, [&](const auto& term) {
    const auto& [property, text] = term;
    const bool exact = property.starts_with('=');
    const std::string name = exact ? property.substr(1) : property;
    const auto fits = [&](std::string_view value) {
      return exact ? lower(value) == text : lower(value).contains(text);
    };
    if ((name.empty() || name == "MetricName") && fits(metric.name)) return true;
    if ((name.empty() || name == "Namespace") && fits(metric.name_space)) return true;
    return std::ranges::any_of(metric.dimensions, [&](const auto& dimension) {
      if (name.empty() && fits(dimension.first)) return true;
      return (name.empty() || name == dimension.first) && fits(dimension.second);
    });
  });
}

}  // namespace signalbox::cloudwatch
