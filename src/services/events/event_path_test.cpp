#include "services/events/event_path.h"

#include <gtest/gtest.h>

namespace signalbox::events {
namespace {

constexpr std::string_view kEvent =
    R"({"detail-type":"T","resources":["r0","r1"],"detail":{"a_b":{"x-y":7},"list":[{"n":"p"},{"m":1},{"n":"q"}],"s":"v"}})";

struct Case {
  const char* path;
  const char* selected;  // values joined by ' '; null: the path is refused
};

TEST(EventPath, SelectsWhatThePathLeadsTo) {
  const Case cases[] = {
      {"$.detail-type", R"("T")"},
      {"$.resources[1]", R"("r1")"},
      {"$.resources[2]", ""},
      {"$.detail.a_b.x-y", "7"},
      {"$.detail.list[*].n", R"("p" "q")"},
      {"$.detail.list[2].n", R"("q")"},
      {"$.detail.a_b.*", "7"},
      {"$.detail.s.deeper", ""},
      {"$.none", ""},
      {"detail.s", nullptr},
      {"$.", nullptr},
      {"$detail", nullptr},
      {"$.detail['s']", nullptr},
      {"$.detail[\"s\"]", nullptr},
      {"$.resources[0", nullptr},
      {"$.resources[-1]", nullptr},
      {"$.resources[?(@.n)]", nullptr},
      {"", nullptr},
  };
  json::Document document;
  const auto root = document.parse(kEvent);
  ASSERT_TRUE(root);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    const auto path = EventPath::parse(c.path);
    ASSERT_EQ(path.has_value(), c.selected != nullptr);
    if (!path) continue;
    std::string joined;
    for (json::Value value : path->select(*root)) {
      if (!joined.empty()) joined.push_back(' ');
      joined.append(value.raw());
    }
    EXPECT_EQ(joined, c.selected);
  }
}

TEST(EventPath, ADollarAloneIsTheWholeEvent) {
  json::Document document;
  const auto root = document.parse(kEvent);
  const auto path = EventPath::parse("$");
  ASSERT_TRUE(root && path);
  EXPECT_EQ(path->select(*root).front().raw(), kEvent);
  EXPECT_FALSE(path->selects_many());
}

}  // namespace
}  // namespace signalbox::events
