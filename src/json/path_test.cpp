#include "json/path.h"

#include <gtest/gtest.h>

namespace signalbox::json {
namespace {

bool is_name(char c) {
  return std::string_view(".[]'\"()?@").find(c) == std::string_view::npos;
}

constexpr std::string_view kEvent =
    R"({"detail-type":"T","resources":["r0","r1"],"detail":{"a_b":{"x-y":7},"list":[{"n":"p"},{"m":1},{"n":"q"}],"s":"v"}})";

struct Case {
  const char* path;
  const char* selected;  // values joined by ' '; null: the path is refused
};

TEST(Path, SelectsWhatThePathLeadsTo) {
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
  Document document;
  const auto root = document.parse(kEvent);
  ASSERT_TRUE(root);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    const auto path = Path::parse(c.path, is_name);
    ASSERT_EQ(path.has_value(), c.selected != nullptr);
    if (!path) continue;
    std::string joined;
    for (Value value : path->select(*root)) {
      if (!joined.empty()) joined.push_back(' ');
      joined.append(value.raw());
    }
    EXPECT_EQ(joined, c.selected);
  }
}

TEST(Path, ADollarAloneIsTheWholeEvent) {
  Document document;
  const auto root = document.parse(kEvent);
  const auto path = Path::parse("$", is_name);
  ASSERT_TRUE(root && path);
  EXPECT_EQ(path->select(*root).front().raw(), kEvent);
  EXPECT_FALSE(path->selects_many());
}

}  // namespace
}  // namespace signalbox::json
