#include "picture.h"

#include "cli.h"
#include "mehr/sim/report.h"

namespace mehr::sim_cli {

std::optional<std::string> write_pictures(const sim::Topology& topology,
                                          const std::string& svg_path,
                                          const std::string& png_path) {
  if (!svg_path.empty()) {
    if (auto trouble = write_file(svg_path, sim::svg(topology))) return trouble;
  }
  if (png_path.empty()) return std::nullopt;
  const auto pixels = sim::png(topology);
  if (!pixels) return "cannot draw " + png_path + ": " + pixels.error().text;
  return write_file(png_path, {reinterpret_cast<const char*>(pixels->data()), pixels->size()});
}

}  // namespace mehr::sim_cli
