#include "topology_file_reader.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "media_file.h"
#include "scenario_keys.h"
#include "topology_layout.h"

namespace mehr::sim {
namespace {

// Farther than any two places on Earth are apart.
constexpr double kMostMetres = 5e7;
constexpr double kMostSkewPpm = 50'000;
constexpr Duration kMostTime = std::chrono::hours(24 * 3650);

// The keys of a place, in tables of which it is a part.
template <class T>
constexpr std::array<InputField<T>, 4> place_fields() {
  return {{{"x",
            [](T& to, const InputValue& value, std::string_view key) {
              to.place.x = as_number(value, key, -kMostMetres, kMostMetres);
            }},
           {"y",
            [](T& to, const InputValue& value, std::string_view key) {
              to.place.y = as_number(value, key, -kMostMetres, kMostMetres);
            }},
           {"lat", [](T& to, const InputValue& value,
                      std::string_view key) { to.place.lat = as_number(value, key, -90, 90); }},
           {"lon", [](T& to, const InputValue& value, std::string_view key) {
              to.place.lon = as_number(value, key, -180, 180);
            }}}};
}

void check_place(const PlaceDraft& place, std::string_view what, std::size_t line) {
  const auto half = [&](const char* given, const char* missing) {
    refuse(line, std::string(what) + " has \"" + given + "\" without \"" + missing + "\"");
  };
  if (place.x && !place.y) half("x", "y");
  if (place.y && !place.x) half("y", "x");
  if (place.lat && !place.lon) half("lat", "lon");
  if (place.lon && !place.lat) half("lon", "lat");
  if (place.x && place.lat) {
    refuse(line, std::string(what) +
                     R"( has "x" and "y" as well as "lat" and "lon"; one of them says it)");
  }
}

constexpr auto kCornerPlace = place_fields<CornerDraft>();
constexpr InputField<CornerDraft> kCornerFields[] = {
    {"at", [](CornerDraft& to, const InputValue& value,
              std::string_view key) { to.at = as_duration(value, key, Duration{0}, kMostTime); }},
    kCornerPlace[0],
    kCornerPlace[1],
    kCornerPlace[2],
    kCornerPlace[3],
};

void read_path(NodeDraft& to, const InputValue& value, std::string_view key) {
  for (const InputValue& entry : as_list(value, key)) {
    CornerDraft corner;
    corner.line = entry.line;
    read_fields(entry, "a corner of a path", kCornerFields, corner);
    check_place(corner.place, "a corner of a path", entry.line);
    if (!corner.at || corner.place.kind() == PlaceDraft::Kind::none) {
      refuse(entry.line, R"(a corner of a path needs a time "at" and a place)");
    }
    if (!to.path.empty() && *corner.at <= *to.path.back().at) {
      refuse(entry.line,
             "the corners of a path come in order of time, and this one is not later "
             "than the one before it");
    }
    to.path.push_back(corner);
  }
}

constexpr auto kNodePlace = place_fields<NodeDraft>();
constexpr InputField<NodeDraft> kNodeFields[] = {
    {"name", [](NodeDraft& to, const InputValue& value,
                std::string_view key) { to.name = as_name(value, key); }},
    kNodePlace[0],
    kNodePlace[1],
    kNodePlace[2],
    kNodePlace[3],
    {"path", &read_path},
    {"announces", [](NodeDraft& to, const InputValue& value,
                     std::string_view key) { to.announces = as_bool(value, key); }},
    {"skew_ppm",
     [](NodeDraft& to, const InputValue& value, std::string_view key) {
       to.skew_ppm = as_number(value, key, -kMostSkewPpm, kMostSkewPpm);
     }},
    {"limits", [](NodeDraft& to, const InputValue& value,
                  std::string_view key) { to.limits = read_limits(value, key); }},
};

struct LinkDraft {
  std::string a, b, media;
};
constexpr InputField<LinkDraft> kLinkFields[] = {
    {"a", [](LinkDraft& to, const InputValue& value,
             std::string_view key) { to.a = as_name(value, key); }},
    {"b", [](LinkDraft& to, const InputValue& value,
             std::string_view key) { to.b = as_name(value, key); }},
    {"media", [](LinkDraft& to, const InputValue& value,
                 std::string_view key) { to.media = as_name(value, key); }},
};

/// Degrees to metres around the middle of the nodes: equirectangular, exact enough for a region.
class Projection {
 public:
  explicit Projection(const std::vector<NodeDraft>& nodes) {
    double lat_sum = 0;
    double lon_sum = 0;
    east_of_ = nodes.empty() || !nodes.front().place.lon ? 0 : *nodes.front().place.lon;
    for (const NodeDraft& node : nodes) {
      lat_sum += node.place.lat.value_or(0);
      lon_sum += from_first(node.place.lon.value_or(0));
    }
    const auto count = static_cast<double>(std::max<std::size_t>(nodes.size(), 1));
    lat_ = lat_sum / count;
    lon_ = lon_sum / count;
    shrink_ = direction(lat_ / 360).x;
  }
  [[nodiscard]] Position operator()(const PlaceDraft& place) const {
    if (place.kind() == PlaceDraft::Kind::globe) {
      return {(from_first(*place.lon) - lon_) * kMetresPerDegree * shrink_,
              (*place.lat - lat_) * kMetresPerDegree};
    }
    return {place.x.value_or(0), place.y.value_or(0)};
  }

 private:
  static constexpr double kMetresPerDegree = 6'371'008.8 * 3.14159265358979323846 / 180;
  // Across the date line the short way counts.
  [[nodiscard]] double from_first(double lon) const {
    const double apart = lon - east_of_;
    return apart > 180 ? apart - 360 : apart < -180 ? apart + 360 : apart;
  }
  double east_of_ = 0;
  double lat_ = 0;
  double lon_ = 0;
  double shrink_ = 1;
};

/// Puts a topology together from its parts.
class TopologyReader {
 public:
  explicit TopologyReader(std::map<std::string, Media> media) { out_.media = std::move(media); }

  Topology read(const InputValue& value) {
    static constexpr std::array<std::string_view, 5> kKeys{"name", "media", "nodes", "links",
                                                           "members"};
    const InputValue::Table& table = as_table(value, "a topology");
    check_keys(table, "a topology", kKeys);
    if (const auto* name = find_member(table, "name")) out_.name = as_text(*name, "name");
    if (const auto* media = find_member(table, "media")) read_media_table(*media, out_.media);
    const InputValue* nodes = find_member(table, "nodes");
    if (nodes == nullptr) refuse(value.line, R"(a topology needs "nodes")");
    read_nodes(*nodes);
    if (const auto* links = find_member(table, "links")) read_links(*links);
    if (const auto* members = find_member(table, "members")) read_members(*members);
    return std::move(out_);
  }

 private:
  void read_nodes(const InputValue& value);
  void place_nodes(const std::vector<NodeDraft>& drafts);
  void read_links(const InputValue& value);
  void check_doubles(const std::vector<std::size_t>& lines) const;
  void read_members(const InputValue& value);
  const std::string& media_of(const LinkDraft& draft, std::size_t line);
  void check_reach(const std::string& key, std::size_t line) const;

  Topology out_;
  NodeNames index_;
  bool placed_ = false;
};

void TopologyReader::read_nodes(const InputValue& value) {
  const InputValue::List& list = as_list(value, "nodes");
  if (list.size() > kMostNodes) {
    refuse(value.line, "there are " + std::to_string(list.size()) + " nodes; a topology has " +
                           std::to_string(kMostNodes) + " at most");
  }
  std::vector<NodeDraft> drafts;
  for (const InputValue& entry : list) {
    drafts.push_back(read_node(entry));
    const NodeDraft& draft = drafts.back();
    const auto [known, is_new] =
        index_.emplace(draft.name, static_cast<NodeIndex>(out_.nodes.size()));
    if (!is_new) {
      refuse(entry.line, "there is a node " + in_quotes(draft.name) + " already, on line " +
                             std::to_string(drafts[known->second].line));
    }
    NodeSpec& node = out_.nodes.emplace_back();
    node.name = draft.name;
    draft.apply_to(node);
  }
  place_nodes(drafts);
}

void TopologyReader::place_nodes(const std::vector<NodeDraft>& drafts) {
  static constexpr std::array<const char*, 3> kSaid{"no place", R"("x" and "y")",
                                                    R"("lat" and "lon")"};
  if (drafts.empty()) return;
  const auto kind = drafts.front().place.kind();
  const auto check = [&](const PlaceDraft& place, const NodeDraft& draft, std::size_t line) {
    if (place.kind() == kind) return;
    refuse(line, "the node " + in_quotes(draft.name) + " has " +
                     kSaid[static_cast<std::size_t>(place.kind())] + ", and " +
                     in_quotes(drafts.front().name) + " has " +
                     kSaid[static_cast<std::size_t>(kind)] +
                     "; all nodes and corners of a file are placed alike");
  };
  const Projection project(drafts);
  // Without places the network is drawn as a ring.
  const std::vector<Position> ring = circle(drafts.size(), 100);
  placed_ = kind != PlaceDraft::Kind::none;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    check(drafts[i].place, drafts[i], drafts[i].line);
    out_.nodes[i].at = placed_ ? project(drafts[i].place) : ring[i];
    for (const CornerDraft& corner : drafts[i].path) {
      check(corner.place, drafts[i], corner.line);
      out_.nodes[i].path.push_back({Instant{} + *corner.at, project(corner.place)});
    }
  }
}

void TopologyReader::read_links(const InputValue& value) {
  const InputValue::List& list = as_list(value, "links");
  if (list.size() > kMostLinks) {
    refuse(value.line, "there are " + std::to_string(list.size()) + " links; a topology has " +
                           std::to_string(kMostLinks) + " at most");
  }
  std::vector<std::size_t> lines;
  for (const InputValue& entry : list) {
    LinkDraft draft;
    read_fields(entry, "a link", kLinkFields, draft);
    if (draft.a.empty() || draft.b.empty()) {
      refuse(entry.line, R"(a link needs the names of its two nodes, "a" and "b")");
    }
    LinkSpec link;
    link.a = find_node(index_, draft.a, entry.line);
    link.b = find_node(index_, draft.b, entry.line);
    if (link.a == link.b) {
      refuse(entry.line,
             "the link joins " + in_quotes(draft.a) + " to itself; a link joins two nodes");
    }
    link.media = media_of(draft, entry.line);
    out_.links.push_back(std::move(link));
    lines.push_back(entry.line);
  }
  check_doubles(lines);
}

void TopologyReader::check_doubles(const std::vector<std::size_t>& lines) const {
  std::vector<std::size_t> order(out_.links.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto ends = [this](std::size_t i) {
    const LinkSpec& link = out_.links[i];
    return std::tuple<NodeIndex, NodeIndex, std::string_view>(std::min(link.a, link.b),
                                                              std::max(link.a, link.b), link.media);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return ends(x) < ends(y); });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (ends(order[i]) != ends(order[i - 1])) continue;
    const LinkSpec& link = out_.links[order[i]];
    refuse(lines[order[i]],
           "line " + std::to_string(lines[order[i - 1]]) + " links " +
               in_quotes(out_.nodes[link.a].name) + " and " + in_quotes(out_.nodes[link.b].name) +
               " over " + in_quotes(link.media) + " already; once is enough, it goes both ways");
  }
}

void TopologyReader::read_members(const InputValue& value) {
  for (const InputMember& member : as_table(value, "\"members\"")) {
    const std::string& key = find_media(out_.media, member.key, member.line);
    if (!out_.media.at(key).shared) {
      refuse(member.line, in_quotes(key) +
                              " is not shared, so only links join it; give the medium "
                              "\"shared\": true or leave its members out");
    }
    check_reach(key, member.line);
    std::vector<NodeIndex>& nodes = out_.members[key];
    for (const InputValue& entry : as_list(member.value, member.key)) {
      nodes.push_back(find_node(index_, as_name(entry, member.key), entry.line));
    }
    std::vector<NodeIndex> sorted = nodes;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) {
      refuse(member.line, "the node " + in_quotes(out_.nodes[*twice].name) + " is named twice in " +
                              in_quotes(member.key));
    }
  }
}

const std::string& TopologyReader::media_of(const LinkDraft& draft, std::size_t line) {
  if (draft.media.empty() && out_.media.size() != 1) {
    refuse(line, R"(a link needs "media": it may only be left out when "media" has one entry)");
  }
  const std::string& key =
      draft.media.empty() ? out_.media.begin()->first : find_media(out_.media, draft.media, line);
  check_reach(key, line);
  return key;
}

void TopologyReader::check_reach(const std::string& key, std::size_t line) const {
  const Media& media = out_.media.at(key);
  if (placed_ || (media.range_m <= 0 && media.kind != MediaKind::lora)) return;
  refuse(line, in_quotes(key) +
                   " reaches only so far, and the nodes have no places; give them "
                   R"("x" and "y" in metres or "lat" and "lon" in degrees)");
}

}  // namespace

void NodeDraft::apply_to(NodeSpec& node) const {
  node.announces = announces.value_or(node.announces);
  node.skew_ppm = skew_ppm.value_or(node.skew_ppm);
  if (limits) node.limits = limits;
}

NodeDraft read_node(const InputValue& value) {
  NodeDraft out;
  out.line = value.line;
  read_fields(value, "a node", kNodeFields, out);
  if (out.name.empty()) refuse(value.line, R"(a node needs a "name")");
  check_place(out.place, "the node " + in_quotes(out.name), value.line);
  return out;
}

NodeIndex find_node(const NodeNames& nodes, const std::string& name, std::size_t line) {
  const auto found = nodes.find(name);
  if (found != nodes.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, index] : nodes) names.push_back(known);
  refuse(line,
         "no node is called " + in_quotes(name) + "; " + suggestion(name, names, "there are"));
}

const std::string& find_media(std::map<std::string, Media>& media, const std::string& name,
                              std::size_t line) {
  const auto found = media.find(name);
  if (found != media.end()) return found->first;
  if (const auto built_in = built_in_media(name))
    return media.emplace(name, *built_in).first->first;
  std::vector<std::string_view> names;
  for (const auto& [known, medium] : media) names.push_back(known);
  for (const std::string_view known : built_in_media_names()) {
    if (media.count(std::string(known)) == 0) names.push_back(known);
  }
  refuse(line,
         "no medium is called " + in_quotes(name) + "; " + suggestion(name, names, "there are"));
}

void read_media_table(const InputValue& value, std::map<std::string, Media>& media) {
  for (const InputMember& member : as_table(value, "\"media\"")) {
    if (member.key.empty() || member.key.size() > 64) {
      refuse(member.line, "the name of a medium has 1 to 64 bytes");
    }
    media.insert_or_assign(member.key, read_media(member.value, member.key));
  }
}

Topology read_topology(const InputValue& value, std::map<std::string, Media> media) {
  return TopologyReader(std::move(media)).read(value);
}

}  // namespace mehr::sim
