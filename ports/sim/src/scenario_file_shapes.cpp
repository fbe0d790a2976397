#include "scenario_file_shapes.h"

#include <algorithm>
#include <array>

#include "topology_file_reader.h"

namespace mehr::sim {
namespace {

/// Everything any shape may need.
struct ShapeDraft {
  std::size_t nodes = 0, width = 0, height = 0, hubs = 0, leaves = 0, side = 0, far = 0, links = 0;
  double degree = 0, rewired = 0;
  struct MediaName {
    std::string name;
    std::size_t line = 0;
  };
  MediaName media, backbone, access;
  std::uint64_t seed = 0;
  std::map<std::string, Media> known;
  std::size_t line = 0;

  [[nodiscard]] const Media& medium(const MediaName& of) {
    return known.at(find_media(known, of.name, of.line));
  }
};

template <auto Member, std::size_t Least, std::size_t Most>
constexpr InputField<ShapeDraft> count_field(std::string_view key) {
  return {key, [](ShapeDraft& to, const InputValue& value, std::string_view k) {
            to.*Member = as_count(value, k, Least, Most);
          }};
}
template <auto Member>
constexpr InputField<ShapeDraft> media_field(std::string_view key) {
  return {key, [](ShapeDraft& to, const InputValue& value, std::string_view k) {
            to.*Member = {as_name(value, k), value.line};
          }};
}

constexpr InputField<ShapeDraft> kFields[] = {
    {"shape", [](ShapeDraft&, const InputValue&, std::string_view) {}},       // read by shape_of
    {"announcers", [](ShapeDraft&, const InputValue&, std::string_view) {}},  // ... by the caller
    count_field<&ShapeDraft::nodes, 1, kMostNodes>("nodes"),
    count_field<&ShapeDraft::width, 1, kMostNodes>("width"),
    count_field<&ShapeDraft::height, 1, kMostNodes>("height"),
    count_field<&ShapeDraft::hubs, 1, kMostNodes>("hubs"),
    count_field<&ShapeDraft::leaves, 0, kMostNodes>("leaves"),
    count_field<&ShapeDraft::side, 1, 316>("side"),
    count_field<&ShapeDraft::far, 0, 100>("far"),
    count_field<&ShapeDraft::links, 1, 1000>("links"),
    {"degree", [](ShapeDraft& to, const InputValue& value,
                  std::string_view key) { to.degree = as_number(value, key, 0, 1000); }},
    {"rewired", [](ShapeDraft& to, const InputValue& value,
                   std::string_view key) { to.rewired = as_number(value, key, 0, 1); }},
    media_field<&ShapeDraft::media>("media"),
    media_field<&ShapeDraft::backbone>("backbone"),
    media_field<&ShapeDraft::access>("access"),
};

void check_size(const ShapeDraft& draft, double nodes, double links) {
  const auto check = [&draft](double has, const char* what, std::size_t most) {
    if (has <= static_cast<double>(most)) return;
    refuse(draft.line, "that makes " + number_text(has) + " " + what + "; a topology has " +
                           std::to_string(most) + " at most");
  };
  check(nodes, "nodes", kMostNodes);
  check(links, "links", kMostLinks);
}

Topology make_grid(ShapeDraft& d) {
  const double nodes = static_cast<double>(d.width) * static_cast<double>(d.height);
  check_size(d, nodes, 2 * nodes);
  return grid(d.width, d.height, d.medium(d.media));
}

Topology make_star(ShapeDraft& d) {
  const double nodes = static_cast<double>(d.hubs) * static_cast<double>(1 + d.leaves);
  check_size(d, nodes, nodes);
  return star_of_stars(d.hubs, d.leaves, d.medium(d.backbone), d.medium(d.access));
}

Topology make_geometric(ShapeDraft& d) {
  const auto nodes = static_cast<double>(d.nodes);
  if (d.degree > nodes - 1) {
    refuse(d.line, "a mean degree of " + number_text(d.degree) + " needs more than " +
                       std::to_string(d.nodes) + " nodes: nobody has more links than others");
  }
  check_size(d, nodes, nodes * d.degree / 2);
  return random_geometric(d.nodes, d.degree, d.medium(d.media), d.seed);
}

Topology make_watts(ShapeDraft& d) {
  const auto degree = static_cast<std::size_t>(d.degree);
  if (static_cast<double>(degree) != d.degree || degree % 2 != 0 || degree < 2 ||
      degree >= d.nodes) {
    refuse(d.line, R"(the "degree" of watts_strogatz is an even number from 2 on and less than )"
                   R"("nodes", not )" +
                       number_text(d.degree));
  }
  check_size(d, static_cast<double>(d.nodes), static_cast<double>(d.nodes) * d.degree / 2);
  return watts_strogatz(d.nodes, degree, d.rewired, d.medium(d.media), d.seed);
}

Topology make_kleinberg(ShapeDraft& d) {
  const double nodes = static_cast<double>(d.side) * static_cast<double>(d.side);
  check_size(d, nodes, nodes * (2 + static_cast<double>(d.far)));
  return kleinberg(d.side, d.far, d.medium(d.media), d.seed);
}

Topology make_scale_free(ShapeDraft& d) {
  check_size(d, static_cast<double>(d.nodes),
             static_cast<double>(d.nodes) * static_cast<double>(d.links));
  return scale_free(d.nodes, d.links, d.medium(d.media), d.seed);
}

Topology make_ring_of_ids(ShapeDraft& d) {
  check_size(d, static_cast<double>(d.nodes),
             static_cast<double>(d.nodes) * (2 + static_cast<double>(d.far)));
  return ring_of_ids(d.nodes, d.far, d.medium(d.media), d.seed);
}

struct Shape {
  std::string_view name;
  std::array<std::string_view, 4> needs;  ///< empty where it needs fewer
  Topology (*make)(ShapeDraft& draft);
};

constexpr Shape kShapes[] = {
    {"line", {"nodes", "media"}, [](ShapeDraft& d) { return line(d.nodes, d.medium(d.media)); }},
    {"ring", {"nodes", "media"}, [](ShapeDraft& d) { return ring(d.nodes, d.medium(d.media)); }},
    {"grid", {"width", "height", "media"}, &make_grid},
    {"star_of_stars", {"hubs", "leaves", "backbone", "access"}, &make_star},
    {"random_geometric", {"nodes", "degree", "media"}, &make_geometric},
    {"watts_strogatz", {"nodes", "degree", "rewired", "media"}, &make_watts},
    {"kleinberg", {"side", "far", "media"}, &make_kleinberg},
    {"ring_of_ids", {"nodes", "far", "media"}, &make_ring_of_ids},
    {"scale_free", {"nodes", "links", "media"}, &make_scale_free},
};

const Shape& shape_of(const InputValue::Table& table) {
  std::array<std::string_view, std::size(kShapes)> names;
  std::transform(std::begin(kShapes), std::end(kShapes), names.begin(),
                 [](const Shape& shape) { return shape.name; });
  return kShapes[as_choice(*find_member(table, "shape"), "shape", names)];
}

void check_needs(const Shape& shape, const InputValue& value, const InputValue::Table& table) {
  std::string needs;
  for (const std::string_view need : shape.needs) {
    if (!need.empty()) needs += (needs.empty() ? "" : ", ") + std::string(need);
  }
  for (const InputMember& member : table) {
    if (member.key == "shape" || member.key == "announcers" ||
        std::find(shape.needs.begin(), shape.needs.end(), member.key) != shape.needs.end()) {
      continue;
    }
    refuse(member.line, "the shape " + in_quotes(shape.name) + " has no " + in_quotes(member.key) +
                            "; it has " + needs);
  }
  for (const std::string_view need : shape.needs) {
    if (need.empty() || find_member(table, need) != nullptr) continue;
    refuse(value.line, "the shape " + in_quotes(shape.name) + " needs " + in_quotes(need) +
                           "; it has " + needs);
  }
}

}  // namespace

Topology read_shape(const InputValue& value, std::map<std::string, Media> media,
                    std::uint64_t seed) {
  const InputValue::Table& table = as_table(value, "[topology]");
  const Shape& shape = shape_of(table);
  ShapeDraft draft;
  draft.seed = seed;
  draft.known = std::move(media);
  draft.line = value.line;
  read_fields(value, "[topology]", kFields, draft);
  check_needs(shape, value, table);
  return shape.make(draft);
}

void limit_announcers(Topology& topology, std::size_t announcers) {
  const std::size_t nodes = topology.nodes.size();
  for (NodeSpec& node : topology.nodes) node.announces = false;
  for (std::size_t i = 0; i < announcers; ++i) {
    topology.nodes[i * nodes / announcers].announces = true;
  }
}

}  // namespace mehr::sim
