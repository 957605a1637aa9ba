// Floating-point numbers as AWS's services write them, and read them where a text stands for one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"

namespace signalbox::wire {

/// "30.0", "0.001", "1.0E7", "NaN", "-Infinity": as Java prints a double, which is what AWS's answers show: always with
/// a fraction, with an exponent from ten million on and below a thousandth.
std::string double_text(double value);

/// A decimal number, or "NaN", "Infinity", "-Infinity"; empty optional for anything else.
std::optional<double> double_of(std::string_view text);

/// The three texts that stand for numbers which decimal digits cannot say; empty optional for anything else.
std::optional<double> special_double(std::string_view text);

/// The number as JSON: those that decimal digits cannot say as texts.
void write_double(json::Writer& writer, double value);

}  // namespace signalbox::wire
