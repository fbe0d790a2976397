// Who is reached by whose signal, and how strongly.
//
// Place: private to LoraChannel. Seats are numbered in the order of adding. Hosts that cannot move
// are asked for their place once, kept in a grid of squares as wide as a signal goes, and whom each
// of them reaches is worked out once; hosts that can are asked each time.
// Bounds: 4,194,304 remembered signals (64 MiB); beyond that they are worked out again each time.
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/sim/channel.h"

namespace mehr::sim {

/// A signal of a known sender at @p seat.
struct Signal {
  std::uint32_t seat = 0;
  double dbm = 0;
};

class LoraReach {
 public:
  explicit LoraReach(const LoraRadio& radio);
  /// @p host outlives this.
  void add(const Host& host);
  /// Fills @p out with everybody at whom @p seat now disturbs or is heard, by rising seat.
  void reached_by(std::uint32_t seat, std::vector<Signal>& out);
  /// Whether @p to could receive @p from now.
  [[nodiscard]] bool hears(std::uint32_t from, std::uint32_t to) const;

 private:
  struct Square {
    std::int64_t x = 0;
    std::int64_t y = 0;
    auto operator<=>(const Square&) const = default;
  };
  struct Placed {
    Square square;
    std::uint32_t seat = 0;
    Position at;
  };
  [[nodiscard]] Square square_of(Position at) const;
  void look_around();
  void forget();
  void add_standing(std::uint32_t seat, Position at, std::vector<Signal>& out) const;
  void add_if_reached(std::uint32_t seat, double metres, std::vector<Signal>& out) const;

  LoraRadio radio_;
  double sensitivity_dbm_;
  double floor_dbm_;
  double range_m_;
  double width_m_;  // a signal goes no farther
  std::vector<const Host*> hosts_;
  bool looked_ = false;
  std::vector<Placed> standing_;                           // by square, then seat
  std::vector<std::uint32_t> movable_;                     // rising
  std::vector<bool> can_move_;                             // by seat
  std::vector<std::optional<std::vector<Signal>>> known_;  // by seat: standing ones it reaches
  std::size_t remembered_ = 0;
};

}  // namespace mehr::sim
