// Drawings as pixels, through cairo where this library was built with it.
#include "drawing.h"
#include "mehr/sim/report.h"

#ifdef MEHR_SIM_PNG

#include <cairo.h>

#include <memory>

namespace mehr::sim {
namespace {

constexpr double kScale = 2;  // pixels per unit: sharp on paper too

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Surface = std::unique_ptr<cairo_surface_t, Freer<&cairo_surface_destroy>>;
using Pen = std::unique_ptr<cairo_t, Freer<&cairo_destroy>>;

void dip(cairo_t* pen, Ink ink) {
  const Colour c = colour_of(ink, false);
  cairo_set_source_rgb(pen, c.red / 255.0, c.green / 255.0, c.blue / 255.0);
}

void paint(cairo_t* pen, const Stroke& stroke) {
  dip(pen, stroke.ink);
  cairo_set_line_width(pen, stroke.width);
  for (const auto& [from, to] : stroke.lines) {
    cairo_move_to(pen, from.x, from.y);
    cairo_line_to(pen, to.x, to.y);
  }
  cairo_stroke(pen);
}

void paint(cairo_t* pen, const Disc& disc) {
  constexpr double kRound = 6.283185307179586;
  cairo_new_path(pen);
  cairo_arc(pen, disc.at.x, disc.at.y, disc.radius, 0, kRound);
  dip(pen, disc.fill);
  cairo_fill_preserve(pen);
  dip(pen, disc.edge);
  cairo_set_line_width(pen, 1.5);
  cairo_stroke(pen);
}

void paint(cairo_t* pen, const Label& label) {
  dip(pen, label.ink);
  cairo_set_font_size(pen, label.size);
  cairo_text_extents_t size{};
  cairo_text_extents(pen, label.text.c_str(), &size);
  cairo_move_to(pen, label.at.x - size.x_advance / 2, label.at.y);
  cairo_show_text(pen, label.text.c_str());
}

cairo_status_t take(void* to, const unsigned char* data, unsigned int length) {
  auto& out = *static_cast<Bytes*>(to);
  out.insert(out.end(), data, data + length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

bool png_is_available() { return true; }

Result<Bytes> png(const Topology& topology) {
  const Drawing drawing = draw(topology, edges_of(topology));
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                   static_cast<int>(drawing.width * kScale),
                                                   static_cast<int>(drawing.height * kScale)));
  const Pen pen(cairo_create(surface.get()));
  cairo_scale(pen.get(), kScale, kScale);
  dip(pen.get(), Ink::paper);
  cairo_paint(pen.get());
  cairo_set_line_cap(pen.get(), CAIRO_LINE_CAP_ROUND);
  cairo_select_font_face(pen.get(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         CAIRO_FONT_WEIGHT_NORMAL);
  for (const Stroke& stroke : drawing.strokes) paint(pen.get(), stroke);
  for (const Disc& disc : drawing.discs) paint(pen.get(), disc);
  for (const Label& label : drawing.labels) paint(pen.get(), label);
  Bytes out;
  if (cairo_status(pen.get()) != CAIRO_STATUS_SUCCESS ||
      cairo_surface_write_to_png_stream(surface.get(), &take, &out) != CAIRO_STATUS_SUCCESS) {
    return fail(Errc::io, "cairo could not draw the topology");
  }
  return out;
}

}  // namespace mehr::sim

#else

namespace mehr::sim {

bool png_is_available() { return false; }

Result<Bytes> png(const Topology&) {
  return fail(Errc::unsupported,
              "this mehr-sim was built without cairo and draws no PNG; --svg needs nothing");
}

}  // namespace mehr::sim

#endif
