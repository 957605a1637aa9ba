// Changing functions: one at a time in an account, each change one commit.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "services/lambda/core.h"

namespace signalbox::lambda {

/// What a change does to a copy of the function; what it adds to the batch is committed with it.
using FunctionChange = std::function<Result<void>(Function& function, store::Batch& batch)>;

/// Changes a function that is there, and gives it as it is then. Errors: ResourceNotFoundException, those of `change`,
/// those of the store.
asio::awaitable<Result<FunctionPtr>> change_function(Core& core, FunctionName name, FunctionChange change);

/// Adds a version's record.
void put_version(Core& core, const FunctionName& name, const Version& version, store::Batch& batch);

/// The revision of what a qualifier stands for: an alias, a version, the latest. Nothing where there is none.
std::optional<std::string> revision_of(const Function& function, std::string_view qualifier);
/// Gives that another one, as changes of policies and tags do. What runs stays as it is.
void renew_revision(Core& core, Function& function, const std::string& qualifier, store::Batch& batch);

/// Makes the latest, as it is, a version with a number, unless nothing changed since the last: then that one.
VersionPtr publish(Core& core, Function& function, const std::optional<std::string>& description, store::Batch& batch);

/// A package in the code store that nothing refers to yet; it goes with this object unless something does by then.
class NewCode {
 public:
  NewCode(Core& core, std::string name) : core_(&core), name_(std::move(name)) {}
  NewCode(NewCode&& other) noexcept : core_(std::exchange(other.core_, nullptr)), name_(std::move(other.name_)) {}
  NewCode& operator=(NewCode&&) = delete;
  ~NewCode() {
    if (core_ != nullptr) core_->settle_code(name_, true);
  }
  const std::string& name() const { return name_; }

 private:
  Core* core_;
  std::string name_;
};

/// Where a request has its package: inline, or in S3.
struct CodeSource {
  std::optional<std::string> zip;
  std::optional<std::string> bucket;
  std::optional<std::string> key;
  std::optional<std::string> version;
};
/// A package and its size. Errors: InvalidParameterValueException and the like; `operation` is what they name.
struct StoredCode {
  NewCode code;
  std::int64_t size;
};
asio::awaitable<Result<StoredCode>> store_code(Core& core, cloud::Call call, CodeSource source,
                                               std::string_view operation);

/// Errors: PreconditionFailedException, which says where the revision is to be had ("GetFunction/GetAlias").
Result<void> check_revision(const std::optional<std::string>& given, const std::optional<std::string>& is,
                            std::string_view from = "GetFunction/GetAlias");

/// The function that a request names; its qualifier stands for a version or alias that is there.
struct Found {
  FunctionPtr function;
  std::string qualifier;
  VersionPtr version;
};
/// For the operation of that name ("GetFunction"), by whoever calls: another account's function only where its policy
/// lets the caller do that, in every auth mode. Errors: ValidationException, ResourceNotFoundException,
/// AccessDeniedException.
Result<Found> find_function(const Core& core, const cloud::Call& call, std::string_view operation,
                            std::string_view name, const std::optional<std::string>& qualifier);
/// Errors: InvalidParameterValueException for what names a version or an alias where only functions are taken.
Result<Found> find_unqualified(const Core& core, const cloud::Call& call, std::string_view operation,
                               std::string_view name);

}  // namespace signalbox::lambda
