// How many events a second one core matches against very many rules, beside what walking the same bytes costs.
//   pattern_bench FOLDER [SECONDS]
// FOLDER has events.jsonl and rules-KIND-COUNT.jsonl, an event or a pattern a line, as bench/pattern_data.py writes
// them.

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "json/json.h"
#include "load.h"
#include "pattern/matcher.h"

namespace {

using namespace signalbox;
using Clock = std::chrono::steady_clock;

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Calls `work(event)` for event after event for so long; returns events a second.
template <class Work>
double per_second(const std::vector<std::string>& events, double duration, const Work& work) {
  for (std::size_t i = 0; i < events.size(); ++i) work(events[i]);
  std::size_t count = 0;
  const auto start = Clock::now();
  do {
    for (const std::string& event : events) work(event);
    count += events.size();
  } while (seconds_since(start) < duration);
  return static_cast<double>(count) / seconds_since(start);
}

void print(const std::string& name, double events_per_second, double bytes_per_event, const std::string& more = "") {
  std::printf("%-22s %12.0f events/s %7.0f ns %6.2f GB/s  %s\n", name.c_str(), events_per_second,
              1e9 / events_per_second, events_per_second * bytes_per_event / 1e9, more.c_str());
  std::fflush(stdout);
}

/// What reading the same bytes costs with simdjson: to one field, and through all top-level fields.
void limits(const std::vector<std::string>& events, double bytes, double duration) {
  std::vector<simdjson::padded_string> padded;
  for (const std::string& event : events) padded.emplace_back(event);
  simdjson::ondemand::parser parser;
  std::size_t sum = 0;
  const auto measure = [&](const char* name, const auto& walk) {
    std::size_t at = 0;
    const double rate = per_second(events, duration, [&](const std::string&) {
      simdjson::ondemand::document document = parser.iterate(padded[at]);
      at = at + 1 == padded.size() ? 0 : at + 1;
      sum += walk(document);
    });
    print(name, rate, bytes);
  };
  measure("simdjson: one field", [](simdjson::ondemand::document& document) {
    std::string_view text = document["detail"]["requestParameters"]["bucketName"];
    return text.size();
  });
  measure("simdjson: top level", [](simdjson::ondemand::document& document) {
    std::size_t fields = 0;
    for (auto field : document.get_object()) fields += field.error() == simdjson::SUCCESS ? 1 : 2;
    return fields;
  });
  json::Document document;
  print("json::Document::parse",
        per_second(events, duration, [&](const std::string& event) { sum += document.parse(event)->size(); }), bytes);
  if (sum == 0) std::printf("nothing read\n");
}

void measure(const std::filesystem::path& path, const std::vector<std::string>& events, double bytes, double duration) {
  const std::vector<std::string> texts = lines_of(path);
  pattern::MatcherBuilder builder;
  const auto start = Clock::now();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto compiled = pattern::Pattern::compile(texts[i]);
    if (!compiled) {
      std::printf("%s: %s\n", texts[i].c_str(), compiled.error().message.c_str());
      return;
    }
    builder.put(i, *compiled);
  }
  const double build = seconds_since(start);
  const auto matcher = builder.snapshot();
  pattern::Scratch scratch;
  std::vector<pattern::RuleId> matched;
  std::size_t matches = 0;
  const double rate = per_second(events, duration, [&](const std::string& event) {
    matcher->match(event, scratch, matched);
    matches += matched.size();
  });
  // One rule more and one less, each with a snapshot.
  const auto extra = pattern::Pattern::compile(texts.front());
  constexpr int kChanges = 200;
  const auto changing = Clock::now();
  for (int i = 0; i < kChanges / 2; ++i) {
    builder.put(texts.size(), *extra);
    builder.snapshot();
    builder.erase(texts.size());
    builder.snapshot();
  }
  const double change = seconds_since(changing) / kChanges;
  char more[200];
  std::snprintf(more, sizeof(more), "%5.0f B/rule  %5.2f us/rule to build  %6.1f us a change",
                static_cast<double>(matcher->bytes()) / static_cast<double>(texts.size()),
                build * 1e6 / static_cast<double>(texts.size()), change * 1e6);
  print(path.stem().string().substr(6), rate, bytes, more);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: pattern_bench FOLDER [SECONDS]\n");
    return 2;
  }
  bench::pin_to_core(0);
  const std::filesystem::path folder = argv[1];
  const double duration = argc > 2 ? std::atof(argv[2]) : 2;
  const std::vector<std::string> events = lines_of(folder / "events.jsonl");
  std::size_t total = 0;
  for (const std::string& event : events) total += event.size();
  const double bytes = static_cast<double>(total) / static_cast<double>(events.size());
  std::printf("%zu events of %.0f bytes\n", events.size(), bytes);
  limits(events, bytes, duration);
  std::vector<std::pair<std::size_t, std::filesystem::path>> rules;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("rules-")) rules.emplace_back(std::stoul(name.substr(name.rfind('-') + 1)), entry.path());
  }
  const std::vector<std::string> lots = lines_of(folder / "citylots.jsonl");
  if (!lots.empty()) {
    pattern::MatcherBuilder builder;
    builder.put(1, *pattern::Pattern::compile(R"({"geometry":{"type":["LineString"]}})"));
    const auto matcher = builder.snapshot();
    pattern::Scratch scratch;
    std::vector<pattern::RuleId> matched;
    std::size_t lot_bytes = 0;
    for (const std::string& lot : lots) lot_bytes += lot.size();
    print("city lots, 1 rule",
          per_second(lots, duration, [&](const std::string& lot) { matcher->match(lot, scratch, matched); }),
          static_cast<double>(lot_bytes) / static_cast<double>(lots.size()));
  }
  std::sort(rules.begin(), rules.end());
  for (const auto& [count, path] : rules) measure(path, events, bytes, duration);
}
