// Phone numbers: what is set for an account's SMS, and who opted out.

#include <algorithm>

#include "base/encoding.h"
#include "cloud/paging.h"
#include "models/sns.h"
#include "services/sns/platform.h"
#include "store/plain_records.h"

namespace signalbox::sns {
namespace {

namespace m = models::sns;
using cloud::Call;

using SmsRecord = store::PlainRecord<Attributes>;
constexpr std::string_view kAttributesSpace = "sns.sms";
constexpr std::string_view kOptedOutSpace = "sns.opted-out";
constexpr std::size_t kMaxDigits = 15;
constexpr std::size_t kMaxSender = 11;

store::Key attributes_key(const cloud::Scope& scope) {
  return store::Key(kAttributesSpace).text(scope.account).text(scope.region);
}

store::Key opted_out_keys(const cloud::Scope& scope) {
  return store::Key(kOptedOutSpace).text(scope.account).text(scope.region);
}

constexpr std::string_view kSmsAttributes[] = {
    "MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate",
    "DefaultSenderID",   "DefaultSMSType",        "UsageReportS3Bucket"};

bool is_known(std::string_view name) {
  return std::ranges::count(kSmsAttributes, name) != 0;
}

Result<void> check(const std::string& name, const std::string& value) {
  if (name == "DefaultSMSType") {
    if (value == "Promotional" || value == "Transactional") return {};
    return fail(m::errors::kInvalidParameterException, "DefaultSMSType is invalid");
  }
  if (name == "DefaultSenderID") {
    const bool good = value.size() <= kMaxSender &&
                      std::ranges::all_of(value, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
    if (good) return {};
    return invalid("DefaultSenderID", "It has at most 11 letters, digits and hyphens");
  }
  if (is_known(name)) return not_supported_yet(name);
  return fail(m::errors::kInvalidParameterException, name + " is not a valid attribute");
}

asio::awaitable<Result<m::SetSMSAttributesResponse>> set(Core& core, const Call& call,
                                                         m::SetSMSAttributesInput request) {
  auto attributes = sms_attributes(core, call.scope);
  if (!attributes) co_return std::unexpected(std::move(attributes).error());
  for (auto& [name, value] : *request.attributes) {
    if (value.empty() && is_known(name)) {  // back to what it is by default
      attributes->erase(name);
      continue;
    }
    Result<void> good = check(name, value);
    if (!good) co_return std::unexpected(std::move(good).error());
    (*attributes)[name] = value;
  }
  store::Batch batch;
  batch.put(attributes_key(call.scope), store::encode(SmsRecord{*std::move(attributes)}));
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  if (!committed) co_return std::unexpected(std::move(committed).error());
  co_return m::SetSMSAttributesResponse{};
}

asio::awaitable<Result<m::GetSMSAttributesResponse>> get(Core& core, const Call& call,
                                                         m::GetSMSAttributesInput request) {
  auto attributes = sms_attributes(core, call.scope);
  if (!attributes) co_return std::unexpected(std::move(attributes).error());
  if (request.attributes && !request.attributes->empty()) {
    std::erase_if(*attributes,
                  [&](const auto& one) { return std::ranges::count(*request.attributes, one.first) == 0; });
  }
  m::GetSMSAttributesResponse response;
  response.attributes = *std::move(attributes);
  co_return response;
}

asio::awaitable<Result<m::CheckIfPhoneNumberIsOptedOutResponse>> is_out(Core& core, const Call& call,
                                                                        m::CheckIfPhoneNumberIsOptedOutInput request) {
  const auto number = read_phone_number(*request.phone_number);
  if (!number) co_return invalid("PhoneNumber", "input incorrectly formatted");
  const auto out = is_opted_out(core, call.scope, *number);
  if (!out) co_return std::unexpected(out.error());
  m::CheckIfPhoneNumberIsOptedOutResponse response;
  response.is_opted_out = *out;
  co_return response;
}

asio::awaitable<Result<m::OptInPhoneNumberResponse>> opt_in(Core& core, const Call& call,
                                                            m::OptInPhoneNumberInput request) {
  const auto number = read_phone_number(*request.phone_number);
  if (!number) co_return invalid("PhoneNumber", "input incorrectly formatted");
  Result<void> done = co_await set_opted_out(core, call.scope, *number, false);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return m::OptInPhoneNumberResponse{};
}

asio::awaitable<Result<m::ListPhoneNumbersOptedOutResponse>> list(Core& core, const Call& call,
                                                                  m::ListPhoneNumbersOptedOutInput request) {
  std::string after;
  if (request.next_token) {
    auto read = cloud::read_page_token("sns:opted-out", *request.next_token);
    if (!read) co_return invalid("NextToken");
    after = *std::move(read);
  }
  auto found = opted_out(core, call.scope, after, kPage + 1);
  if (!found) co_return std::unexpected(std::move(found).error());
  m::ListPhoneNumbersOptedOutResponse response;
  if (found->size() > kPage) {
    found->resize(kPage);
    response.next_token = cloud::make_page_token("sns:opted-out", found->back());
  }
  response.phone_numbers = *std::move(found);
  co_return response;
}

asio::awaitable<Result<m::GetSMSSandboxAccountStatusResult>> sandbox() {
  // Numbers need no verifying here: whether they do is the gateway's to say.
  m::GetSMSSandboxAccountStatusResult result;
  result.is_in_sandbox = false;
  co_return result;
}

}  // namespace

std::optional<std::string> read_phone_number(std::string_view text) {
  std::string digits;
  for (const char c : text.substr(text.starts_with('+') ? 1 : 0)) {
    if (c == '-' || c == ' ' || c == '.' || c == '/' || c == '(' || c == ')') continue;
    if (c < '0' || c > '9') return std::nullopt;
    digits.push_back(c);
  }
  if (digits.size() < 2 || digits.size() > kMaxDigits || digits.front() == '0') return std::nullopt;
  return "+" + digits;
}

bool is_sms_endpoint(std::string_view text) {
  bool separated = true;  // no separator stands at the beginning, at the end, or behind another
  for (const char c : text.substr(text.starts_with('+') ? 1 : 0)) {
    const bool separates = c == '-' || c == '.' || c == '/';
    if ((separates && separated) || (!separates && (c < '0' || c > '9'))) return false;
    separated = separates;
  }
  return !separated && read_phone_number(text).has_value();
}

Result<Attributes> sms_attributes(const Core& core, const cloud::Scope& scope) {
  const auto stored = core.house.store.get(attributes_key(scope));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return Attributes();
  return store::decode<SmsRecord>(**stored).value_or(SmsRecord{}).value;
}

Result<bool> is_opted_out(const Core& core, const cloud::Scope& scope, const std::string& number) {
  const auto stored = core.house.store.get(opted_out_keys(scope).text(number));
  if (!stored) return std::unexpected(stored.error());
  return stored->has_value();
}

asio::awaitable<Result<void>> set_opted_out(const Core& core, cloud::Scope scope, std::string number, bool out) {
  store::Batch batch;
  const store::Key key = opted_out_keys(scope).text(number);
  if (out) {
    batch.put(key, "");
  } else {
    batch.erase(key);
  }
  Result<void> committed = co_await core.house.store.commit(std::move(batch));
  co_return committed;
}

Result<std::vector<std::string>> opted_out(const Core& core, const cloud::Scope& scope, const std::string& after,
                                           std::size_t most) {
  std::vector<std::string> numbers;
  const store::Key all = opted_out_keys(scope);
  const std::string from = after.empty() ? all.bytes() : opted_out_keys(scope).text(after).bytes() + '\0';
  Result<void> scanned = core.house.store.read()->scan(from, all.end(), [&](std::string_view key, std::string_view) {
    store::KeyReader reader(key);
    for (int i = 0; i < 3; ++i) reader.text();
    numbers.push_back(reader.text().value_or(""));
    return numbers.size() < most;
  });
  if (!scanned) return std::unexpected(std::move(scanned).error());
  return numbers;
}

void register_sms_operations(Core& core) {
  auto& door = core.house.door;
  door.handle(m::kSetSMSAttributes, [&core](const Call& call, m::SetSMSAttributesInput request) {
    return set(core, call, std::move(request));
  });
  door.handle(m::kGetSMSAttributes, [&core](const Call& call, m::GetSMSAttributesInput request) {
    return get(core, call, std::move(request));
  });
  door.handle(m::kCheckIfPhoneNumberIsOptedOut,
              [&core](const Call& call, m::CheckIfPhoneNumberIsOptedOutInput request) {
                return is_out(core, call, std::move(request));
              });
  door.handle(m::kOptInPhoneNumber, [&core](const Call& call, m::OptInPhoneNumberInput request) {
    return opt_in(core, call, std::move(request));
  });
  door.handle(m::kListPhoneNumbersOptedOut, [&core](const Call& call, m::ListPhoneNumbersOptedOutInput request) {
    return list(core, call, std::move(request));
  });
  door.handle(m::kGetSMSSandboxAccountStatus,
              [](const Call&, const m::GetSMSSandboxAccountStatusInput&) { return sandbox(); });
}

}  // namespace signalbox::sns
