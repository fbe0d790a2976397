#include "mehr/l1/route_score.h"

#include <algorithm>
#include <array>
#include <bit>
#include <gsl/assert>
#include <limits>

#include "mehr/l1/ring.h"

namespace mehr::l1 {

namespace {

using Chosen = std::span<const RouteTraits>;
/// Candidates still in the race, by index.
using Mask = std::uint32_t;
static_assert(kMaxScored <= 32, "a mask holds one bit for each candidate");

constexpr bool has(Mask mask, std::size_t i) { return (mask >> i & 1U) != 0; }
constexpr Mask all_of(Chosen c) { return static_cast<Mask>((std::uint64_t{1} << c.size()) - 1); }

/// What the MTU rule adds to a score at most. spec: L1/6.2 rule 4
constexpr PathWeight kMtuBonus = PathWeight::of(0.1);
constexpr std::uint8_t kUnknownReliability = 128;

/// One weighted term of the score: weight x value / largest, 0 when the largest is 0.
template <class Arithmetic>
class Term;

template <>
class Term<Float64> {
 public:
  Term(PathWeight weight, std::uint64_t largest)
      : scale_(largest == 0 ? 0.0 : weight.real / as_double(largest)) {}
  [[nodiscard]] double operator()(std::uint64_t value) const { return scale_ * as_double(value); }

 private:
  // Every value is below 2^48: the signed conversion is one instruction, the unsigned one is not.
  static double as_double(std::uint64_t v) {
    return static_cast<double>(static_cast<std::int64_t>(v));
  }
  double scale_;
};

template <>
class Term<Fixed16> {
 public:
  Term(PathWeight weight, std::uint64_t largest) : weight_(weight.q16), largest_(largest) {}
  [[nodiscard]] std::int64_t operator()(std::uint64_t value) const {
    return std::int64_t{weight_} * ratio_q16(value, largest_);
  }

 private:
  std::uint16_t weight_;
  std::uint64_t largest_;
};

/// The largest of each metric among the candidates in the race.
struct Largest {
  U128 ring;
  std::uint64_t cost = 0;
  std::uint16_t latency = 0;
};

Largest largest_of(const U128& destination, Chosen candidates, Mask mask) {
  Largest out;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!has(mask, i)) continue;
    const RouteTraits& c = candidates[i];
    out.ring = larger(out.ring, ring_distance(ring_position(c.neighbour), destination));
    out.cost = std::max(out.cost, c.cost);
    out.latency = std::max(out.latency, c.worst_latency_ms);
  }
  return out;
}

/// One place for each candidate. Not zeroed: that took a third of the time of a choice.
template <class Arithmetic>
using Scores = std::array<typename Arithmetic::Score, kMaxScored>;

/// Scores of the candidates in @p mask; the others get a zero that nobody looks at.
template <class Arithmetic>
void score(const U128& destination, Chosen candidates, Mask mask, const PathPolicy& policy,
           Scores<Arithmetic>& out) {
  const Largest largest = largest_of(destination, candidates, mask);
  const Reduction ring(largest.ring);
  const Reduction cost(largest.cost);
  const Term<Arithmetic> ring_term(PathPolicy::ring(), ring(largest.ring));
  const Term<Arithmetic> cost_term(policy.cost(), cost(largest.cost));
  const Term<Arithmetic> latency_term(policy.latency(), largest.latency);
  const Term<Arithmetic> unreliability_term(policy.reliability(), 255);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    typename Arithmetic::Score sum{};
    if (has(mask, i)) {
      const RouteTraits& c = candidates[i];
      const std::uint8_t r = c.reliability == 0 ? kUnknownReliability : c.reliability;
      sum = ring_term(ring(ring_distance(ring_position(c.neighbour), destination)));
      sum += cost_term(cost(c.cost));
      sum += latency_term(c.worst_latency_ms);
      sum += unreliability_term(255U - r);
    }
    out[i] = sum;
  }
}

/// Takes what width above @p required earns off the scores. spec: L1/6.2 rules 3 and 4
template <class Arithmetic>
void grant_bonus(Chosen candidates, Mask mask, std::uint16_t required, Scores<Arithmetic>& scores) {
  std::uint16_t widest = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (has(mask, i)) widest = std::max(widest, candidates[i].usable.bytes);
  }
  const Term<Arithmetic> bonus(kMtuBonus, static_cast<std::uint16_t>(widest - required));
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (has(mask, i)) {
      scores[i] -= bonus(static_cast<std::uint16_t>(candidates[i].usable.bytes - required));
    }
  }
}

/// Among equals. spec: L1/6.1
bool comes_first(const RouteTraits& a, const RouteTraits& b) {
  return a.hop_count != b.hop_count ? a.hop_count < b.hop_count : a.neighbour < b.neighbour;
}

/// All that are within a tie of the least score compete by hops and NodeID; so the answer does not
/// depend on the order of the candidates.
template <class Arithmetic>
std::uint16_t pick(Chosen candidates, Mask mask, const Scores<Arithmetic>& scores) {
  auto least = std::numeric_limits<typename Arithmetic::Score>::max();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (has(mask, i)) least = std::min(least, scores[i]);
  }
  const auto bound = least + Arithmetic::kTie;
  std::size_t best = candidates.size();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!has(mask, i) || scores[i] > bound) continue;
    if (best == candidates.size() || comes_first(candidates[i], candidates[best])) best = i;
  }
  return static_cast<std::uint16_t>(best);
}

Mask wide_enough(Chosen candidates, std::uint16_t required) {
  Mask mask = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].usable.bytes >= required) mask |= Mask{1} << i;
  }
  return mask;
}

Mtu widest(Chosen candidates) {
  const auto narrower = [](const RouteTraits& a, const RouteTraits& b) {
    return a.usable < b.usable;
  };
  return std::max_element(candidates.begin(), candidates.end(), narrower)->usable;
}

std::uint16_t narrowest(Chosen candidates) {
  const auto narrower = [](const RouteTraits& a, const RouteTraits& b) {
    return a.usable < b.usable;
  };
  return std::min_element(candidates.begin(), candidates.end(), narrower)->usable.bytes;
}

}  // namespace

template <class Arithmetic>
Bounded<typename Arithmetic::Score, kMaxScored> path_scores(const NodeId& destination,
                                                            std::span<const RouteTraits> candidates,
                                                            const PathPolicy& policy) {
  Expects(candidates.size() <= kMaxScored);
  Scores<Arithmetic> scores;
  score<Arithmetic>(ring_position(destination), candidates, all_of(candidates), policy, scores);
  Bounded<typename Arithmetic::Score, kMaxScored> out;
  for (std::size_t i = 0; i < candidates.size(); ++i) out.must_push(scores[i]);
  return out;
}

template <class Arithmetic>
std::optional<PathChoice> choose_path(const NodeId& destination,
                                      std::span<const RouteTraits> candidates,
                                      const PathPolicy& policy, std::uint16_t min_mtu) {
  Expects(candidates.size() <= kMaxScored);
  if (candidates.empty()) return std::nullopt;
  PathChoice choice;
  Mask mask = wide_enough(candidates, min_mtu);
  if (mask == 0) {
    choice.unmet = true;
    choice.widest = widest(candidates);
    mask = all_of(candidates);
  }
  if ((mask & (mask - 1)) == 0) {  // a single one: nothing to compare
    choice.index = static_cast<std::uint16_t>(std::countr_zero(mask));
    return choice;
  }
  Scores<Arithmetic> scores;
  score<Arithmetic>(ring_position(destination), candidates, mask, policy, scores);
  const bool by_width = min_mtu != 0 || policy.kind() == PathPolicy::Kind::largest_mtu;
  if (by_width && !choice.unmet) {
    const std::uint16_t required = min_mtu != 0 ? min_mtu : narrowest(candidates);
    grant_bonus<Arithmetic>(candidates, mask, required, scores);
  }
  choice.index = pick<Arithmetic>(candidates, mask, scores);
  return choice;
}

template Bounded<double, kMaxScored> path_scores<Float64>(const NodeId&,
                                                          std::span<const RouteTraits>,
                                                          const PathPolicy&);
template Bounded<std::int64_t, kMaxScored> path_scores<Fixed16>(const NodeId&,
                                                                std::span<const RouteTraits>,
                                                                const PathPolicy&);
template std::optional<PathChoice> choose_path<Float64>(const NodeId&, std::span<const RouteTraits>,
                                                        const PathPolicy&, std::uint16_t);
template std::optional<PathChoice> choose_path<Fixed16>(const NodeId&, std::span<const RouteTraits>,
                                                        const PathPolicy&, std::uint16_t);

}  // namespace mehr::l1
