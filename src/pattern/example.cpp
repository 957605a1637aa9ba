// The whole of the library in one page: two rules, three events.

#include <cstdio>

#include "pattern/explain.h"
#include "pattern/matcher.h"

int main() {
  using namespace signalbox;
  const char* const texts[] = {R"({"source":["aws.s3"],"detail":{"key":[{"suffix":".png"}]}})",
                               R"({"detail":{"size":[{"numeric":[">",1000]}]}})"};
  pattern::MatcherBuilder rules;
  for (pattern::RuleId id = 0; id < 2; ++id) {
    const auto compiled = pattern::Pattern::compile(texts[id]);
    if (!compiled) {
      std::printf("%s\n", compiled.error().message.c_str());
      return 1;
    }
    rules.put(id, *compiled);
  }
  const auto matcher = rules.snapshot();
  pattern::Scratch scratch;
  std::vector<pattern::RuleId> matched;
  for (const char* event :
       {R"({"source":"aws.s3","detail":{"key":"cat.png","size":10}})",
        R"({"source":"aws.s3","detail":{"key":"cat.png","size":1e4}})", R"({"source":"aws.ec2"})"}) {
    matcher->match(event, scratch, matched);
    std::printf("%s matches", event);
    for (const pattern::RuleId id : matched) std::printf(" %llu", static_cast<unsigned long long>(id));
    std::printf("\n");
  }
  json::Document document;
  const auto event = document.parse(R"({"source":"aws.ec2","detail":{"key":"cat.jpg"}})");
  for (const auto& field : pattern::explain(*pattern::Pattern::compile(texts[0]), *event).fields) {
    std::printf("%s %s\n", field.path.c_str(), field.reason.c_str());
  }
}
