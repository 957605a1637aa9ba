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
/// A package and its size. Errors: InvalidParameterValueException and the like.
struct StoredCode {
  NewCode code;
  std::int64_t size;
};
asio::awaitable<Result<StoredCode>> store_code(Core& core, cloud::Call call, CodeSource source);

/// Errors: PreconditionFailedException.
Result<void> check_revision(const std::optional<std::string>& given, const std::optional<std::string>& is);

/// The function that a request names; its qualifier stands for a version or alias that is there.
/// Errors: ValidationException, ResourceNotFoundException.
struct Found {
  FunctionPtr function;
  std::string qualifier;
  VersionPtr version;
};
Result<Found> find_function(const Core& core, const cloud::Scope& caller, std::string_view name,
                            const std::optional<std::string>& qualifier);

}  // namespace signalbox::lambda
