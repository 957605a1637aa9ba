// Errors as values: what every fallible function in Signalbox returns.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace signalbox {

/// More that some services say of an error: elements of its XML ("BucketName"), and headers of the answer.
struct ErrorDetails {
  std::vector<std::pair<std::string, std::string>> elements;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Something that went wrong at run time, in terms a caller of the AWS API understands.
struct Error {
  /// The error shape's name as the service's model has it ("ResourceNotFoundException"), or, for what AWS answers
  /// without a model shape, its documented code ("ValidationException", "SerializationException").
  std::string code;
  /// Text for the user; AWS's wording where AWS documents one.
  std::string message;
  /// HTTP status; 0 means "as the service's model says for `code`, else 400".
  int http_status = 0;
  std::shared_ptr<const ErrorDetails> details = {};  // null for none
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail("ResourceNotFoundException", "Rule x does not exist.");`
inline std::unexpected<Error> fail(std::string code, std::string message, int http_status = 0) {
  return std::unexpected(Error{std::move(code), std::move(message), http_status});
}

}  // namespace signalbox
