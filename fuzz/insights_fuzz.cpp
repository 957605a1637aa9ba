// Logs Insights: what stands before the first line feed is the query, each line after it a message.

#include <string>
#include <vector>

#include "check.h"
#include "services/logs/insights/query.h"

using namespace signalbox::logs::insights;

namespace {

std::vector<ResultRow> run(const Query& query, const std::vector<std::string>& messages, std::size_t parts) {
  Part all = query.begin();
  for (std::size_t part = 0; part < parts; ++part) {
    Part one = query.begin();
    Scan scan(query, one);
    for (std::size_t i = part; i < messages.size(); i += parts) {
      SourceEvent event;
      event.time = 1'700'000'000'000 + static_cast<std::int64_t>(i) * 1000;
      event.number = i;
      event.message = messages[i];
      event.stream = "s";
      event.log = "123456789012:g";
      scan.add(event);
    }
    query.merge(all, std::move(one));
  }
  auto results = query.results(all);
  FUZZ_CHECK(results.has_value());
  return *std::move(results);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto line_end = input.find('\n');
  const auto query = Query::compile(input.substr(0, line_end), {.now = 1'700'000'000'000});
  if (!query) {
    FUZZ_CHECK(query.error().code == "MalformedQueryException");
    FUZZ_CHECK(!query.error().message.empty());
    return 0;
  }
  std::vector<std::string> messages;
  for (auto at = line_end; at != std::string::npos;) {
    const auto next = input.find('\n', at + 1);
    messages.push_back(input.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    at = next;
  }
  FUZZ_CHECK(run(*query, messages, 1).size() == run(*query, messages, 3).size());
  return 0;
}
