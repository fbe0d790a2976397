#include "mehr/sim/place.h"

#include <algorithm>

namespace mehr::sim {

Position position_on(Position home, const std::vector<Waypoint>& path, Instant now) {
  const auto next = std::upper_bound(path.begin(), path.end(), now,
                                     [](Instant at, const Waypoint& w) { return at < w.when; });
  if (next == path.begin()) return home;
  const Waypoint& last = *(next - 1);
  if (next == path.end()) return last.at;
  const double share = static_cast<double>((now - last.when).count()) /
                       static_cast<double>((next->when - last.when).count());
  return {last.at.x + (next->at.x - last.at.x) * share,
          last.at.y + (next->at.y - last.at.y) * share};
}

}  // namespace mehr::sim
