#include "lora_reach.h"

#include <algorithm>
#include <gsl/gsl>

#include "mehr/sim/lora.h"

namespace mehr::sim {
namespace {

constexpr std::size_t kMostRemembered = 4'194'304;
constexpr double kFarthestSquare = 1e9;
constexpr double kSlack = 1.001;

bool by_seat(const Signal& a, const Signal& b) { return a.seat < b.seat; }

// Towards zero: the squares in the middle are twice as wide, which harms nobody.
std::int64_t square_along(double metres, double width) {
  return static_cast<std::int64_t>(std::clamp(metres / width, -kFarthestSquare, kFarthestSquare));
}

}  // namespace

LoraReach::LoraReach(const LoraRadio& radio)
    : radio_(radio),
      sensitivity_dbm_(lora_sensitivity_dbm(radio)),
      floor_dbm_(sensitivity_dbm_ - radio.capture_db),
      range_m_(lora_range_m(radio)) {
  LoraRadio stronger = radio;
  stronger.tx_power_dbm += radio.capture_db;
  // A little wider, so that rounding leaves nobody out: signals themselves decide.
  width_m_ = lora_range_m(stronger) * kSlack;
}

void LoraReach::add(const Host& host) {
  forget();
  hosts_.push_back(&host);
}

void LoraReach::forget() {
  looked_ = false;
  standing_.clear();
  movable_.clear();
  can_move_.clear();
  known_.clear();
  remembered_ = 0;
}

// The logarithm is worked out only near the edge: generated worlds ask this of every pair.
bool LoraReach::hears(std::uint32_t from, std::uint32_t to) const {
  const double metres = distance(hosts_[from]->position(), hosts_[to]->position());
  if (metres * kSlack < range_m_) return true;
  if (metres > range_m_ * kSlack) return false;
  return lora_received_dbm(radio_, metres) >= sensitivity_dbm_;
}

LoraReach::Square LoraReach::square_of(Position at) const {
  return {square_along(at.x, width_m_), square_along(at.y, width_m_)};
}

void LoraReach::look_around() {
  looked_ = true;
  known_.resize(hosts_.size());
  for (std::uint32_t seat = 0; seat < hosts_.size(); ++seat) {
    const bool moves = hosts_[seat]->may_move();
    can_move_.push_back(moves);
    if (moves) {
      movable_.push_back(seat);
    } else {
      const Position at = hosts_[seat]->position();
      standing_.push_back({square_of(at), seat, at});
    }
  }
  std::sort(standing_.begin(), standing_.end(), [](const Placed& a, const Placed& b) {
    return a.square != b.square ? a.square < b.square : a.seat < b.seat;
  });
}

void LoraReach::add_if_reached(std::uint32_t seat, double metres, std::vector<Signal>& out) const {
  if (metres > width_m_) return;
  const double signal = lora_received_dbm(radio_, metres);
  if (signal >= floor_dbm_) out.push_back({seat, signal});
}

void LoraReach::add_standing(std::uint32_t seat, Position at, std::vector<Signal>& out) const {
  const Square middle = square_of(at);
  for (std::int64_t x = middle.x - 1; x <= middle.x + 1; ++x) {
    const Square first{x, middle.y - 1};
    const Square last{x, middle.y + 1};
    auto next = std::lower_bound(standing_.begin(), standing_.end(), first,
                                 [](const Placed& p, const Square& s) { return p.square < s; });
    for (; next != standing_.end() && next->square <= last; ++next) {
      if (next->seat != seat) add_if_reached(next->seat, distance(at, next->at), out);
    }
  }
}

void LoraReach::reached_by(std::uint32_t seat, std::vector<Signal>& out) {
  if (!looked_) look_around();
  out.clear();
  const Position at = hosts_[seat]->position();
  if (known_[seat]) {
    out.assign(known_[seat]->begin(), known_[seat]->end());
  } else {
    add_standing(seat, at, out);
    std::sort(out.begin(), out.end(), by_seat);
    if (!can_move_[seat] && remembered_ + out.size() <= kMostRemembered) {
      remembered_ += out.size();
      known_[seat] = out;
    }
  }
  if (movable_.empty()) return;
  const auto standing = gsl::narrow_cast<std::ptrdiff_t>(out.size());
  for (const std::uint32_t other : movable_) {
    if (other != seat) add_if_reached(other, distance(at, hosts_[other]->position()), out);
  }
  std::inplace_merge(out.begin(), out.begin() + standing, out.end(), by_seat);
}

}  // namespace mehr::sim
