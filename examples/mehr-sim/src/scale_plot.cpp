#include "scale_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "mehr/common/text.h"

namespace mehr::sim_cli {
namespace {

constexpr double kWidth = 300;  // of one panel's axes
constexpr double kHeight = 220;
constexpr double kLeft = 70;
constexpr double kTop = 40;
constexpr double kPanel = 400;

/// With so many digits behind the point.
std::string fixed(double value, int digits = 1) {
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "%.*f", digits, value);
  return out.data();
}

std::string short_number(double value) {
  const char* unit = value >= 1e9 ? " G" : value >= 1e6 ? " M" : value >= 1e3 ? " k" : "";
  for (double scale : {1e9, 1e6, 1e3}) {
    if (value >= scale) {
      value /= scale;
      break;
    }
  }
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "%.3g%s", value, unit);
  return out.data();
}

/// Where a value falls between two powers of ten that hold all of them.
struct LogAxis {
  double from = 0;
  double to = 1;
  [[nodiscard]] double place(double value) const {
    return (std::log10(std::max(value, 1e-9)) - from) / (to - from);
  }
};

LogAxis axis_of(const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  LogAxis out{std::floor(std::log10(std::max(*least, 1e-9))),
              std::ceil(std::log10(std::max(*most, 1e-9)))};
  if (out.to <= out.from) out.to = out.from + 1;
  return out;
}

struct Panel {
  std::string title;
  std::vector<double> values;
};

std::string line(double x1, double y1, double x2, double y2, const char* look) {
  return "<line x1=\"" + fixed(x1) + "\" y1=\"" + fixed(y1) + "\" x2=\"" + fixed(x2) + "\" y2=\"" +
         fixed(y2) + "\" class=\"" + look + "\"/>\n";
}

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return "<text x=\"" + fixed(x) + "\" y=\"" + fixed(y) + "\" text-anchor=\"" + anchor + "\">" +
         words + "</text>\n";
}

std::string grid(double left, const LogAxis& x, const LogAxis& y) {
  std::string out;
  for (double power = y.from; power <= y.to; ++power) {
    const double at = kTop + kHeight * (1 - y.place(std::pow(10.0, power)));
    out += line(left, at, left + kWidth, at, "grid");
    out += text(left - 6, at + 4, "end", short_number(std::pow(10.0, power)));
  }
  for (double power = x.from; power <= x.to; ++power) {
    const double at = left + kWidth * x.place(std::pow(10.0, power));
    out += line(at, kTop, at, kTop + kHeight, "grid");
    out += text(at, kTop + kHeight + 18, "middle", short_number(std::pow(10.0, power)));
  }
  return out + text(left + kWidth / 2, kTop + kHeight + 38, "middle", "nodes");
}

std::string draw(const Panel& panel, double left, const std::vector<double>& nodes) {
  const LogAxis x = axis_of(nodes);
  const LogAxis y = axis_of(panel.values);
  std::string out = grid(left, x, y);
  out += text(left + kWidth / 2, kTop - 14, "middle", panel.title);
  std::string course;
  std::string dots;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string px = fixed(left + kWidth * x.place(nodes[i]));
    const std::string py = fixed(kTop + kHeight * (1 - y.place(panel.values[i])));
    course += (i == 0 ? "M" : " L") + px + " " + py;
    dots += "<circle cx=\"" + px + "\" cy=\"" + py + "\" r=\"4\"><title>" + short_number(nodes[i]) +
            " nodes: " + short_number(panel.values[i]) + "</title></circle>\n";
  }
  return out + "<path d=\"" + course + "\"/>\n" + dots;
}

}  // namespace

std::string scale_table(const std::vector<ScalePoint>& points) {
  std::string out =
      "| nodes | announcing | events | virtual time | real time | events/s | bytes per node | "
      "largest node | process |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const ScalePoint& p : points) {
    out += "| " + std::to_string(p.nodes) + " | " + std::to_string(p.announcing) + " | " +
           short_number(static_cast<double>(p.events)) + " | " + fixed(p.virtual_seconds, 1) +
           " s" + " | " + fixed(p.real_seconds, 2) + " s" + " | " +
           short_number(p.events_per_second()) + " | " + common::human_bytes(p.node_bytes) + " | " +
           common::human_bytes(p.node_peak) + " | " + common::human_bytes(p.process_bytes) + " |\n";
  }
  return out;
}

std::string scale_svg(const std::vector<ScalePoint>& points) {
  std::vector<double> nodes;
  std::array<Panel, 3> panels{
      {{"real time, s", {}}, {"events per second", {}}, {"bytes per node", {}}}};
  for (const ScalePoint& p : points) {
    nodes.push_back(static_cast<double>(p.nodes));
    panels[0].values.push_back(p.real_seconds);
    panels[1].values.push_back(p.events_per_second());
    panels[2].values.push_back(p.node_bytes);
  }
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1200 310\" "
      "font-family=\"sans-serif\" "
      "font-size=\"12\">\n<style>.grid{stroke:#ddd}path{fill:none;stroke:#1668b8;stroke-width:2}"
      "circle{fill:#1668b8}</style>\n<rect width=\"1200\" height=\"310\" fill=\"#fff\"/>\n";
  for (std::size_t i = 0; i < panels.size() && !points.empty(); ++i) {
    out += draw(panels[i], kLeft + kPanel * static_cast<double>(i), nodes);
  }
  return out + "</svg>\n";
}

}  // namespace mehr::sim_cli
