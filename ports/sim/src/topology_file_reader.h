// Topologies out of trees of values: what JSON files and scenarios have in common. Private to
// ports/sim.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "input_value.h"
#include "mehr/sim/topology.h"

namespace mehr::sim {

inline constexpr std::size_t kTopologyBytes = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t kMostNodes = 100'000;
inline constexpr std::size_t kMostLinks = 1'000'000;

/// A place as it was written: in metres, or in degrees.
struct PlaceDraft {
  enum class Kind : std::uint8_t { none, plane, globe };
  std::optional<double> x, y, lat, lon;
  [[nodiscard]] Kind kind() const { return x ? Kind::plane : lat ? Kind::globe : Kind::none; }
};

struct CornerDraft {
  std::optional<Duration> at;
  PlaceDraft place;
  std::size_t line = 0;
};

/// A node as it was written; what is absent was not said.
struct NodeDraft {
  std::string name;
  PlaceDraft place;
  std::vector<CornerDraft> path;
  std::optional<bool> announces;
  std::optional<double> skew_ppm;
  std::optional<Limits> limits;
  std::size_t line = 0;

  /// Everything but name and places.
  void apply_to(NodeSpec& node) const;
};
/// Checked by itself: it has a name, whole places, and corners in rising order.
[[nodiscard]] NodeDraft read_node(const InputValue& value);

using NodeNames = std::map<std::string, NodeIndex, std::less<>>;
/// The node called @p name; refuses an unknown one with a suggestion.
[[nodiscard]] NodeIndex find_node(const NodeNames& nodes, const std::string& name,
                                  std::size_t line);
/// The key of the medium called @p name in @p media; a built-in one is added when it is named.
[[nodiscard]] const std::string& find_media(std::map<std::string, Media>& media,
                                            const std::string& name, std::size_t line);
/// Reads the media of the table @p value over those in @p media.
void read_media_table(const InputValue& value, std::map<std::string, Media>& media);

/// @p value has the keys "name", "media", "nodes", "links" and "members".
[[nodiscard]] Topology read_topology(const InputValue& value, std::map<std::string, Media> media);

}  // namespace mehr::sim
