// Finds neighbours on media without connections: UDP, serial lines, radios, pipes. spec: L0/5.1,
// MK/10
//
// Place: ports/linux, beside the media; the composition root tells it of media, beacons and links.
// Seams: l0::Links, Loop (Clock and Timers), Random.
// Machine, per medium: a presence beacon now and every 10 s +- 10 % (every 30 s below 10 kbps). A
// beacon of a node that is not linked there is answered with a link: at once by the lower NodeID,
// by the other one after the third, so that both do not ask each other at once. Configured peers
// are asked without a beacon, again after 5 s doubling to 300 s while there is no link.
// Deadlines: the next beacon, the next question. Nothing is sent on media of mode rns.
// Bounds: 1,024 nodes heard of, the oldest goes; 32 media. Failure: what cannot be sent is sent
// next time. Threads: the loop's.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/l0/links.h"
#include "mehr/linux/loop.h"

namespace mehr::linux_port {

class NeighbourFinder final : private Wakeable {
 public:
  static constexpr Millis kBeacon = Millis::seconds(10);
  static constexpr Millis kSlowBeacon = Millis::seconds(30);
  static constexpr BitsPerSecond kSlowBelow{10'000};
  static constexpr Millis kAskFirst = Millis::seconds(5);
  static constexpr Millis kAskMost = Millis::seconds(300);
  static constexpr unsigned kBeaconsBefore = 3;  ///< that the higher NodeID waits for
  static constexpr std::size_t kMostHeard = 1024;

  /// Somebody to ask without having heard of them.
  struct Target {
    Remote at;
    std::optional<NodeId> expected;
  };
  /// The configured peers of a medium, as they are known by now.
  using Targets = std::function<std::vector<Target>()>;

  NeighbourFinder(Loop& loop, l0::Links& links, const NodeId& self, Random& random);
  ~NeighbourFinder() override;
  NeighbourFinder(const NeighbourFinder&) = delete;
  NeighbourFinder& operator=(const NeighbourFinder&) = delete;

  /// @p medium is attached to the links, until `detached`.
  void attached(Medium& medium, Targets targets = {});
  void detached(const Medium& medium);
  void on_heard(Medium& medium, const l0::NeighbourFrame& frame);
  void on_link_up(const l0::LinkInfo& link, const Medium& medium);
  void on_link_down(const l0::LinkInfo& link);

 private:
  struct Asked {
    Target target;
    Millis next;
    Millis wait = kAskFirst;
  };
  struct Place {
    Medium* medium = nullptr;
    Targets targets;
    Millis beacon_at;
    std::vector<Asked> asked;
  };
  struct Heard {
    NodeId node;
    InterfaceId interface;
    Millis at;
    Millis asked_at = Millis::never();
    unsigned beacons = 0;
  };
  struct Up {
    l0::LinkId link;
    NodeId peer;
    InterfaceId interface;
  };

  void on_wake(Millis now) override;
  void beacon(Place& place, Millis now);
  void ask(Place& place, Millis now);
  [[nodiscard]] bool is_linked(const NodeId& node, InterfaceId interface) const;
  [[nodiscard]] Heard& heard(const NodeId& node, InterfaceId interface, Millis now);
  void rearm();

  Loop& loop_;
  l0::Links& links_;
  NodeId self_;
  Random& random_;
  std::vector<Place> places_;
  std::vector<Heard> heard_;
  std::vector<Up> up_;
};

}  // namespace mehr::linux_port
