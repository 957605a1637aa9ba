#include "services/logs/insights/query.h"

#include <re2/re2.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <span>

#include "services/logs/insights/parser.h"

namespace signalbox::logs::insights {
namespace {

constexpr std::size_t kMaxQueryGroups = 100;  // of parse; the parser takes no more

/// Commands that look at one row at a time, then what the rows come to.
struct Segment {
  std::vector<const Command*> steps;
  const Stats* stats = nullptr;
  BestOf best;  // where there is no stats
  bool has_best = false;
  bool reads_events = false;  // the first: its rows have events
};

void assign(const std::vector<Assignment>& assignments, Row& row) {
  for (const Assignment& one : assignments) {
    if (!one.is_plain_field) row.set(one.slot, evaluate(one.expression, row));
  }
}

/// Each part of a glob where it is found first: what the asterisks stand for is as short as can be, and the search
/// takes linear time. False when a part is not there.
bool match_glob(const std::vector<std::string>& parts, std::string_view text, std::span<std::string_view> found) {
  const auto find = [&](const std::string& part) -> std::size_t {
    const void* at = ::memmem(text.data(), text.size(), part.data(), part.size());
    return at == nullptr ? std::string_view::npos
                         : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
  };
  const auto start = find(parts.front());
  if (start == std::string_view::npos) return false;
  text.remove_prefix(start + parts.front().size());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool takes_rest = i + 1 == parts.size() && parts[i].empty();
    const auto end = takes_rest ? text.size() : find(parts[i]);
    if (end == std::string_view::npos) return false;
    found[i - 1] = text.substr(0, end);
    text.remove_prefix(end + parts[i].size());
  }
  return true;
}

bool match_regex(const re2::RE2& regex, std::string_view text, std::span<std::string_view> found) {
  std::array<re2::StringPiece, kMaxQueryGroups + 1> groups;
  const auto count = std::min(found.size(), kMaxQueryGroups);
  if (!regex.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::UNANCHORED, groups.data(),
                   static_cast<int>(count) + 1)) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) found[i] = {groups[i + 1].data(), groups[i + 1].size()};
  return true;
}

void parse(const Parse& parse, Row& row) {
  const Value from = evaluate(parse.from, row);
  std::array<std::string_view, kMaxQueryGroups> groups;
  const std::span<std::string_view> found(groups.data(), std::min(parse.slots.size(), kMaxQueryGroups));
  const std::string_view text = from.is_null() ? std::string_view() : to_text(from, row.arena());
  const bool matches =
      !from.is_null() && (parse.regex ? match_regex(*parse.regex, text, found) : match_glob(parse.glob, text, found));
  for (std::size_t i = 0; i < parse.slots.size(); ++i) {
    const bool has = matches && i < found.size() && found[i].data() != nullptr;
    row.set(parse.slots[i], has ? Value::of(found[i]) : Value{});
  }
}

/// Whether the row is still there after those steps.
bool run(const std::vector<const Command*>& steps, Row& row) {
  for (const Command* step : steps) {
    if (const auto* filter = std::get_if<Filter>(step)) {
      if (!is_true(evaluate(filter->condition, row))) return false;
    } else if (const auto* fields = std::get_if<Fields>(step)) {
      assign(fields->assignments, row);
    } else if (const auto* display = std::get_if<Display>(step)) {
      assign(display->assignments, row);
    } else if (const auto* parsing = std::get_if<Parse>(step)) {
      parse(*parsing, row);
    }
  }
  return true;
}

/// `message like "text"`, alone or joined to others by and, says what every event must have.
std::string text_needed_by(const Expression& condition, const Syntax& syntax) {
  if (condition.kind != Expression::Kind::kOperation) return "";
  if (condition.operation == Operator::kAnd) {
    std::string left = text_needed_by(condition.parts[0], syntax);
    std::string right = text_needed_by(condition.parts[1], syntax);
    return left.size() >= right.size() ? left : right;
  }
  const bool is_like = condition.operation == Operator::kLike && condition.parts[0].kind == Expression::Kind::kField;
  return is_like && syntax.names[condition.parts[0].slot] == "@message" ? condition.parts[1].constant.text : "";
}

}  // namespace

struct Query::Plan {
  Syntax syntax;
  std::int64_t now = 0;
  std::vector<Segment> segments;
  std::vector<std::size_t> columns;  // slots of the results
  bool has_stats = false;
  std::string needed_text;
  bool reads_messages = false;

  std::unique_ptr<Reduction> reduction_of(const Segment& segment) const {
    return segment.stats != nullptr ? keep_stats(*segment.stats) : keep_best(segment.best, segment.reads_events);
  }
};

namespace {

/// Cuts the commands into segments.
class Planner {
 public:
  Planner(Query::Plan& plan, std::size_t limit) : plan_(plan), limit_(limit) {}

  void make() {
    begin().reads_events = true;
    for (const Command& command : plan_.syntax.commands) add(command);
    if (!has_limit_ || !plan_.segments.back().has_best) finish();
    choose_columns();
    for (const Command* step : plan_.segments.front().steps) {
      const auto* filter = std::get_if<Filter>(step);
      if (filter == nullptr) break;  // what is assigned before may be what is looked at
      std::string needed = text_needed_by(filter->condition, plan_.syntax);
      if (needed.size() > plan_.needed_text.size()) plan_.needed_text = std::move(needed);
    }
    plan_.reads_messages = reads_messages(plan_.syntax);
  }

 private:
  Segment& begin() {
    Segment& segment = plan_.segments.emplace_back();
    segment.best.limit = kMaxLimit;
    return segment;
  }
  Segment& last() { return plan_.segments.back(); }
  bool is_closed() { return last().stats != nullptr; }
  bool is_cut() { return last().has_best && (!last().best.distinct.empty() || has_limit_); }

  void add(const Command& command) {
    if (const auto* stats = std::get_if<Stats>(&command)) {
      if (is_closed() || is_cut()) next();
      last().stats = stats;
      last().has_best = false;
      last().best = {};
      plan_.has_stats = true;
    } else if (const auto* sort = std::get_if<Sort>(&command)) {
      if (is_closed() || is_cut()) next();
      last().best.order = sort->keys;
      last().has_best = true;
    } else if (const auto* dedup = std::get_if<Dedup>(&command)) {
      if (is_closed() || is_cut()) next();
      last().best.distinct = dedup->keys;
      last().has_best = true;
    } else if (const auto* limit = std::get_if<Limit>(&command)) {
      if (is_closed() || (last().has_best && has_limit_)) next();
      last().best.limit = limit->count;
      last().has_best = true;
      has_limit_ = true;
    } else {
      if (is_closed() || is_cut()) next();
      last().steps.push_back(&command);
    }
  }
  void next() {
    begin();
    has_limit_ = false;
  }
  void finish() {
    if (is_closed()) next();
    last().best.limit = limit_;
    last().has_best = true;
  }

  void choose_columns() {
    std::vector<std::size_t> fields;
    std::vector<std::size_t> parsed;
    std::optional<std::vector<std::size_t>> shown;
    const auto put = [](std::vector<std::size_t>& into, std::size_t slot) {
      if (std::ranges::find(into, slot) == into.end()) into.push_back(slot);
    };
    for (const Command& command : plan_.syntax.commands) {
      if (const auto* some = std::get_if<Fields>(&command)) {
        for (const Assignment& one : some->assignments) put(fields, one.slot);
      } else if (const auto* display = std::get_if<Display>(&command)) {
        shown.emplace();
        for (const Assignment& one : display->assignments) put(*shown, one.slot);
      } else if (const auto* parsing = std::get_if<Parse>(&command)) {
        for (const std::size_t slot : parsing->slots) put(parsed, slot);
      } else if (const auto* stats = std::get_if<Stats>(&command)) {
        shown.reset();
        fields.clear();
        parsed.clear();
        for (const Assignment& by : stats->by) put(fields, by.slot);
        for (const Aggregation& aggregation : stats->aggregations) put(fields, aggregation.slot);
      }
    }
    if (!shown && fields.empty()) {
      for (const char* name : {"@timestamp", "@message"}) fields.push_back(slot_of(name));
    }
    for (const std::size_t slot : parsed) put(fields, slot);
    plan_.columns = shown ? *shown : fields;
  }
  std::size_t slot_of(const std::string& name) {
    auto& names = plan_.syntax.names;
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    names.push_back(name);
    plan_.syntax.from_event.push_back(true);
    return names.size() - 1;
  }

  Query::Plan& plan_;
  const std::size_t limit_;
  bool has_limit_ = false;
};

std::unexpected<Error> too_large() {
  return fail("LimitExceeded", "The query keeps more than " + std::to_string(kMaxKeptBytes / 1024 / 1024) + " MiB.");
}

}  // namespace

Query::Query(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)) {}
Query::Query(Query&&) noexcept = default;
Query& Query::operator=(Query&&) noexcept = default;
Query::~Query() = default;

Result<Query> Query::compile(std::string_view text, const QueryOptions& options) {
  auto syntax = parse_query(text);
  if (!syntax) return std::unexpected(std::move(syntax).error());
  auto plan = std::make_unique<Plan>();
  plan->syntax = *std::move(syntax);
  plan->now = options.now;
  Planner(*plan, options.limit.value_or(kDefaultLimit)).make();
  return Query(std::move(plan));
}

Part Query::begin() const {
  return {plan_->reduction_of(plan_->segments.front()), 0};
}

void Query::merge(Part& into, Part from) const {
  into.matched += from.matched;
  into.reduction->merge(*from.reduction);
}

Result<std::vector<ResultRow>> Query::results(const Part& part) const {
  if (part.reduction->bytes() > kMaxKeptBytes) return too_large();
  std::vector<KeptRow> rows = part.reduction->rows();
  Row row(plan_->syntax, plan_->now);
  for (std::size_t i = 1; i < plan_->segments.size(); ++i) {
    const Segment& segment = plan_->segments[i];
    const auto reduction = plan_->reduction_of(segment);
    for (const KeptRow& kept : rows) {
      row.clear(kept.pointer);
      for (std::size_t slot = 0; slot < kept.cells.size(); ++slot) row.set(slot, kept.cells[slot].value());
      if (run(segment.steps, row)) reduction->add(row);
    }
    if (reduction->bytes() > kMaxKeptBytes) return too_large();
    auto made = reduction->rows();
    rows = std::move(made);
  }
  std::vector<ResultRow> results;
  for (const KeptRow& kept : rows) {
    ResultRow& result = results.emplace_back();
    for (const std::size_t slot : plan_->columns) {
      if (slot >= kept.cells.size()) continue;
      const Value value = kept.cells[slot].value();
      if (!value.is_null()) result.fields.emplace_back(plan_->syntax.names[slot], to_text(value));
    }
    if (!plan_->has_stats) result.pointer = kept.pointer;
  }
  return results;
}

bool Query::reads_messages() const {
  return plan_->reads_messages;
}

const std::string& Query::needed_text() const {
  return plan_->needed_text;
}

Scan::Scan(const Query& query, Part& part) : plan_(query.plan()), part_(part), row_(plan_.syntax, plan_.now) {}

void Scan::add(const SourceEvent& event) {
  if (part_.reduction->bytes() > kMaxKeptBytes) return;  // it has failed
  row_.read(event);
  if (!run(plan_.segments.front().steps, row_)) return;
  ++part_.matched;
  part_.reduction->add(row_);
}

}  // namespace signalbox::logs::insights
