// Drawings as SVG, and text that is safe inside XML. Private to ports/sim.
#pragma once

#include <string>
#include <string_view>

#include "drawing.h"

namespace mehr::sim {

/// @p text for the inside of an element or a quoted attribute.
[[nodiscard]] std::string escaped(std::string_view text);
/// Coordinates: at most @p decimals digits behind the point.
[[nodiscard]] std::string number(double value, int decimals = 1);
/// "kN", the class that wears an ink.
[[nodiscard]] std::string ink_class(Ink ink);
/// CSS that gives the classes their colours: light, and dark for who prefers that.
[[nodiscard]] std::string ink_styles();
/// @p standalone: a file of its own, with namespace, colours and paper.
[[nodiscard]] std::string to_svg(const Drawing& drawing, std::string_view title, bool standalone);

}  // namespace mehr::sim
