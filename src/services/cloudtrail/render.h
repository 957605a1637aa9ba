// Requests and answers as records have them: JSON, with names as CloudTrail spells them and without secrets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/shape.h"

namespace signalbox::cloudtrail {

/// What stands for a value that is not to be recorded.
inline constexpr std::string_view kHiddenText = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// "The maximum size of requestParameters (responseElements) is 100 KB": what is longer is left out.
inline constexpr std::size_t kMaxElements = 100 * 1024;

/// The members of `structure` as a JSON object: names with a small first letter; of S3 as they go over the wire, with
/// "bucketName" and "key" and the subresources of the request line. Hidden or left out is what the service's model
/// calls sensitive, what messages say, and all blobs. "null" when nothing is in it, or too much. `host` is what S3's
/// requests name as theirs; "" for answers. `hidden` gets the texts that are hidden or left out, null for whoever does
/// not want them.
std::string render(const wire::Operation& operation, const wire::Shape& shape, const void* structure,
                   std::string_view host = "", std::vector<std::string>* hidden = nullptr);

/// `text` without those texts, as they are or as JSON has them: what errors say of a request says of its secrets, too.
std::string without(std::string text, const std::vector<std::string>& hidden);

}  // namespace signalbox::cloudtrail
