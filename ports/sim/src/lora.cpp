#include "mehr/sim/lora.h"

#include <algorithm>
#include <gsl/gsl>
#include <utility>

#include "channel_fate.h"
#include "lora_channel.h"

namespace mehr::sim {
namespace {

constexpr unsigned kDueBits = 8;
constexpr std::uint64_t kFirstWindow = 8;  // slots
constexpr unsigned kWindowDoublings = 3;   // up to 64 slots
constexpr Millis kHoldSlack{100};

Millis rounded_up(Duration span) { return to_millis(span + Duration{999'999}); }

// Both halves of a body follow each other at once: a full frame's airtime bounds the wait.
l0::AirJoiner joiner_of(const LoraRadio& radio) {
  return l0::AirJoiner(rounded_up(lora_airtime(radio, l0::kAirFrame)) + kHoldSlack);
}

Media checked(Media media) {
  Expects(lora_check(media.lora_radio).has_value());
  constexpr auto kMost = static_cast<std::uint16_t>(l0::kAirBodyLimit - kLinkOverhead);
  media.mtu = std::min(media.mtu, Mtu{kMost});
  return media;
}

}  // namespace

std::unique_ptr<Channel> make_lora_channel(const Media& media, ChannelId id,
                                           const Surroundings& around) {
  return std::make_unique<LoraChannel>(media, id, around);
}

// ---- The channel

LoraChannel::Seat::Seat(LoraChannel& the_channel, Host& the_host, std::uint32_t the_place)
    : channel(the_channel),
      host(the_host),
      place(the_place),
      node(the_host.index()),
      chance(the_channel.base_.around.seed, "lora radio", the_channel.base_.id.index, node),
      fates(the_channel.base_.around.seed, "lora fates", the_channel.base_.id.index, node),
      ledger(the_channel.budget_),
      joiner(joiner_of(the_channel.radio())) {}

LoraChannel::LoraChannel(const Media& media, ChannelId id, const Surroundings& around)
    : base_(checked(media), id, around),
      reach_(media.lora_radio),
      symbol_(lora_symbol(media.lora_radio)),
      preamble_(lora_preamble(media.lora_radio)),
      budget_(lora_hourly_budget(media.lora_radio)),
      sensitivity_dbm_(lora_sensitivity_dbm(media.lora_radio)),
      noise_dbm_(lora_noise_dbm(media.lora_radio)) {
  MediumInfo& info = base_.info;
  info.stream = false;
  info.half_duplex = true;
  info.scans = media.scans && radio().listen_before_talk;
  info.bandwidth = lora_rate(radio());
  info.latency = rounded_up(lora_link_airtime(radio(), l0::kAirBodyLimit) + media.delay);
}

LoraChannel::~LoraChannel() {
  for (Seat& seat : seats_) {
    base_.around.queue.cancel(seat.opening);
    base_.around.queue.cancel(seat.due);
  }
  for (Speech& speech : speeches_) base_.around.queue.cancel(speech.end);
  for (Flight& flight : flights_) base_.around.queue.cancel(flight.landing);
}

void LoraChannel::add(Host& host) {
  const NodeIndex node = host.index();
  if (node >= places_.size()) places_.resize(std::size_t{node} + 1, kNone);
  Expects(places_[node] == kNone);
  const auto place = gsl::narrow<std::uint32_t>(seats_.size());
  places_[node] = place;
  seats_.emplace_back(*this, host, place);
  reach_.add(host);
}

std::uint32_t LoraChannel::place_of(NodeIndex node) const {
  Expects(node < places_.size() && places_[node] != kNone);
  return places_[node];
}

void LoraChannel::node_up(NodeIndex node) {
  const AccountScope account(base_.account);
  Seat& seat = seats_[place_of(node)];
  if (seat.up) return;
  seat.up = true;
  ++seat.boot;
  seat.receiver_handle = 0;
  seat.joiner = joiner_of(radio());
  seat.opening = ask(now(), Due::open, seat.place);
}

void LoraChannel::node_down(NodeIndex node) {
  const AccountScope account(base_.account);
  Seat& seat = seats_[place_of(node)];
  if (!seat.up) return;
  base_.around.queue.cancel(seat.opening);
  base_.around.queue.cancel(seat.due);
  if (seat.speech != kNone) fall_silent(seat);
  seat.up = false;
  seat.pace = Pace::idle;
  seat.blocked = false;
  seat.backoffs = 0;
  seat.waiting.clear();
  for (const OnAir& on : seat.on_air) {
    ruin(speeches_[on.speech].listeners[on.place], Ruin::down);
  }
}

bool LoraChannel::in_range(NodeIndex from, NodeIndex to) const {
  return from != to && reach_.hears(place_of(from), place_of(to));
}

void LoraChannel::heal() { take_faults_away(base_.media); }

// ---- Events

EventId LoraChannel::ask(Instant when, Due due, std::uint32_t index) {
  return base_.around.queue.at(when, *this,
                               std::uint64_t{index} << kDueBits | static_cast<std::uint64_t>(due));
}

void LoraChannel::on_event(Instant, std::uint64_t tag) {
  const auto index = static_cast<std::uint32_t>(tag >> kDueBits);
  switch (static_cast<Due>(tag & 0xFF)) {
    case Due::open:
      return seats_[index].host.opened(seats_[index], base_.id, kNoNode, false);
    case Due::pace:
      return on_pace(seats_[index]);
    case Due::half_end:
      return end_half(index);
    case Due::landing:
      return land(index);
  }
}

// ---- Waiting for one's turn

Status LoraChannel::send(Seat& seat, ByteView frame) {
  const AccountScope account(base_.account);
  if (!seat.up) return fail(Errc::io, "the node of this radio is down");
  if (const Status fits = base_.check_size(frame); !fits) {
    return refuse(seat, frame, fits.error().code, fits.error().text);
  }
  const std::size_t longest = std::min(frame.size(), l0::kAirPayload) + 1;
  if (lora_airtime(radio(), longest) > lora_dwell_limit(radio())) {
    return refuse(seat, frame, Errc::too_big,
                  "over the dwell time of 400 ms: a lower spreading factor or more bandwidth fits");
  }
  if (lora_link_airtime(radio(), frame.size()) > budget_) {
    return refuse(seat, frame, Errc::too_big, "over the duty cycle's airtime of a whole hour");
  }
  if (scans()) return scan(seat, frame);
  if (!seat.waiting.empty() && seat.waiting.bytes() + frame.size() > base_.media.queue_bytes) {
    seat.blocked = true;
    return refuse(seat, frame, Errc::full, "the send queue is full");
  }
  seat.waiting.push(frame);
  if (seat.pace == Pace::idle && !base_.around.queue.is_pending(seat.due)) {
    wait(seat, Pace::idle, now());
  }
  return {};
}

// A chip listens for two symbols and then answers; to the world that is one moment.
Status LoraChannel::scan(Seat& seat, ByteView frame) {
  if (seat.pace == Pace::idle) {
    const Instant allowed = seat.ledger.earliest(now(), lora_link_airtime(radio(), frame.size()));
    if (allowed > now()) wait(seat, Pace::resting, allowed);
  }
  if (seat.pace != Pace::idle) {
    seat.blocked = true;
    return refuse(seat, frame, Errc::full, "the radio speaks or rests");
  }
  if (hears(seat)) return refuse(seat, frame, Errc::busy, "the channel is busy");
  seat.waiting.push(frame);
  speak(seat);
  return {};
}

void LoraChannel::ready(Seat& seat) {
  seat.pace = Pace::idle;
  if (std::exchange(seat.blocked, false)) seat.host.writable(seat);
}

Status LoraChannel::refuse(const Seat& seat, ByteView frame, Errc code, const char* text) {
  base_.refused(seat.node, kNoNode, frame, text);
  return fail(code, text);
}

void LoraChannel::wait(Seat& seat, Pace pace, Instant until) {
  seat.pace = pace;
  seat.due = ask(until, Due::pace, seat.place);
}

void LoraChannel::on_pace(Seat& seat) {
  switch (seat.pace) {
    case Pace::gap:
      return ready(seat);
    case Pace::resting:
      if (scans()) return ready(seat);
      [[fallthrough]];
    case Pace::idle:
      return consider(seat);
    case Pace::backing_off:
      return sense(seat);
    case Pace::sensing:
      return hears(seat) ? back_off(seat) : speak(seat);
    case Pace::speaking:
      break;
  }
  Ensures(false);  // the end of a speech has an event of its own
}

void LoraChannel::consider(Seat& seat) {
  seat.pace = Pace::idle;
  if (seat.waiting.empty()) return;
  const Duration span = lora_link_airtime(radio(), seat.waiting.front().size());
  const Instant allowed = seat.ledger.earliest(now(), span);
  if (allowed > now()) return wait(seat, Pace::resting, allowed);
  if (!radio().listen_before_talk) return speak(seat);
  // Whoever heard the same frame may want to answer it now: they must not all begin at once.
  if (seat.busy_until != Instant::min() && now() - seat.busy_until < symbol_ * kSlotSymbols)
    return back_off(seat);
  sense(seat);
}

void LoraChannel::back_off(Seat& seat) {
  const std::uint64_t window = kFirstWindow << std::min(seat.backoffs, kWindowDoublings);
  ++seat.backoffs;
  const auto slots = static_cast<std::int64_t>(1 + seat.chance.below(window));
  wait(seat, Pace::backing_off, now() + symbol_ * kSlotSymbols * slots);
}

void LoraChannel::sense(Seat& seat) {
  if (hears(seat)) return back_off(seat);
  wait(seat, Pace::sensing, now() + symbol_ * kSensingSymbols);
}

// ---- Speaking

std::uint32_t LoraChannel::take_speech() {
  if (free_speeches_.empty()) {
    speeches_.emplace_back();
    return gsl::narrow<std::uint32_t>(speeches_.size() - 1);
  }
  const std::uint32_t index = free_speeches_.back();
  free_speeches_.pop_back();
  return index;
}

void LoraChannel::speak(Seat& seat) {
  const std::uint32_t index = take_speech();
  Speech& speech = speeches_[index];
  const ByteView waiting = seat.waiting.front();
  speech.frame.assign(waiting.begin(), waiting.end());
  seat.waiting.pop();
  const auto mark = static_cast<std::uint8_t>(seat.chance.below(256));
  const auto frames = l0::air_split(speech.frame, mark, speech.air);
  Expects(frames.has_value());
  speech.frames = *frames;
  speech.is_second = false;
  speech.seat = seat.place;
  speech.word = has_chance(base_.media) ? seat.fates.next() : 0;
  seat.speech = index;
  seat.pace = Pace::speaking;
  seat.backoffs = 0;
  seat.ledger.add(now(), lora_link_airtime(radio(), speech.frame.size()));
  base_.sent(seat.node, kNoNode, speech.frame);
  for (const OnAir& on : seat.on_air) {
    ruin(speeches_[on.speech].listeners[on.place], Ruin::spoke);
  }
  gather_listeners(speech);
  start_half(index);
  offer_room(seat);
}

void LoraChannel::start_half(std::uint32_t index) {
  Speech& speech = speeches_[index];
  const Duration span = lora_airtime(radio(), speech.half().size());
  speech.began = now();
  speech.locked = speech.began + preamble_;
  speech.ends = speech.began + span;
  base_.counters.airtime += span;
  for (std::uint32_t i = 0; i < speech.listeners.size(); ++i) begin_hearing(index, i);
  speech.end = ask(speech.ends, Due::half_end, index);
}

void LoraChannel::end_half(std::uint32_t index) {
  Speech& speech = speeches_[index];
  for (std::uint32_t i = 0; i < speech.listeners.size(); ++i) end_hearing(index, i);
  for (Listener& listener : speech.listeners) take_in(speech, listener);
  if (!speech.is_last()) {
    speech.is_second = true;
    return start_half(index);
  }
  Seat& seat = seats_[speech.seat];
  seat.speech = kNone;
  seat.busy_until = now();
  free_speeches_.push_back(index);
  if (!scans()) return consider(seat);
  // Whoever was spoken to may want to answer: it goes first.
  const auto slots = static_cast<std::int64_t>(1 + seat.chance.below(kFirstWindow));
  wait(seat, Pace::gap, now() + symbol_ * kSlotSymbols * slots);
}

// Its node died in the middle of a word: the carrier is gone at once.
void LoraChannel::fall_silent(Seat& seat) {
  const std::uint32_t index = seat.speech;
  Speech& speech = speeches_[index];
  base_.around.queue.cancel(speech.end);
  base_.counters.airtime -= speech.ends - now();
  seat.ledger.cut_short(now());
  for (std::uint32_t i = 0; i < speech.listeners.size(); ++i) {
    end_hearing(index, i);
    const Listener& listener = speech.listeners[i];
    if (!listener.audible) continue;
    base_.lost(seat.node, seats_[listener.seat].node, speech.frame, "the sender went down");
  }
  seat.speech = kNone;
  free_speeches_.push_back(index);
}

// Last in its event, since the host may send at once.
void LoraChannel::offer_room(Seat& seat) {
  if (scans()) return;  // it is ready after its gap
  const bool fits =
      seat.waiting.empty() || seat.waiting.bytes() + l0::kAirBodyLimit <= base_.media.queue_bytes;
  if (!seat.blocked || !fits) return;
  seat.blocked = false;
  seat.host.writable(seat);
}

}  // namespace mehr::sim
