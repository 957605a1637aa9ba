#include "cloud/absent.h"

#include <algorithm>
#include <optional>

#include "json/json.h"
#include "wire/json_codec.h"

namespace signalbox::cloud {
namespace {

using wire::AnyStructure;

/// The text of a member; empty optional when it has none, or is no text.
std::optional<std::string> text_of(const AnyStructure& structure, std::string_view name) {
  for (const wire::Member& member : structure.shape().members) {
    if (member.name != name || member.shape->type != wire::ShapeType::kString) continue;
    const void* field = member.find(structure.data());
    if (field != nullptr) return *static_cast<const std::string*>(field);
  }
  return std::nullopt;
}

/// What was asked, and what was found of it.
struct Known {
  const AnyStructure& input;
  const AnyStructure* found;
  std::string_view account;

  std::optional<std::string> operator()(std::string_view name) const {
    if (name == "account") return std::string(account);
    auto text = found != nullptr ? text_of(*found, name) : std::nullopt;
    return text ? text : text_of(input, name);
  }
};

/// Replaces what stands between `opening` and `closing` by `tell` of it.
template <class Tell>
std::string filled(std::string_view text, std::string_view opening, std::string_view closing, Tell tell) {
  std::string out;
  while (true) {
    const auto begin = text.find(opening);
    const auto end = begin == std::string_view::npos ? begin : text.find(closing, begin + opening.size());
    if (end == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, begin)).append(tell(text.substr(begin + opening.size(), end - begin - opening.size())));
    text.remove_prefix(end + closing.size());
  }
}

Result<AnyStructure> absent_answer(const AbsentRow& row, const wire::Operation& operation, const Known& known) {
  if (!row.code.empty()) {
    return fail(std::string(row.code),
                filled(row.message, "{", "}", [&](std::string_view name) { return known(name).value_or(""); }),
                row.status);
  }
  const std::string text = filled(row.answer, "\"$", "\"", [&](std::string_view name) {
    const auto told = known(name);
    std::string literal = told ? "" : "null";
    if (told) json::append_string(literal, *told);
    return literal;
  });
  json::Document document;
  const Result<json::Value> root = document.parse(text);
  if (!root) return std::unexpected(root.error());
  AnyStructure output = operation.new_output();
  Result<void> read = wire::read_json(*operation.output, *root, output.data());
  if (!read) return std::unexpected(std::move(read).error());
  return output;
}

/// The other operation's input, of the members that both have.
AnyStructure same_members(const wire::Operation& other, const AnyStructure& input) {
  AnyStructure made = other.new_input();
  for (const wire::Member& member : other.input->members) {
    const auto text = member.shape->type == wire::ShapeType::kString ? text_of(input, member.name) : std::nullopt;
    if (text) *static_cast<std::string*>(member.emplace(made.data())) = *text;
  }
  return made;
}

}  // namespace

void answer_absent(Door& door, Authority& authority, const wire::Service& service, std::string_view prefix,
                   std::span<const AbsentRow> rows) {
  for (const AbsentRow& row : rows) {
    const wire::Operation& operation = *service.find_operation(row.operation);
    authority.describe(operation,
                       [action = std::string(prefix) + ":" + std::string(row.operation), &row](
                           const Call&, const AnyStructure& input) -> asio::awaitable<Result<Accesses>> {
                         Access access;
                         access.action = action;
                         access.resource = row.arn.empty() ? "*" : text_of(input, row.arn).value_or("*");
                         co_return Accesses{std::move(access)};
                       });
    const wire::Operation* const of = row.of.empty() ? nullptr : service.find_operation(row.of);
    door.handle_any(
        operation,
        [&door, &row, &operation, of](const Call& call, AnyStructure input) -> asio::awaitable<Result<AnyStructure>> {
          if (of == nullptr) co_return absent_answer(row, operation, {input, nullptr, call.scope.account});
          const Door::Handler* look = door.handler_of(*of);
          const Result<AnyStructure> found = co_await (*look)(call, same_members(*of, input));
          if (!found) co_return std::unexpected(found.error());
          co_return absent_answer(row, operation, {input, &*found, call.scope.account});
        });
  }
}

bool absent_rows_are_usable(const wire::Service& service, std::span<const AbsentRow> rows, std::string& bad) {
  for (const AbsentRow& row : rows) {
    const wire::Operation* operation = service.find_operation(row.operation);
    bad = std::string(row.operation);
    if (operation == nullptr) return false;
    if (!row.of.empty() && service.find_operation(row.of) == nullptr) return false;
    const AnyStructure input = operation->new_input();
    const Result<AnyStructure> answer = absent_answer(row, *operation, {input, nullptr, {}});
    if (row.code.empty() && !answer) return false;
    if (row.code.empty()) continue;
    // An error's status is the model's, or told.
    if (service.find_error(row.code) == nullptr && row.status == 0) return false;
  }
  return true;
}

}  // namespace signalbox::cloud
