#include "policy/document.h"

#include <algorithm>
#include <optional>
#include <set>

#include "json/json.h"
#include "policy/element_checks.h"
#include "policy/glob.h"
#include "policy/malformed.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kOldVersion = "2008-10-17";
constexpr std::string_view kNewVersion = "2012-10-17";

/// The place `offset` bytes into `text`; asked for in rising order.
class Positions {
 public:
  explicit Positions(std::string_view text) : text_(text) {}
  Position at(std::size_t offset) {
    for (; done_ < offset; ++done_) {
      ++here_.column;
      if (text_[done_] == '\n') here_ = {here_.line + 1, 1};
    }
    return here_;
  }

 private:
  std::string_view text_;
  std::size_t done_ = 0;
  Position here_;
};

/// The members of an object whose names are all known and different.
template <std::size_t N>
class Members {
 public:
  static Result<Members> of(json::Value object, const std::string_view (&names)[N]) {
    Members members(names);
    if (!object.is_object()) return syntax_error();
    for (const auto [key, value] : object.members()) {
      const auto found = std::ranges::find_if(names, [&](std::string_view name) { return key.is(name); });
      if (found == std::end(names)) return syntax_error();
      auto& member = members.values_[static_cast<std::size_t>(found - std::begin(names))];
      if (member) return syntax_error();
      member = value;
    }
    return members;
  }
  const std::optional<json::Value>& operator[](std::string_view name) const {
    return values_[static_cast<std::size_t>(std::ranges::find(*names_, name) - std::begin(*names_))];
  }

 private:
  explicit Members(const std::string_view (&names)[N]) : names_(&names) {}
  const std::string_view (*names_)[N];
  std::optional<json::Value> values_[N];
};

constexpr std::string_view kDocumentMembers[] = {"Version", "Id", "Statement"};
constexpr std::string_view kStatementMembers[] = {"Sid",         "Effect",    "Action",       "NotAction", "Resource",
                                                  "NotResource", "Principal", "NotPrincipal", "Condition"};
using StatementMembers = Members<std::size(kStatementMembers)>;

/// A string, or an array of them.
Result<std::vector<std::string>> strings(json::Value value) {
  std::vector<std::string> texts;
  if (value.is_string()) {
    texts.push_back(value.as_string());
    return texts;
  }
  if (!value.is_array()) return syntax_error();
  for (const json::Value element : value.elements()) {
    if (!element.is_string()) return syntax_error();
    texts.push_back(element.as_string());
  }
  return texts;
}

/// Makes statements of one document.
class Reader {
 public:
  Reader(DocumentKind kind, bool variables) : kind_(kind), variables_(variables) {}

  Result<Statement> statement(json::Value value) {
    const auto members = StatementMembers::of(value, kStatementMembers);
    if (!members) return std::unexpected(members.error());
    Statement made;
    using Step = Result<void> (Reader::*)(const StatementMembers&, Statement&);
    for (const Step step : {&Reader::sid, &Reader::effect, &Reader::principals, &Reader::actions, &Reader::resources,
                            &Reader::conditions}) {
      if (auto done = (this->*step)(*members, made); !done) return std::unexpected(std::move(done).error());
    }
    return made;
  }

  std::set<std::string> keys;

 private:
  Result<void> sid(const StatementMembers& members, Statement& made) {
    const auto& sid = members["Sid"];
    if (!sid) return {};
    if (!sid->is_string()) return syntax_error();
    made.sid = sid->as_string();
    if (made.sid.empty()) return {};
    if (!sids_.insert(made.sid).second) return malformed("Statement IDs (SID) in a single policy must be unique.");
    return check_sid(made.sid, kind_);
  }

  Result<void> effect(const StatementMembers& members, Statement& made) {
    const auto& effect = members["Effect"];
    const bool of_identity = kind_ == DocumentKind::kManaged || kind_ == DocumentKind::kInline;
    if (!effect && of_identity) return syntax_error();
    if (!effect) return malformed("Missing required field Effect");
    if (!effect->is("Allow") && !effect->is("Deny")) {
      const bool spelled =
          effect->is_string() && (lower(effect->as_string()) == "allow" || lower(effect->as_string()) == "deny");
      return of_identity && spelled ? malformed("The policy failed legacy parsing") : syntax_error();
    }
    made.allows = effect->is("Allow");
    return {};
  }

  Result<void> principals(const StatementMembers& members, Statement& made) {
    const auto& these = members["Principal"];
    const auto& all_but = members["NotPrincipal"];
    if (kind_ == DocumentKind::kManaged || kind_ == DocumentKind::kInline) {
      if (these || all_but) return malformed("Policy document should not specify a principal.");
      return {};
    }
    if (kind_ == DocumentKind::kTrust && all_but) return malformed("Has prohibited field NotPrincipal");
    if (!these && !all_but) return malformed("Missing required field Principal");
    if (these && all_but) return syntax_error();
    made.who = these ? Statement::Who::kThese : Statement::Who::kAllBut;
    auto compiled = Principals::compile(these ? *these : *all_but);
    if (!compiled) return std::unexpected(std::move(compiled).error());
    made.principals = *std::move(compiled);
    return {};
  }

  Result<void> actions(const StatementMembers& members, Statement& made) {
    const auto& these = members["Action"];
    const auto& all_but = members["NotAction"];
    if (these && all_but) return syntax_error();
    if (!these && !all_but) return malformed("Policy statement must contain actions.");
    made.not_actions = !these;
    const auto texts = strings(these ? *these : *all_but);
    if (!texts) return std::unexpected(texts.error());
    if (texts->empty()) return malformed("Policy statement must contain actions.");
    for (const std::string& text : *texts) {
      if (auto good = check_action(text, kind_); !good) return good;
      append_glob(made.actions.emplace_back(), lower(text));
    }
    return {};
  }

  Result<void> resources(const StatementMembers& members, Statement& made) {
    const auto& these = members["Resource"];
    const auto& all_but = members["NotResource"];
    if (kind_ == DocumentKind::kTrust) {
      if (these) return malformed("Has prohibited field Resource");
      if (all_but) return malformed("Has prohibited field NotResource");
      return {};
    }
    if (these && all_but) return syntax_error();
    if (!these && !all_but) return malformed("Policy statement must contain resources.");
    made.not_resources = !these;
    const auto texts = strings(these ? *these : *all_but);
    if (!texts) return std::unexpected(texts.error());
    if (texts->empty()) return malformed("Policy statement must contain resources.");
    for (const std::string& text : *texts) {
      if (auto good = check_resource(text); !good) return good;
      auto pattern = ArnPattern::compile(text, variables_);
      if (!pattern) return std::unexpected(std::move(pattern).error());
      add_keys(*pattern);
      made.resources.push_back(*std::move(pattern));
    }
    return {};
  }

  Result<void> conditions(const StatementMembers& members, Statement& made) {
    const auto& conditions = members["Condition"];
    if (!conditions) return {};
    if (!conditions->is_object()) return syntax_error();
    for (const auto [op, keys_and_values] : conditions->members()) {
      if (!keys_and_values.is_object()) return syntax_error();
      for (const auto [key, values] : keys_and_values.members()) {
        const std::string name = key.as_string();
        auto condition = Condition::compile(op.as_string(), name, values, variables_);
        if (!condition) return std::unexpected(std::move(condition).error());
        add_keys(*condition);
        made.conditions.push_back(*std::move(condition));
      }
    }
    return {};
  }

  template <class Part>
  void add_keys(const Part& part) {
    std::vector<std::string> names;
    part.add_keys(names);
    keys.insert(names.begin(), names.end());
  }

  DocumentKind kind_;
  bool variables_;
  std::set<std::string> sids_;
};

/// Whether the document is of the version that has variables.
Result<bool> has_variables(const std::optional<json::Value>& version, DocumentKind kind) {
  if (version && version->is(kNewVersion)) return true;
  if (version && !version->is(kOldVersion)) return syntax_error();
  if (kind == DocumentKind::kManaged) return malformed("Policy document must be version 2012-10-17 or greater.");
  return false;
}

}  // namespace

Result<Document> Document::parse(std::string_view text, DocumentKind kind) {
  if (text.size() > kMaxDocumentBytes) {
    return malformed("Policy document is larger than " + std::to_string(kMaxDocumentBytes) + " bytes.");
  }
  json::Document json;
  const auto root = json.parse(text);
  if (!root && kind == DocumentKind::kTrust) return malformed("This policy contains invalid Json");
  if (!root) return syntax_error();
  const auto members = Members<std::size(kDocumentMembers)>::of(*root, kDocumentMembers);
  if (!members) return std::unexpected(members.error());
  const auto variables = has_variables((*members)["Version"], kind);
  if (!variables) return std::unexpected(variables.error());
  if (const auto& id = (*members)["Id"]; id && !id->is_string()) return syntax_error();
  const auto& statements = (*members)["Statement"];
  if (!statements && (kind == DocumentKind::kManaged || kind == DocumentKind::kInline)) return syntax_error();
  if (!statements) return malformed("Missing required field Statement");

  Document made;
  made.kind_ = kind;
  Reader reader(kind, *variables);
  Positions positions(text);
  const auto add = [&](json::Value value) -> Result<void> {
    auto statement = reader.statement(value);
    if (!statement) return std::unexpected(std::move(statement).error());
    statement->start = positions.at(value.offset());
    statement->end = positions.at(value.offset() + value.raw().size());
    made.statements_.push_back(*std::move(statement));
    return {};
  };
  if (!statements->is_array()) {
    if (auto added = add(*statements); !added) return std::unexpected(std::move(added).error());
  } else {
    if (statements->size() == 0) return syntax_error();
    for (const json::Value value : statements->elements()) {
      if (auto added = add(value); !added) return std::unexpected(std::move(added).error());
    }
  }
  made.context_keys_.assign(reader.keys.begin(), reader.keys.end());
  return made;
}

}  // namespace signalbox::policy
