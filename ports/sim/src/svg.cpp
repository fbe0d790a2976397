#include "svg.h"

#include <array>
#include <cstdio>

#include "mehr/sim/report.h"
#include "report_words.h"

namespace mehr::sim {
namespace {

std::string hex_of(Colour c) {
  std::array<char, 8> out{};
  std::snprintf(out.data(), out.size(), "#%02x%02x%02x", unsigned{c.red}, unsigned{c.green},
                unsigned{c.blue});
  return out.data();
}

// Plain colours, not variables: not every viewer of SVG knows those.
std::string rules(bool dark) {
  std::string out;
  for (std::size_t i = 0; i < kInks; ++i) {
    const std::string k = std::to_string(i);
    const std::string colour = hex_of(colour_of(static_cast<Ink>(i), dark));
    out += ".k" + k + "{fill:" + colour + "}.s.k" + k + "{fill:none;stroke:" + colour + "}.e" + k +
           "{stroke:" + colour + "}\n";
  }
  const std::string paper = hex_of(colour_of(Ink::paper, dark));
  return out + ".halo{stroke:" + paper + "}\n";
}

// An element with a tooltip, or one that ends at once.
std::string closing(std::string_view element, const std::string& title) {
  if (title.empty()) return "/>\n";
  return "><title>" + escaped(title) + "</title></" + std::string(element) + ">\n";
}

std::string stroke_text(const Stroke& stroke) {
  std::string path;
  for (const auto& [from, to] : stroke.lines) {
    path += "M" + number(from.x) + " " + number(from.y) + "L" + number(to.x) + " " + number(to.y);
  }
  return "<path class=\"s " + ink_class(stroke.ink) + "\" stroke-width=\"" +
         number(stroke.width, 2) + "\" d=\"" + path + "\"" + closing("path", stroke.title);
}

std::string disc_text(const Disc& disc) {
  return "<circle class=\"" + ink_class(disc.fill) + " e" +
         std::to_string(static_cast<unsigned>(disc.edge)) + "\" cx=\"" + number(disc.at.x) +
         "\" cy=\"" + number(disc.at.y) + "\" r=\"" + number(disc.radius) + "\"" +
         closing("circle", disc.title);
}

std::string label_text(const Label& label) {
  return "<text class=\"halo " + ink_class(label.ink) + "\" x=\"" + number(label.at.x) + "\" y=\"" +
         number(label.at.y) + "\" font-size=\"" + number(label.size) + "\">" + escaped(label.text) +
         "</text>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : readable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string number(double value, int decimals) { return decimal_text(value, decimals); }

std::string ink_class(Ink ink) { return "k" + std::to_string(static_cast<unsigned>(ink)); }

std::string ink_styles() {
  return "circle{stroke-width:1.5}.s{stroke-linecap:round}"
         ".halo{paint-order:stroke;stroke-width:3;stroke-linejoin:round}\n" +
         rules(false) + "@media(prefers-color-scheme:dark){\n" + rules(true) + "}\n";
}

std::string to_svg(const Drawing& drawing, std::string_view title, bool standalone) {
  std::string out = "<svg ";
  if (standalone) {
    out += "xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(drawing.width) +
           "\" height=\"" + number(drawing.height) + "\" ";
  }
  out += "viewBox=\"0 0 " + number(drawing.width) + " " + number(drawing.height) +
         "\" role=\"img\" font-family=\"system-ui,sans-serif\" text-anchor=\"middle\">\n<title>" +
         escaped(title) + "</title>\n";
  if (standalone) {
    out += "<style>" + ink_styles() + "</style>\n<rect class=\"" + ink_class(Ink::paper) +
           "\" width=\"100%\" height=\"100%\"/>\n";
  }
  for (const Stroke& stroke : drawing.strokes) out += stroke_text(stroke);
  for (const Disc& disc : drawing.discs) out += disc_text(disc);
  for (const Label& label : drawing.labels) out += label_text(label);
  return out + "</svg>\n";
}

std::string svg(const Topology& topology) {
  return to_svg(draw(topology, edges_of(topology)), topology.name, true);
}

}  // namespace mehr::sim
