// What a LoRa radio makes of the signals around it.
#include <algorithm>
#include <gsl/gsl>

#include "channel_fate.h"
#include "exact_math.h"
#include "lora_channel.h"

namespace mehr::sim {
namespace {

int rounded(double db) { return static_cast<int>(exact_round(db)); }

}  // namespace

bool LoraChannel::hears(const Seat& seat) const {
  const Instant sensible = now() - symbol_;
  return std::any_of(seat.on_air.begin(), seat.on_air.end(), [&](const OnAir& on) {
    const Speech& speech = speeches_[on.speech];
    return speech.listeners[on.place].audible && speech.began <= sensible;
  });
}

void LoraChannel::ruin(Listener& listener, Ruin how) {
  if (listener.half == Ruin::none) listener.half = how;
}

void LoraChannel::gather_listeners(Speech& speech) {
  const NodeIndex from = seats_[speech.seat].node;
  const bool is_whole = base_.around.barrier.is_whole();
  speech.listeners.clear();
  reach_.reached_by(speech.seat, signals_);
  for (const Signal& signal : signals_) {
    Listener listener;
    listener.seat = signal.seat;
    listener.dbm = signal.dbm;
    listener.audible = signal.dbm >= sensitivity_dbm_;
    const NodeIndex to = seats_[signal.seat].node;
    if (is_whole || base_.around.barrier.passes(base_.id, from, to)) {
      speech.listeners.push_back(listener);
    } else if (listener.audible) {
      base_.lost(from, to, speech.frame, "cut");
    }
  }
}

void LoraChannel::begin_hearing(std::uint32_t index, std::uint32_t place) {
  Listener& listener = speeches_[index].listeners[place];
  Seat& seat = seats_[listener.seat];
  listener.half = Ruin::none;
  if (!seat.up) {
    ruin(listener, Ruin::down);
  } else if (seat.speech != kNone) {
    ruin(listener, Ruin::spoke);
  }
  for (const OnAir& on : seat.on_air) {
    Speech& first = speeches_[on.speech];
    contend(first, first.listeners[on.place], listener);
  }
  seat.on_air.push_back({index, place});
}

// The rule of capture, told in lora.h.
void LoraChannel::contend(const Speech& first, Listener& earlier, Listener& later) const {
  const double capture = radio().capture_db;
  const bool could_follow =
      earlier.audible && earlier.half != Ruin::spoke && earlier.half != Ruin::down;
  const bool follows_first = could_follow && now() >= first.locked;
  const bool later_wins =
      later.dbm > earlier.dbm && later.dbm >= earlier.dbm + capture && !follows_first;
  if (earlier.dbm < later.dbm + capture) ruin(earlier, Ruin::collided);
  if (!later_wins) ruin(later, Ruin::collided);
}

void LoraChannel::end_hearing(std::uint32_t index, std::uint32_t place) {
  const Listener& listener = speeches_[index].listeners[place];
  Seat& seat = seats_[listener.seat];
  const auto on = std::find_if(seat.on_air.begin(), seat.on_air.end(), [&](const OnAir& o) {
    return o.speech == index && o.place == place;
  });
  Expects(on != seat.on_air.end());
  *on = seat.on_air.back();
  seat.on_air.pop_back();
  if (listener.audible) seat.busy_until = now();
}

void LoraChannel::take_in(const Speech& speech, Listener& listener) {
  if (!listener.audible) return;
  if (listener.half == Ruin::none) {
    std::array<std::uint8_t, l0::kAirFrame> heard{};
    const MutableBytes frame = MutableBytes(heard).first(speech.half().size());
    copy_bytes(speech.half(), frame);
    const Millis heard_at = to_millis(now().time_since_epoch());
    const MutableBytes body = seats_[listener.seat].joiner.join(frame, heard_at);
    if (!body.empty()) return receive(speech, listener, body);
  } else if (listener.whole == Ruin::none) {
    listener.whole = listener.half;
  }
  if (speech.is_last()) lose(speech, listener);
}

void LoraChannel::lose(const Speech& speech, const Listener& listener) {
  const NodeIndex to = seats_[listener.seat].node;
  const NodeIndex from = seats_[speech.seat].node;
  switch (listener.whole) {
    case Ruin::collided:
      ++base_.counters.collisions;
      return base_.record(What::frame_collided, from, to, speech.frame);
    case Ruin::spoke:
      return base_.lost(from, to, speech.frame, "the receiver was speaking");
    case Ruin::down:
      return base_.lost(from, to, speech.frame, "the receiver went down");
    case Ruin::none:
      return base_.lost(from, to, speech.frame, "its halves did not come one after the other");
  }
}

// ---- The last metres

void LoraChannel::receive(const Speech& speech, const Listener& listener, ByteView body) {
  const Seat& seat = seats_[listener.seat];
  const NodeIndex from = seats_[speech.seat].node;
  Flight flight;
  flight.seat = listener.seat;
  flight.boot = seat.boot;
  flight.from = from;
  flight.info.rssi_dbm = rounded(listener.dbm);
  flight.info.snr_db = rounded(listener.dbm - noise_dbm_);
  flight.frame.assign(body.begin(), body.end());
  const Instant lands = later(now(), base_.media.delay);
  if (!has_chance(base_.media)) return fly(std::move(flight), lands);

  Chance chance = Chance::child(speech.word, seat.node);
  const Fate fate = draw_fate(base_.media, chance);
  if (fate.is_lost) return base_.lost(from, seat.node, flight.frame, "loss");
  if (fate.is_doubled) {
    ++base_.counters.frames_doubled;
    base_.record(What::frame_doubled, from, seat.node, flight.frame);
    fly(flight, later(lands, fate.double_late));
  }
  if (fate.is_corrupted) {
    turn_bits(flight.frame, chance);
    ++base_.counters.frames_corrupted;
    base_.record(What::frame_corrupted, from, seat.node, flight.frame);
  }
  fly(std::move(flight), later(lands, fate.late));
}

void LoraChannel::fly(Flight flight, Instant lands) {
  std::uint32_t index = 0;
  if (free_flights_.empty()) {
    index = gsl::narrow<std::uint32_t>(flights_.size());
    flights_.push_back(std::move(flight));
  } else {
    index = free_flights_.back();
    free_flights_.pop_back();
    flights_[index] = std::move(flight);
  }
  flights_[index].landing = ask(lands, Due::landing, index);
}

void LoraChannel::land(std::uint32_t index) {
  Flight flight = std::move(flights_[index]);
  flights_[index].landing = {};
  free_flights_.push_back(index);
  Seat& seat = seats_[flight.seat];
  if (!seat.up || seat.boot != flight.boot) {
    return base_.lost(flight.from, seat.node, flight.frame, "the receiver went down");
  }
  if (!base_.around.barrier.passes(base_.id, flight.from, seat.node)) {
    return base_.lost(flight.from, seat.node, flight.frame, "cut");
  }
  base_.arrived(seat.node, flight.from, flight.frame);
  seat.host.arrived(seat, base_.id, flight.info, std::move(flight.frame));
}

}  // namespace mehr::sim
