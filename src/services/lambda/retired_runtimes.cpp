#include "services/lambda/retired_runtimes.h"

#include <algorithm>
#include <string>

#include "services/lambda/names.h"

namespace signalbox::lambda {
namespace {

// python2.7 is blocked at AWS, too; here it is taken, as the walkthroughs of its time print it
// (docs/decisions/0050-lambda-runtimes.md).
constexpr std::string_view kBlocked[] = {
    "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "go1.x",      "java8",      "nodejs",
    "nodejs10.x",    "nodejs12.x",    "nodejs14.x",    "nodejs4.3",     "nodejs6.10", "nodejs8.10", "nodejs4.3-edge",
    "provided",      "python3.6",     "python3.7",     "ruby2.5",       "ruby2.7",
};

/// What functions can be created with, as AWS lists it to who names anything else.
constexpr std::string_view kOffered[] = {
    "nodejs20.x", "nodejs22.x", "nodejs24.x", "nodejs18.x",   "nodejs16.x",      "python3.8", "python3.9",
    "python3.10", "python3.11", "python3.12", "python3.13",   "python3.14",      "java8.al2", "java11",
    "java17",     "java21",     "java25",     "dotnet6",      "dotnet8",         "dotnet10",  "ruby3.2",
    "ruby3.3",    "ruby3.4",    "ruby4.0",    "provided.al2", "provided.al2023",
};

std::string offered() {
  std::string list;
  for (const std::string_view runtime : kOffered) {
    list.append(list.empty() ? "" : ", ").append(runtime);
  }
  return list;
}

}  // namespace

Result<void> check_runtime(std::string_view runtime) {
  if (std::ranges::count(kOffered, runtime) != 0 || runtime == "python2.7") return {};
  if (std::ranges::count(kBlocked, runtime) == 0) {
    return invalid("Value " + std::string(runtime) +
                   " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [" + offered() +
                   "] or be a valid ARN");
  }
  return invalid("The runtime parameter of " + std::string(runtime) +
                 " is no longer supported for creating or updating AWS Lambda functions. We recommend you use a "
                 "supported runtime while creating or updating functions.");
}

}  // namespace signalbox::lambda
