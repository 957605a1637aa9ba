// XML elements to structures and back, by their descriptors.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// Longest XML body of a request: a thousand keys to delete, ten thousand parts to complete.
inline constexpr std::size_t kMaxXmlBytes = std::size_t{4} * 1024 * 1024;

/// Reads `text`, whose outermost element has the members of `shape`, into `structure`. No document types, no entities
/// but XML's own. Errors: MalformedXML.
Result<void> read_xml(const Shape& shape, std::string_view text, void* structure);

/// Appends the element `name` with the value; `attributes` ("" or " xmlns=...") as they are.
void write_xml(std::string& out, const Shape& shape, std::string_view name, const void* value,
               std::string_view attributes = {});
/// The same without the element: the members that stand in the body.
void write_xml_members(std::string& out, const Shape& shape, const void* value);
void write_xml_text(std::string& out, std::string_view name, std::string_view text);
/// For people to read: what XML does not know as characters is shown as unknown (U+FFFD), so that a client can read the
/// document whatever a text repeats.
void write_xml_message(std::string& out, std::string_view name, std::string_view text);

/// A value as text outside of XML, or in it: numbers, true, false. Errors: InvalidArgument.
Result<void> read_xml_scalar(const Shape& shape, std::string_view text, void* out);

/// Whether a text is one of the shape's values, if those are counted and the service does not check them itself; what
/// is taken in any case becomes the value.
bool is_of_enum(const Shape& shape, std::string& text);

std::unexpected<Error> malformed_xml(std::string_view detail);

}  // namespace signalbox::wire
