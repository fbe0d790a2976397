#include "html_chart.h"

#include <algorithm>
#include <array>

#include "report_words.h"
#include "svg.h"
#include "words.h"

namespace mehr::sim {
namespace {

constexpr double kWidth = 1000;
constexpr double kLeft = 64;
constexpr double kRight = 16;
constexpr double kTop = 12;
constexpr double kPlot = 190;  // height of the plot itself
constexpr double kBottom = 42;
constexpr std::size_t kMostLanes = 40;
constexpr double kLane = 18;

// The smallest 1, 2 or 5 times a power of ten that is not below @p least.
double nice(double least) {
  double power = 1;
  while (power > least) power /= 10;
  while (power * 10 <= least) power *= 10;
  for (const double step : {1.0, 2.0, 5.0}) {
    if (power * step >= least * 0.999999) return power * step;
  }
  return power * 10;
}

// Between ticks of the time axis, so that there are at most ten.
Duration time_step(Duration whole) {
  using namespace std::chrono;
  static constexpr std::array<Duration, 25> kSteps = {
      microseconds(1),  microseconds(10),  microseconds(100), milliseconds(1),   milliseconds(10),
      milliseconds(50), milliseconds(100), milliseconds(200), milliseconds(500), seconds(1),
      seconds(2),       seconds(5),        seconds(10),       seconds(20),       seconds(30),
      minutes(1),       minutes(2),        minutes(5),        minutes(10),       minutes(30),
      hours(1),         hours(2),          hours(6),          hours(12),         hours(24)};
  for (const Duration step : kSteps) {
    if (whole / step <= 10) return step;
  }
  return hours(24) * (whole / hours(24) / 10 + 1);
}

struct Scale {
  double end = 1;  // nanoseconds
  double top = 1;
  double bottom = 0;  // where the time axis lies
  [[nodiscard]] double x(Instant at) const {
    const double t = std::min(static_cast<double>(at.time_since_epoch().count()), end);
    return kLeft + (kWidth - kLeft - kRight) * t / end;
  }
  [[nodiscard]] double y(double value) const {
    return bottom - (bottom - kTop) * std::min(value, top) / top;
  }
};

Scale scale_of(Instant end, double top, double plot) {
  Scale out;
  out.end = std::max(static_cast<double>(end.time_since_epoch().count()), 1.0);
  out.top = top;
  out.bottom = kTop + plot;
  return out;
}

std::string text_at(double x, double y, const std::string& text, const char* classes) {
  return "<text class=\"" + std::string(classes) + "\" x=\"" + number(x) + "\" y=\"" + number(y) +
         "\">" + escaped(text) + "</text>\n";
}

std::string rule(double x1, double y1, double x2, double y2, const char* classes) {
  return "<path class=\"" + std::string(classes) + "\" d=\"M" + number(x1) + " " + number(y1) +
         "L" + number(x2) + " " + number(y2) + "\"/>\n";
}

std::string time_axis(const Scale& scale, Instant end) {
  const Duration whole = end.time_since_epoch();
  const Duration step = time_step(whole);
  std::string out = rule(kLeft, scale.bottom, kWidth - kRight, scale.bottom, "axis");
  for (Duration t{0}; t <= whole; t += step) {
    const double x = scale.x(Instant{} + t);
    out += rule(x, scale.bottom, x, scale.bottom + 5, "axis");
    out += text_at(x, scale.bottom + 18, t == Duration{0} ? "0" : span_text(t), "tick mid");
  }
  return out +
         text_at((kLeft + kWidth - kRight) / 2, scale.bottom + 36, "virtual time", "tick mid");
}

std::string value_axis(const Scale& scale, double step, const std::string& unit) {
  std::string out;
  for (double value = 0; value <= scale.top * 1.0001; value += step) {
    const double y = scale.y(value);
    out += rule(kLeft, y, kWidth - kRight, y, "grid");
    out += text_at(kLeft - 8, y + 4, short_text(value), "tick end");
  }
  const std::string middle = number((kTop + scale.bottom) / 2);
  return out + "<text class=\"tick mid\" x=\"14\" y=\"" + middle + "\" transform=\"rotate(-90 14 " +
         middle + ")\">" + escaped(unit) + "</text>\n";
}

std::string bands_svg(const Scale& scale, const std::vector<ChartBand>& bands) {
  std::string out;
  for (const ChartBand& band : bands) {
    const double from = scale.x(band.from);
    out += "<rect class=\"band\" x=\"" + number(from) + "\" y=\"" + number(kTop) + "\" width=\"" +
           number(std::max(scale.x(band.to) - from, 1.0)) + "\" height=\"" +
           number(scale.bottom - kTop) + "\"/>\n";
  }
  return out;
}

std::string curve_svg(const Scale& scale, const std::vector<Instant>& at, const ChartCurve& curve) {
  std::string path;
  double before = 0;
  for (std::size_t i = 0; i < std::min(at.size(), curve.values.size()); ++i) {
    const double x = scale.x(at[i]);
    const double y = scale.y(curve.values[i]);
    if (i != 0 && curve.is_stepped) path += "L" + number(x) + " " + number(before);
    path += (i == 0 ? "M" : "L") + number(x) + " " + number(y);
    before = y;
  }
  if (path.empty()) return "";
  return "<path class=\"s curve " + ink_class(curve.ink) + "\" d=\"" + path + "\"><title>" +
         escaped(curve.name) + "</title></path>\n";
}

std::string open_svg(const std::string& title, double height) {
  return "<svg viewBox=\"0 0 " + number(kWidth) + " " + number(height) + "\" role=\"img\"><title>" +
         escaped(title) + "</title>\n";
}

}  // namespace

std::string chart_svg(const Chart& chart) {
  double top = chart.top;
  for (const ChartCurve& curve : chart.curves) {
    for (const double value : curve.values) {
      if (chart.top <= 0) top = std::max(top, value);
    }
  }
  const double step = chart.top > 0 ? chart.top / 4 : nice(std::max(top, 1e-9) / 4.5);
  if (chart.top <= 0) {
    double steps = 1;
    while (steps * step < top) ++steps;
    top = steps * step;
  }
  const Scale scale = scale_of(chart.end, top, kPlot);
  std::string out = open_svg(chart.title, kTop + kPlot + kBottom);
  out += bands_svg(scale, chart.bands);
  out += value_axis(scale, step, chart.unit);
  out += time_axis(scale, chart.end);
  for (const ChartCurve& curve : chart.curves) out += curve_svg(scale, chart.at, curve);
  return out + "</svg>\n";
}

std::string lanes_svg(const std::string& title, const std::vector<LaneBar>& bars, Instant end) {
  std::vector<Instant> busy_until;
  std::vector<std::size_t> lanes;
  for (const LaneBar& bar : bars) {
    std::size_t lane = 0;
    while (lane < busy_until.size() && busy_until[lane] > bar.from) ++lane;
    lane = std::min(lane, kMostLanes - 1);
    if (lane == busy_until.size()) busy_until.push_back(Instant{});
    busy_until[lane] = std::max(busy_until[lane], bar.to);
    lanes.push_back(lane);
  }
  const double plot = kLane * static_cast<double>(std::max<std::size_t>(busy_until.size(), 1));
  const Scale scale = scale_of(end, 1, plot);
  std::string out = open_svg(title, kTop + plot + kBottom) + time_axis(scale, end);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const LaneBar& bar = bars[i];
    const double x = scale.x(bar.from);
    const double y = kTop + kLane * static_cast<double>(lanes[i]);
    const double wide = std::max(scale.x(bar.to) - x, 2.0);
    out += "<rect class=\"bar " + ink_class(bar.ink) + "\" x=\"" + number(x) + "\" y=\"" +
           number(y + 2) + "\" width=\"" + number(wide) + "\" height=\"" + number(kLane - 4) +
           "\" rx=\"2\"><title>" + escaped(bar.title) + "</title></rect>\n";
    // About six units for each letter of this size.
    const auto letters = static_cast<std::size_t>(std::max(wide - 8, 0.0) / 6.2);
    if (letters >= 6)
      out += text_at(x + 5, y + kLane - 5.5, shortened(bar.label, letters), "on-bar");
  }
  return out + "</svg>\n";
}

std::string legend_html(const std::vector<std::pair<std::string, Ink>>& entries) {
  std::string out = "<p class=\"legend\">";
  for (const auto& [name, ink] : entries) {
    out += "<span><svg viewBox=\"0 0 18 8\" class=\"key\"><path class=\"s " + ink_class(ink) +
           "\" stroke-width=\"4\" d=\"M2 4L16 4\"/></svg>" + escaped(name) + "</span> ";
  }
  return out + "</p>\n";
}

}  // namespace mehr::sim
