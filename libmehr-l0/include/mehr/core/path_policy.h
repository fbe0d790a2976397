// What a sender wants of a path, and what it is told when no path gives it. spec: L1/6.1, L1/6.2
//
// Place: core vocabulary; part of `SendOptions`, used by the route choice of L1. A policy is local:
// it decides the sender's first hop and is never sent, since no header bit carries it.
// Shapes: four weights that sum to 1, as f64 and as Q0.16 (65,535 is 1) so that a node without a
// floating-point unit computes none at run time. Distance on the ring always weighs 0.1.
// Failure: `balanced` refuses weights that are negative, not finite, or all zero.
// Threads: plain values, constexpr throughout.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "mehr/core/ids.h"
#include "mehr/core/result.h"
#include "mehr/core/units.h"

namespace mehr {

/// One term's share of a score, in both forms that scores are computed in.
struct PathWeight {
  double real = 0;
  std::uint16_t q16 = 0;  ///< round half up of 65,535 times `real`

  /// @p share in 0..1.
  static constexpr PathWeight of(double share) {
    // Doubled and halved in integers: a sum would be fused with the product on some machines, and
    // then round differently.
    const auto halves = static_cast<std::uint32_t>(share * 131070.0);
    return {share, static_cast<std::uint16_t>((halves + 1) / 2)};
  }
  constexpr bool operator==(const PathWeight&) const = default;
};

/// How candidates for a next hop are compared; lower scores win. spec: L1/6.1
class PathPolicy {
 public:
  enum class Kind : std::uint8_t { balanced, cheapest, fastest, most_reliable, largest_mtu };

  /// Balanced: cost, latency and reliability alike.
  constexpr PathPolicy() : PathPolicy(Kind::balanced, 0.3, 0.3, 0.3) {}
  static constexpr PathPolicy cheapest() { return {Kind::cheapest, 0.8, 0.1, 0.0}; }
  static constexpr PathPolicy fastest() { return {Kind::fastest, 0.1, 0.8, 0.0}; }
  static constexpr PathPolicy most_reliable() { return {Kind::most_reliable, 0.1, 0.1, 0.7}; }
  /// Favours wide paths by a bonus of up to 0.1. spec: L1/6.2
  static constexpr PathPolicy largest_mtu() { return {Kind::largest_mtu, 0.1, 0.1, 0.0}; }
  /// Weights in the proportion @p cost : @p latency : @p reliability, scaled to 0.9 together.
  /// bad_value unless all are finite, none negative and one above zero.
  static constexpr Result<PathPolicy> balanced(double cost, double latency, double reliability) {
    for (const double w : {cost, latency, reliability}) {
      // A NaN compares false with everything.
      if (!(w >= 0.0 && w <= std::numeric_limits<double>::max())) {
        return fail(Errc::bad_value, "path weights must be finite and not negative");
      }
    }
    const double most = std::max({cost, latency, reliability});
    if (most == 0.0) return fail(Errc::bad_value, "one path weight must be above zero");
    // Divided first, so that neither huge nor tiny weights leave the range of a double.
    const double c = cost / most;
    const double l = latency / most;
    const double r = reliability / most;
    const double sum = c + l + r;
    return PathPolicy(Kind::balanced, c / sum * 0.9, l / sum * 0.9, r / sum * 0.9);
  }

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  /// A of the score: distance on the ring.
  [[nodiscard]] static constexpr PathWeight ring() { return PathWeight::of(0.1); }
  /// B of the score.
  [[nodiscard]] constexpr PathWeight cost() const { return cost_; }
  /// G of the score.
  [[nodiscard]] constexpr PathWeight latency() const { return latency_; }
  /// R of the score: unreliability.
  [[nodiscard]] constexpr PathWeight reliability() const { return reliability_; }
  constexpr bool operator==(const PathPolicy&) const = default;

 private:
  constexpr PathPolicy(Kind kind, double cost, double latency, double reliability)
      : kind_(kind),
        cost_(PathWeight::of(cost)),
        latency_(PathWeight::of(latency)),
        reliability_(PathWeight::of(reliability)) {}

  Kind kind_;
  PathWeight cost_;
  PathWeight latency_;
  PathWeight reliability_;
};

/// Told to the application when no path had the MTU it asked for; the message went the best way
/// there is all the same. spec: L1/6.2 rule 5
struct PathConstraintViolation {
  NodeId destination;
  Mtu required;
  Mtu best_usable;  ///< the largest that any path to the destination takes now
  constexpr bool operator==(const PathConstraintViolation&) const = default;
};

}  // namespace mehr
