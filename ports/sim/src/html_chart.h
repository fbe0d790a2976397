// Line charts over virtual time, and a chart of what lasted how long. Private to ports/sim.
#pragma once

#include <string>
#include <vector>

#include "drawing.h"
#include "mehr/sim/time.h"

namespace mehr::sim {

struct ChartCurve {
  std::string name;
  Ink ink = Ink::text;
  std::vector<double> values;
  bool is_stepped = false;  ///< a level that holds until the next sample
};
/// A time to shade: something was wrong then.
struct ChartBand {
  Instant from;
  Instant to;
};
struct Chart {
  std::string title;
  std::string unit;  ///< of the upright axis
  std::vector<Instant> at;
  std::vector<ChartCurve> curves;
  std::vector<ChartBand> bands;
  Instant end;
  double top = 0;  ///< of the upright axis; 0: what the values need
};
[[nodiscard]] std::string chart_svg(const Chart& chart);

/// One bar: a fault, a node that was down.
struct LaneBar {
  Instant from;
  Instant to;
  Ink ink = Ink::down;
  std::string title;
  std::string label;  ///< as much of it as there is room for
};
/// Bars in as few lanes as keep them apart, 40 at most; the last takes what is left.
[[nodiscard]] std::string lanes_svg(const std::string& title, const std::vector<LaneBar>& bars,
                                    Instant end);

/// The names of the curves beside their colours.
[[nodiscard]] std::string legend_html(const std::vector<std::pair<std::string, Ink>>& entries);

}  // namespace mehr::sim
