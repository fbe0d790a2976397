// Topologies as pictures.
#include "../../src/drawing.h"

#include <catch2/catch.hpp>

#include "../../src/svg.h"
#include "mehr/sim/report.h"

namespace {

using namespace mehr;
using namespace mehr::sim;

Topology square() {
  Topology out;
  out.name = "square";
  out.media["lora"] = Media{};
  out.media["tcp"] = Media{};
  for (const Position at : {Position{0, 0}, {100, 0}, {100, 100}, {0, 100}}) {
    NodeSpec node;
    node.name = "n" + std::to_string(out.nodes.size());
    node.at = at;
    out.nodes.push_back(node);
  }
  out.links = {{0, 1, "tcp"}, {1, 2, "lora"}};
  return out;
}

TEST_CASE("sim drawing: north is up, the shape is kept, everything is inside", "[sim][drawing]") {
  const Topology t = square();
  const Drawing d = draw(t, edges_of(t));
  REQUIRE(d.discs.size() == 4);
  REQUIRE(d.strokes.size() == 2);
  CHECK(d.labels.size() == 4);
  CHECK(d.discs[0].at.y > d.discs[3].at.y);
  CHECK(d.discs[1].at.x > d.discs[0].at.x);
  CHECK(d.discs[1].at.x - d.discs[0].at.x == Approx(d.discs[0].at.y - d.discs[3].at.y));
  for (const Disc& disc : d.discs) {
    CHECK((disc.at.x >= 0 && disc.at.x <= d.width && disc.at.y >= 0 && disc.at.y <= d.height));
  }
  CHECK(d.strokes[0].ink == medium_ink(1));
  CHECK(d.strokes[1].ink == medium_ink(0));
  CHECK(d.strokes[0].title == "n0 - n1 (tcp)");
}

TEST_CASE("sim drawing: weight is width, and a node that is down is seen", "[sim][drawing]") {
  const Topology t = square();
  std::vector<Edge> edges = edges_of(t);
  edges[0].weight = 0;
  edges[1].weight = 1;
  std::vector<NodeLook> looks(4);
  looks[2].is_up = false;
  const Drawing d = draw(t, edges, looks);
  CHECK(d.strokes[0].width == Approx(1.2));
  CHECK(d.strokes[1].width == Approx(7.0));
  CHECK(d.discs[2].fill == Ink::down);
  CHECK(d.discs[1].fill == Ink::node);
}

TEST_CASE("sim drawing: nodes in one place or on one line have a picture too", "[sim][drawing]") {
  Topology t = square();
  for (NodeSpec& node : t.nodes) node.at = {5, 5};
  CHECK(draw(t, edges_of(t)).discs[0].at.x == Approx(500));
  for (std::size_t i = 0; i < 4; ++i) t.nodes[i].at = {static_cast<double>(i), 0};
  const Drawing d = draw(t, edges_of(t));
  CHECK(d.height == Approx(140));
  CHECK(d.discs[0].at.y == Approx(d.discs[3].at.y));
}

TEST_CASE("sim drawing: many edges become few strokes", "[sim][drawing]") {
  Topology t = square();
  t.links.assign(5000, {0, 1, "tcp"});
  t.links.insert(t.links.end(), 10, {1, 2, "lora"});
  const Drawing d = draw(t, edges_of(t));
  REQUIRE(d.strokes.size() == 2);
  CHECK(d.strokes[0].lines.size() == 10);
  CHECK(d.strokes[1].lines.size() == 5000);
}

TEST_CASE("sim drawing: SVG of two nodes, to the letter", "[sim][drawing]") {
  Topology t = square();
  t.nodes.resize(2);
  t.links.resize(1);
  const std::string text = svg(t);
  CHECK(
      text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1000\" height=\"140\" "
                       "viewBox=\"0 0 1000 140\""));
  CHECK(
      text.find("<path class=\"s k6\" stroke-width=\"1.78\" d=\"M28 70L972 70\">"
                "<title>n0 - n1 (tcp)</title></path>\n"
                "<circle class=\"k3 e0\" cx=\"28\" cy=\"70\" r=\"9\"><title>n0</title></circle>\n"
                "<circle class=\"k3 e0\" cx=\"972\" cy=\"70\" r=\"9\"><title>n1</title></circle>\n"
                "<text class=\"halo k1\" x=\"28\" y=\"57\" font-size=\"13\">n0</text>\n"
                "<text class=\"halo k1\" x=\"972\" y=\"57\" font-size=\"13\">n1</text>\n"
                "</svg>\n") != std::string::npos);
}

TEST_CASE("sim drawing: PNG where this library can, else a sentence", "[sim][drawing]") {
  const auto picture = png(square());
  REQUIRE(picture.has_value() == png_is_available());
  if (picture) {
    const Bytes head(picture->begin(), picture->begin() + 8);
    CHECK(head == Bytes{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
  } else {
    CHECK(picture.error().code == Errc::unsupported);
  }
}

}  // namespace
