#include "cloud/sessions.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/encoding.h"
#include "cloud/scope.h"
#include "policy/evaluate.h"
#include "store/record.h"

namespace signalbox::cloud {
namespace {

constexpr std::uint8_t kSessionVersion = 2;  // 2: with the source function
constexpr std::size_t kMaxTokenBytes = 16 * 1024;
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kKeyLetters = 16;
constexpr std::size_t kPrefixLetters = 4;

std::string owner_of(std::string_view access_key) {
  return "session " + std::string(access_key);
}

void write(store::RecordWriter& out, const std::vector<std::pair<std::string, std::string>>& tags) {
  out.number(tags.size());
  for (const auto& [key, value] : tags) out.text(key).text(value);
}
void write(store::RecordWriter& out, const std::vector<std::string>& texts) {
  out.number(texts.size());
  for (const std::string& text : texts) out.text(text);
}
std::vector<std::pair<std::string, std::string>> read_tags(store::RecordReader& in) {
  std::vector<std::pair<std::string, std::string>> tags;
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    std::string key = in.text();
    tags.emplace_back(std::move(key), in.text());
  }
  return tags;
}
std::vector<std::string> read_texts(store::RecordReader& in) {
  std::vector<std::string> texts;
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) texts.push_back(in.text());
  return texts;
}

std::string encode(const Principal& who, const std::string& secret) {
  const Session& session = *who.session;
  store::RecordWriter out(kSessionVersion);
  out.number(static_cast<std::uint64_t>(who.type)).text(who.arn).text(who.account).text(who.id).text(who.user_name);
  write(out, who.tags);
  out.text(secret).text(session.name).text(session.issuer_type).text(session.issuer_arn).text(session.issuer_id);
  out.text(session.issuer_account).text(session.issuer_name);
  out.integer(session.created.time_since_epoch().count()).integer(session.expires.time_since_epoch().count());
  out.flag(session.mfa).text(session.source_identity).flag(session.chained);
  write(out, session.tags);
  write(out, session.transitive_tag_keys);
  out.text(session.policy);
  write(out, session.policy_arns);
  out.text(session.invoked_by).text(session.source_function);
  return std::move(out).take();
}

/// Null for what was not written by encode().
std::shared_ptr<const KnownSession> decode(std::string_view bytes, std::string_view access_key) {
  store::RecordReader in(bytes, kSessionVersion);
  auto known = std::make_shared<KnownSession>();
  auto session = std::make_shared<Session>();
  Principal& who = known->principal;
  who.type = static_cast<PrincipalType>(in.number());
  who.arn = in.text();
  who.account = in.text();
  who.id = in.text();
  who.user_name = in.text();
  who.access_key = access_key;
  who.tags = read_tags(in);
  known->secret = in.text();
  session->name = in.text();
  session->issuer_type = in.text();
  session->issuer_arn = in.text();
  session->issuer_id = in.text();
  session->issuer_account = in.text();
  session->issuer_name = in.text();
  session->created = Time(Duration(in.integer()));
  session->expires = Time(Duration(in.integer()));
  session->mfa = in.flag();
  session->source_identity = in.text();
  session->chained = in.flag();
  session->tags = read_tags(in);
  session->transitive_tag_keys = read_texts(in);
  session->policy = in.text();
  session->policy_arns = read_texts(in);
  session->invoked_by = in.text();
  if (in.version() >= 2) session->source_function = in.text();
  if (!in.complete()) return nullptr;
  if (!session->policy.empty()) {
    auto document = policy::Document::parse(session->policy, policy::DocumentKind::kInline);
    if (!document) return nullptr;
    session->compiled_policy = std::make_shared<const policy::Document>(*std::move(document));
  }
  who.session = std::move(session);
  return known;
}

std::string default_name(std::string_view service) {
  return std::string(service.substr(0, service.find('.')));
}

std::unexpected<Error> cannot_assume(const RoleUse& use) {
  return fail("AccessDeniedException",
              use.service + " is not authorized to perform: sts:AssumeRole on resource: " + use.role_arn);
}

/// "lambda" of "arn:aws:iam::123456789012:role/service-role/lambda".
std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

/// The last sessions seen, so that a caller's token is opened once. Any thread.
struct Sessions::Cache {
  static constexpr std::size_t kStripes = 16;
  static constexpr std::size_t kMostOfStripe = 256;
  struct Entry {
    std::string token;
    std::shared_ptr<const KnownSession> session;
  };
  struct Stripe {
    std::mutex mutex;
    std::map<std::string, Entry, std::less<>> entries;
  };
  std::array<Stripe, kStripes> stripes;

  Stripe& stripe_of(std::string_view access_key) {
    return stripes[std::hash<std::string_view>()(access_key) % kStripes];
  }
};

Sessions::Sessions(const Callers& callers, const Authority& authority, const Sealer& sealer, const Clock& clock,
                   Random& random)
    : callers_(callers),
      authority_(authority),
      sealer_(sealer),
      clock_(clock),
      random_(random),
      cache_(std::make_unique<Cache>()) {}

Sessions::~Sessions() = default;

Result<std::shared_ptr<const Role>> Sessions::find_role(const RoleUse& use, bool must_be_there) const {
  const auto arn = Arn::parse(use.role_arn);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return cannot_assume(use);
  // Services take on roles of the account that they work for, and no others.
  const bool foreign = !use.source_account.empty() && arn->account != use.source_account;
  if (authority_.verifying() && foreign) return cannot_assume(use);
  std::shared_ptr<const Role> role = callers_.find_role(use.role_arn);
  if (!role) {
    if (must_be_there) return cannot_assume(use);
    return role;
  }
  Call call;
  const auto source = Arn::parse(use.source_arn);
  call.scope = {role->account, source ? source->region : ""};
  call.principal = Principal::service(use.service);
  call.source_arn = use.source_arn;
  call.source_account = use.source_account;
  if (!authority_.decide(call, {"sts:AssumeRole", role->arn, role->account, role->trust})) return cannot_assume(use);
  return role;
}

Result<void> Sessions::may_take_on(const RoleUse& use) const {
  const auto role = find_role(use, authority_.verifying());
  if (!role) return std::unexpected(role.error());
  return {};
}

Result<Principal> Sessions::principal_of(const RoleUse& use) const {
  const auto arn = Arn::parse(use.role_arn);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return cannot_assume(use);
  std::shared_ptr<const Role> role = callers_.find_role(use.role_arn);
  if (authority_.verifying()) {
    auto trusted = find_role(use, authority_.enforcing());
    if (!trusted) return std::unexpected(std::move(trusted).error());
    role = *std::move(trusted);
  }
  const std::string name = role ? role->name : std::string(last_part(arn->resource));
  auto session = std::make_shared<Session>();
  session->name = use.session_name.empty() ? default_name(use.service) : use.session_name;
  session->issuer_type = "Role";
  session->issuer_arn = use.role_arn;
  session->issuer_id = role ? role->id : "AROA" + std::string(kKeyLetters, 'A');
  session->issuer_account = arn->account;
  session->issuer_name = name;
  session->created = clock_.now();
  session->expires = session->created + use.duration;
  session->invoked_by = use.service;
  if (use.for_code) session->source_function = use.source_arn;
  Principal who;
  who.type = PrincipalType::kAssumedRole;
  who.arn = "arn:" + arn->partition + ":sts::" + arn->account + ":assumed-role/" + name + "/" + session->name;
  who.account = arn->account;
  who.id = session->issuer_id + ":" + session->name;
  if (role) who.tags = role->tags;
  const auto source = Arn::parse(use.source_arn);
  if (role && source) callers_.used(role->id, default_name(use.service), source->region);
  who.session = std::move(session);
  return who;
}

Result<TemporaryCredentials> Sessions::assume(const RoleUse& use) const {
  const Result<Principal> principal = principal_of(use);
  if (!principal) return std::unexpected(principal.error());
  return issue(*principal);
}

TemporaryCredentials Sessions::issue(const Principal& principal) const {
  TemporaryCredentials made;
  made.access_key = new_access_key("ASIA", principal.account, random_);
  made.secret = new_secret_key();
  made.token = to_base64(sealer_.seal(encode(principal, made.secret), owner_of(made.access_key)));
  made.expires = principal.session->expires;
  return made;
}

std::shared_ptr<const KnownSession> Sessions::find(std::string_view access_key, std::string_view token) const {
  if (!access_key.starts_with("ASIA") || token.empty() || token.size() > kMaxTokenBytes) return nullptr;
  Cache::Stripe& stripe = cache_->stripe_of(access_key);
  {
    const std::lock_guard lock(stripe.mutex);
    const auto found = stripe.entries.find(access_key);
    if (found != stripe.entries.end() && equal_in_constant_time(found->second.token, token)) {
      return found->second.session;
    }
  }
  const auto sealed = from_base64(token);
  const auto opened = sealed ? sealer_.open(*sealed, owner_of(access_key)) : std::nullopt;
  auto session = opened ? decode(*opened, access_key) : nullptr;
  if (!session) return nullptr;
  const std::lock_guard lock(stripe.mutex);
  if (stripe.entries.size() >= Cache::kMostOfStripe) stripe.entries.clear();
  stripe.entries[std::string(access_key)] = {std::string(token), session};
  return session;
}

// The first 40 bits after the prefix hold a one, the account (at most 39 bits) in AWS's own place: decoders of access
// keys that are around read it.
std::string new_access_key(std::string_view prefix, std::string_view account, Random& random) {
  std::uint64_t number = 0;
  for (const char digit : account) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  // 80 bits: 1 of no meaning, 40 of the account, 39 of chance.
  std::array<std::uint8_t, 10> bits{};
  const std::uint64_t chance = random.next();
  const std::uint64_t high = ((number & 0xFFFFFFFFFFULL) << 7U) | (chance >> 57U) | (1ULL << 47U);
  for (int i = 0; i < 6; ++i) bits[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(high >> (40 - 8 * i));
  for (int i = 0; i < 4; ++i) bits[static_cast<std::size_t>(6 + i)] = static_cast<std::uint8_t>(chance >> (8 * i));
  std::string key(prefix);
  for (std::size_t i = 0; i < kKeyLetters; ++i) {
    unsigned letter = 0;
    for (std::size_t bit = i * 5; bit < i * 5 + 5; ++bit) {
      letter = letter << 1U | (static_cast<unsigned>(bits[bit / 8]) >> (7 - bit % 8) & 1U);
    }
    key += kBase32[letter];
  }
  return key;
}

std::optional<std::string> account_of_access_key(std::string_view access_key) {
  if (access_key.size() != kPrefixLetters + kKeyLetters) return std::nullopt;
  if (!access_key.starts_with("AKIA") && !access_key.starts_with("ASIA")) return std::nullopt;
  std::uint64_t high = 0;  // the first 50 of the 80 bits
  for (const char c : access_key.substr(kPrefixLetters, 10)) {
    const auto place = kBase32.find(c);
    if (place == std::string_view::npos) return std::nullopt;
    high = high << 5U | place;
  }
  const std::uint64_t number = high >> 9U & 0xFFFFFFFFFFULL;
  const std::string digits = std::to_string(number);
  if (digits.size() > 12) return std::nullopt;
  return std::string(12 - digits.size(), '0') + digits;
}

std::string new_secret_key() {
  constexpr std::size_t kBytes = 30;  // 40 letters
  const Sealer::Key key = Sealer::new_key();
  return to_base64(std::string_view(reinterpret_cast<const char*>(key.data()), kBytes));
}

}  // namespace signalbox::cloud
