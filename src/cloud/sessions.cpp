#include "cloud/sessions.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/encoding.h"
#include "cloud/scope.h"
#include "policy/evaluate.h"
#include "store/fields.h"

namespace signalbox::cloud {
namespace {

constexpr std::size_t kMaxTokenBytes = 16 * 1024;
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kKeyLetters = 16;
constexpr std::size_t kPrefixLetters = 4;

std::string owner_of(std::string_view access_key) {
  return "session " + std::string(access_key);
}

/// What a token has of a session, sealed.
struct SessionRecord {
  static constexpr std::uint8_t kVersion = 2;  // 2: the source function
  Principal who;
  std::string secret;
  Session session;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& field) {
    auto& who = self.who;
    auto& session = self.session;
    field("type", who.type)("arn", who.arn)("account", who.account)("id", who.id)("user_name", who.user_name);
    field("tags", who.tags)("secret", self.secret)("name", session.name)("issuer_type", session.issuer_type);
    field("issuer_arn", session.issuer_arn)("issuer_id", session.issuer_id);
    field("issuer_account", session.issuer_account)("issuer_name", session.issuer_name);
    field("created", session.created)("expires", session.expires)("mfa", session.mfa);
    field("source_identity", session.source_identity)("chained", session.chained);
    field("session_tags", session.tags)("transitive_tag_keys", session.transitive_tag_keys);
    field("policy", session.policy)("policy_arns", session.policy_arns)("invoked_by", session.invoked_by);
    if (field.since(2)) field("source_function", session.source_function);
  }
  bool restore() {
    if (session.policy.empty()) return true;
    auto document = policy::Document::parse(session.policy, policy::DocumentKind::kInline);
    if (!document) return false;
    session.compiled_policy = std::make_shared<const policy::Document>(*std::move(document));
    return true;
  }
};

/// Null for what is no such record.
std::shared_ptr<const KnownSession> read_session(std::string_view bytes, std::string_view access_key) {
  auto record = store::decode<SessionRecord>(bytes);
  if (!record) return nullptr;
  auto known = std::make_shared<KnownSession>(std::move(record->who), std::move(record->secret));
  known->principal.access_key = access_key;
  known->principal.session = std::make_shared<const Session>(std::move(record->session));
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
  made.token = to_base64(sealer_.seal(store::encode(SessionRecord{principal, made.secret, *principal.session}),
                                      owner_of(made.access_key)));
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
  auto session = opened ? read_session(*opened, access_key) : nullptr;
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
