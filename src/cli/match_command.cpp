#include "cli/match_command.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "pattern/explain.h"
#include "pattern/matcher.h"

namespace signalbox::cli {
namespace {

constexpr int kSelected = 0;
constexpr int kNoneSelected = 1;
constexpr int kFailed = 2;
constexpr std::chrono::seconds kBenchTime{2};

struct NamedPattern {
  std::string file;
  pattern::Pattern pattern;
};

/// Empty when one cannot be read; says why.
std::vector<NamedPattern> read_patterns(const std::vector<std::string>& files) {
  std::vector<NamedPattern> patterns;
  for (const std::string& file : files) {
    const std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    if (!stream) {
      std::fprintf(stderr, "signalbox: %s cannot be read\n", file.c_str());
      return {};
    }
    auto compiled = pattern::Pattern::compile(text.str());
    if (!compiled) {
      std::fprintf(stderr, "signalbox: %s: %s\n", file.c_str(), compiled.error().message.c_str());
      return {};
    }
    patterns.push_back({file, *std::move(compiled)});
  }
  return patterns;
}

void print_explanation(const NamedPattern& named, json::Value event) {
  const pattern::Explanation explanation = pattern::explain(named.pattern, event);
  std::printf("  %s: %s\n", named.file.c_str(), explanation.matches ? "matches" : "does not match");
  for (const auto& field : explanation.fields) {
    std::printf("    %s %s %s\n", field.met ? "+" : "-", field.path.c_str(), field.reason.c_str());
  }
  if (explanation.only_across_elements) {
    std::printf("    - every field is met, but by different elements of an array\n");
  }
}

int select(const MatchOptions& options, const std::vector<NamedPattern>& patterns, const pattern::Matcher& matcher) {
  pattern::Scratch scratch;
  std::vector<pattern::RuleId> matched;
  json::Document document;
  std::size_t number = 0;
  std::size_t selected = 0;
  bool failed = false;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    const auto event = document.parse(line);
    if (!event || !event->is_object()) {
      std::fprintf(stderr, "signalbox: line %zu: %s\n", number,
                   event ? "an event is a JSON object" : event.error().message.c_str());
      failed = true;
      continue;
    }
    matcher.match(line, scratch, matched);
    const bool wanted = matched.empty() == options.invert;
    if (wanted) ++selected;
    if ((wanted || options.explain) && !options.count) std::printf("%s\n", line.c_str());
    if (!options.explain || options.count) continue;
    for (const NamedPattern& named : patterns) print_explanation(named, *event);
  }
  if (options.count) std::printf("%zu\n", selected);
  if (failed) return kFailed;
  return selected > 0 ? kSelected : kNoneSelected;
}

int bench(const pattern::Matcher& matcher) {
  std::vector<std::string> events;
  std::size_t bytes = 0;
  json::Document document;
  for (std::string line; std::getline(std::cin, line);) {
    const auto event = document.parse(line);
    if (!event || !event->is_object()) continue;
    bytes += line.size();
    events.push_back(std::move(line));
  }
  if (events.empty()) {
    std::fprintf(stderr, "signalbox: there are no events on standard input\n");
    return kFailed;
  }
  pattern::Scratch scratch;
  std::vector<pattern::RuleId> matched;
  std::size_t rounds = 0;
  std::size_t matches = 0;
  const auto start = std::chrono::steady_clock::now();
  std::chrono::duration<double> taken{};
  do {
    for (const std::string& event : events) {
      matcher.match(event, scratch, matched);
      matches += matched.size();
    }
    ++rounds;
    taken = std::chrono::steady_clock::now() - start;
  } while (taken < kBenchTime);
  const auto total = static_cast<double>(events.size() * rounds);
  std::printf(
      "%zu patterns, %zu events of %.0f bytes: %.0f events/s, %.0f ns an event, %.2f GB/s, %.3f matches an event\n",
      matcher.size(), events.size(), static_cast<double>(bytes) / static_cast<double>(events.size()),
      total / taken.count(), taken.count() / total * 1e9,
      static_cast<double>(bytes) * static_cast<double>(rounds) / taken.count() / 1e9,
      static_cast<double>(matches) / total);
  return kSelected;
}

}  // namespace

void describe_match(CLI::App& command, MatchOptions& options) {
  command.add_option("PATTERN_FILE", options.patterns, "Files that hold an event pattern each; any may match")
      ->required();
  command.add_flag("-v,--invert-match", options.invert, "Select events that match none");
  command.add_flag("-c,--count", options.count, "Print only how many were selected");
  command.add_flag("--explain", options.explain,
                   "Print every event, and for each pattern which fields are met and why");
  command.add_flag("--bench", options.bench, "Measure how many of the events a second are matched");
  command.footer(
      "Events come on standard input, one JSON object a line:\n  signalbox match pattern.json < events.jsonl");
}

int match(const MatchOptions& options) {
  const std::vector<NamedPattern> patterns = read_patterns(options.patterns);
  if (patterns.empty()) return kFailed;
  pattern::MatcherBuilder builder;
  for (std::size_t i = 0; i < patterns.size(); ++i) builder.put(i, patterns[i].pattern);
  const auto matcher = builder.snapshot();
  return options.bench ? bench(*matcher) : select(options, patterns, *matcher);
}

}  // namespace signalbox::cli
