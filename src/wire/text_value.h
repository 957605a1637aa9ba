// Single values as text: in forms, XML, paths, query strings and headers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "wire/shape.h"

namespace signalbox::wire {

/// Whether a value must be written as its format says, or also in the other ways that AWS's older services take:
/// "True", a date without its time, a date in another format.
enum class Reading : std::uint8_t { kStrict, kTolerant };

/// Reads a scalar of `shape` from text; `otherwise` is the format of a timestamp whose shape names none. False when the
/// text is not of the type (or the shape no scalar).
bool read_text_value(const Shape& shape, std::string_view text, TimestampFormat otherwise, Reading reading, void* out);

std::string text_of_value(const Shape& shape, const void* value, TimestampFormat otherwise);

std::string text_of_time(TimestampFormat format, Time time);

/// The time within what timestamps can say (the years 0001 to 9999); empty optional beyond.
std::optional<Time> time_of_seconds(double seconds);

}  // namespace signalbox::wire
