// Which of several ways a packet takes: the route score and the MTU rule. spec: L1/6.1, L1/6.2
//
// Place: pure functions behind `RoutingTable::choose`, which has already narrowed the set to one
// tier of freshness and feasibility (spec: L1/6 steps 4 and 5); they decide nothing else.
// Shapes: a candidate is its `RouteTraits`, decoded; an answer is its index in the given set.
// score = A ring + B cost + G latency + R unreliability, each as a share of the largest in the set,
// lower wins. Two ways to calculate stand behind one template: `Float64`, and `Fixed16` without any
// floating point; `NodeArithmetic` is the one this build's nodes use. They choose alike unless
// scores differ by less than 0.001. Both give the same answer on every platform.
// Bounds: at most `kMaxScored` candidates, on the stack; nothing allocates.
// Failure: an empty set gives no choice. An MTU that no candidate has is no failure: the best of
// all is chosen and the violation reported with it.
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include "mehr/core/bounded.h"
#include "mehr/core/ids.h"
#include "mehr/core/path_policy.h"
#include "mehr/core/units.h"

namespace mehr::l1 {

/// Candidates that one choice is made from at most.
inline constexpr std::size_t kMaxScored = 32;

/// What the score looks at in one candidate.
struct RouteTraits {
  NodeId neighbour;
  /// Decoded, uMHR per byte. The unknown cost decodes to 2^64 - 1, which scores as 2^64.
  std::uint64_t cost = 0;
  std::uint16_t worst_latency_ms = 0;
  Mtu usable;                    ///< of the path, lowered by what PacketTooBig said
  std::uint8_t reliability = 0;  ///< 255 perfect; 0 is unknown and counts as 128
  std::uint8_t hop_count = 0;
  constexpr bool operator==(const RouteTraits&) const = default;
};

/// Scores in f64. Equal within 1e-6 is a tie. spec: L1/6.1
struct Float64 {
  using Score = double;
  static constexpr Score kTie = 1e-6;
};
/// Scores in units of 1 / 65,535^2, from terms and weights of Q0.16. Terms are rounded to 1/65,535,
/// so scores within one such unit cannot be told apart and tie. spec: L1/6.1 "small nodes"
struct Fixed16 {
  using Score = std::int64_t;
  static constexpr Score kUnit = Score{65535} * 65535;  ///< a score of 1
  static constexpr Score kTie = 65535;
};
/// What nodes of this build use: machines of 32 bits seldom have a floating-point unit for f64.
using NodeArithmetic = std::conditional_t<(sizeof(void*) >= 8), Float64, Fixed16>;

/// The outcome of a choice, small enough for a register: it is made for every packet.
struct PathChoice {
  std::uint16_t index = 0;  ///< into the candidates given
  bool unmet = false;       ///< none had the MTU asked for: tell the application `violation`
  Mtu widest;               ///< when unmet: the largest of all

  /// What to tell when `unmet`, of the choice made for these.
  [[nodiscard]] constexpr PathConstraintViolation violation(const NodeId& destination,
                                                            std::uint16_t min_mtu) const {
    return {destination, Mtu{min_mtu}, widest};
  }
};

/// One score for each candidate, over the whole set, without the MTU rule.
/// @p candidates has at most `kMaxScored`.
template <class Arithmetic>
[[nodiscard]] Bounded<typename Arithmetic::Score, kMaxScored> path_scores(
    const NodeId& destination, std::span<const RouteTraits> candidates, const PathPolicy& policy);

/// The best candidate for @p destination under @p policy; nothing for an empty set.
/// Ties: lower hop count, then lower neighbour NodeID. With @p min_mtu (0: none) or LargestMTU the
/// MTU rule applies: narrower candidates leave the set before anything is scored, and width above
/// the requirement earns up to 0.1. @p candidates has at most `kMaxScored`.
template <class Arithmetic = NodeArithmetic>
[[nodiscard]] std::optional<PathChoice> choose_path(const NodeId& destination,
                                                    std::span<const RouteTraits> candidates,
                                                    const PathPolicy& policy,
                                                    std::uint16_t min_mtu = 0);

extern template Bounded<double, kMaxScored> path_scores<Float64>(const NodeId&,
                                                                 std::span<const RouteTraits>,
                                                                 const PathPolicy&);
extern template Bounded<std::int64_t, kMaxScored> path_scores<Fixed16>(const NodeId&,
                                                                       std::span<const RouteTraits>,
                                                                       const PathPolicy&);
extern template std::optional<PathChoice> choose_path<Float64>(const NodeId&,
                                                               std::span<const RouteTraits>,
                                                               const PathPolicy&, std::uint16_t);
extern template std::optional<PathChoice> choose_path<Fixed16>(const NodeId&,
                                                               std::span<const RouteTraits>,
                                                               const PathPolicy&, std::uint16_t);

}  // namespace mehr::l1
