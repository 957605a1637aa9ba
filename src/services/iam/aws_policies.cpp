#include "services/iam/aws_policies.h"

#include <cstdio>
#include <cstdlib>

#include "base/time_text.h"
#include "json/json.h"

namespace signalbox::iam {
namespace {

constexpr const char kText[] =
#include "services/iam/aws_policies.inc"
    ;

constexpr std::size_t kIdLetters = 17;

/// AWS's ids are not told: one that follows from the name.
std::string id_of(std::string_view name) {
  std::uint64_t hash = 14695981039346656037ULL;
  std::string id = "ANPA";
  while (id.size() < 4 + kIdLetters) {
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[hash >> 59U];
  }
  return id;
}

[[noreturn]] void broken(const std::string& name, const std::string& why) {
  std::fprintf(stderr, "aws_policies.json: %s: %s\n", name.c_str(), why.c_str());
  std::abort();
}

std::shared_ptr<const ManagedPolicy> policy_of(const std::string& name, json::Value value) {
  auto policy = std::make_shared<ManagedPolicy>();
  policy->name = name;
  policy->path = value.find("path") ? value.find("path")->as_string() : "/";
  policy->id = id_of(name);
  policy->description = value.find("description")->as_string();
  policy->created = policy->updated = from_iso8601(value.find("created")->as_string()).value_or(Time{});
  policy->default_version =
      value.find("version") ? std::strtoll(value.find("version")->as_string().c_str(), nullptr, 10) : 1;
  auto& version = policy->versions[policy->default_version];
  json::append_minified(version.policy.text, *value.find("document"));
  auto document = policy::Document::parse(version.policy.text, policy::DocumentKind::kManaged);
  if (!document) broken(name, document.error().message);
  version.policy.document = std::make_shared<const policy::Document>(*std::move(document));
  version.created = policy->updated;
  return policy;
}

Table<ManagedPolicy> read_all() {
  Table<ManagedPolicy> all;
  json::Document document;
  const auto root = document.parse(kText);
  if (!root) broken("", root.error().message);
  for (const auto& [key, value] : root->members()) all[key.as_string()] = policy_of(key.as_string(), value);
  return all;
}

}  // namespace

const Table<ManagedPolicy>& aws_policies() {
  static const Table<ManagedPolicy> all = read_all();
  return all;
}

std::string aws_policy_arn(const ManagedPolicy& policy) {
  return "arn:aws:iam::aws:policy" + policy.path + policy.name;
}

std::shared_ptr<const ManagedPolicy> find_aws_policy(std::string_view arn) {
  const auto found = aws_policies().find(arn.substr(arn.rfind('/') + 1));
  return found != aws_policies().end() && aws_policy_arn(*found->second) == arn ? found->second : nullptr;
}

}  // namespace signalbox::iam
