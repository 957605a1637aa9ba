#include "policy/principal_text.h"

#include <gtest/gtest.h>

namespace signalbox::policy {
namespace {

std::optional<std::string> upper(std::string_view type, const std::string& name) {
  if (type != "AWS") return std::nullopt;
  if (name == "a") return "A\"";
  if (name == "b") return "BBBB";
  return std::nullopt;
}

TEST(PrincipalText, ReplacesOnlyPrincipals) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"Statement": {"Principal": {"AWS": "a"}, "Sid": "a"}})",
       R"({"Statement": {"Principal": {"AWS": "A\""}, "Sid": "a"}})"},
      {R"({"Statement":[{"Principal":{"AWS":["x", "b" ,"a"],"Service":"a"}},{"NotPrincipal":{"AWS":"b"}}]})",
       R"({"Statement":[{"Principal":{"AWS":["x", "BBBB" ,"A\""],"Service":"a"}},{"NotPrincipal":{"AWS":"BBBB"}}]})"},
      {R"({"Statement":[{"Principal":"*"},{"Principal":{"AWS":[1,"\u0061"]}}], "Id":"a"})",
       R"({"Statement":[{"Principal":"*"},{"Principal":{"AWS":[1,"A\""]}}], "Id":"a"})"},
      {R"({"Statement":["a"],"AWS":"a"})", R"({"Statement":["a"],"AWS":"a"})"},
      {"no policy", "no policy"},
      {"", ""},
  };
  for (const auto& [before, after] : cases) EXPECT_EQ(with_principals(before, upper), after);
}

}  // namespace
}  // namespace signalbox::policy
