// The parts of LoraChannel: seats that speak, speeches under way, and frames on their last metres.
//
// Place: private to ports/sim; lora.h tells the rules. lora.cpp speaks, lora_hearing.cpp hears.
// A Speech is one link frame on the air, half by half; it knows its listeners, and each seat knows
// which halves are on the air around it. No host is called while a speech is worked on: what is
// received goes through the event queue, even without a delay.
// Bounds: one speech per seat; flights: what was received within `delay`. Threads: one.
#pragma once

#include <array>
#include <deque>

#include "airtime.h"
#include "channel_base.h"
#include "lora_queue.h"
#include "lora_reach.h"
#include "mehr/l0/air_split.h"
#include "mehr/sim/chance.h"
#include "mehr/sim/lora.h"

namespace mehr::sim {

class LoraChannel final : public Channel, private EventSink {
 public:
  LoraChannel(const Media& media, ChannelId id, const Surroundings& around);
  ~LoraChannel() override;
  LoraChannel(const LoraChannel&) = delete;
  LoraChannel& operator=(const LoraChannel&) = delete;

  [[nodiscard]] ChannelId id() const override { return base_.id; }
  [[nodiscard]] const Media& media() const override { return base_.media; }
  void add(Host& host) override;
  void node_up(NodeIndex node) override;
  void node_down(NodeIndex node) override;
  [[nodiscard]] bool in_range(NodeIndex from, NodeIndex to) const override;
  [[nodiscard]] Remote address_of(NodeIndex) const override { return {}; }
  [[nodiscard]] const ChannelCounters& counters() const override { return base_.counters; }
  void heal() override;

 private:
  static constexpr int kSensingSymbols = 2;
  static constexpr int kSlotSymbols = 32;
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  enum class Pace : std::uint8_t { idle, resting, backing_off, sensing, speaking, gap };
  enum class Ruin : std::uint8_t { none, collided, spoke, down };
  enum class Due : std::uint8_t { open, pace, half_end, landing };

  /// A half on the air at a seat: listeners[place] of that speech.
  struct OnAir {
    std::uint32_t speech = kNone;
    std::uint32_t place = 0;
  };
  struct Listener {
    std::uint32_t seat = kNone;
    bool audible = false;     // else it only disturbs
    Ruin half = Ruin::none;   // of the radio frame on the air
    Ruin whole = Ruin::none;  // of the link frame: the first that went wrong
    double dbm = 0;
  };
  struct Speech {
    std::uint32_t seat = kNone;
    std::uint64_t word = 0;  // what its listeners' fates are drawn from
    Instant began;           // of this half
    Instant locked;          // its preamble is over
    Instant ends;
    bool is_second = false;
    Bytes frame;
    l0::AirFrames frames;
    std::array<std::uint8_t, 2 * l0::kAirFrame> air{};
    std::vector<Listener> listeners;
    EventId end;
    [[nodiscard]] MutableBytes half() const { return is_second ? frames.second : frames.first; }
    [[nodiscard]] bool is_last() const { return is_second || frames.second.empty(); }
  };
  struct Flight {
    std::uint32_t seat = kNone;
    std::uint64_t boot = 0;
    NodeIndex from = kNoNode;
    FrameInfo info;
    Bytes frame;
    EventId landing;
  };
  class Seat final : public Medium {
   public:
    Seat(LoraChannel& channel, Host& host, std::uint32_t place);
    [[nodiscard]] const MediumInfo& info() const override { return channel.base_.info; }
    Status send(const Remote&, ByteView frame) override { return channel.send(*this, frame); }
    void close() override {}

    LoraChannel& channel;
    Host& host;
    const std::uint32_t place;
    const NodeIndex node;
    Chance chance;  // backing off, marks
    Chance fates;   // of what it sends, where the medium has faults
    AirtimeLedger ledger;
    l0::AirJoiner joiner;
    LoraQueue waiting;
    Pace pace = Pace::idle;
    bool up = false;
    bool blocked = false;   // owes its host a `writable`
    unsigned backoffs = 0;  // since the last speech
    std::uint64_t boot = 0;
    std::uint32_t speech = kNone;
    Instant busy_until = Instant::min();  // the last time something was heard or said
    std::vector<OnAir> on_air;
    EventId opening;
    EventId due;
  };

  void on_event(Instant now, std::uint64_t tag) override;
  EventId ask(Instant when, Due due, std::uint32_t index);
  [[nodiscard]] std::uint32_t place_of(NodeIndex node) const;
  [[nodiscard]] const LoraRadio& radio() const { return base_.media.lora_radio; }
  [[nodiscard]] Instant now() const { return base_.around.queue.now(); }

  // ---- Speaking (lora.cpp)
  [[nodiscard]] bool scans() const { return base_.info.scans; }
  Status send(Seat& seat, ByteView frame);
  Status scan(Seat& seat, ByteView frame);
  void ready(Seat& seat);
  Status refuse(const Seat& seat, ByteView frame, Errc code, const char* text);
  void on_pace(Seat& seat);
  void consider(Seat& seat);
  void back_off(Seat& seat);
  void sense(Seat& seat);
  void speak(Seat& seat);
  void wait(Seat& seat, Pace pace, Instant until);
  void start_half(std::uint32_t index);
  void end_half(std::uint32_t index);
  void fall_silent(Seat& seat);
  void offer_room(Seat& seat);
  std::uint32_t take_speech();

  // ---- Hearing (lora_hearing.cpp)
  /// Whether something audible has been on the air for a symbol: what sensing takes to notice it.
  [[nodiscard]] bool hears(const Seat& seat) const;
  void gather_listeners(Speech& speech);
  void begin_hearing(std::uint32_t index, std::uint32_t place);
  void contend(const Speech& first, Listener& earlier, Listener& later) const;
  void end_hearing(std::uint32_t index, std::uint32_t place);
  void take_in(const Speech& speech, Listener& listener);
  void lose(const Speech& speech, const Listener& listener);
  void receive(const Speech& speech, const Listener& listener, ByteView body);
  void fly(Flight flight, Instant lands);
  void land(std::uint32_t index);
  static void ruin(Listener& listener, Ruin how);

  ChannelBase base_;
  LoraReach reach_;
  Duration symbol_;
  Duration preamble_;
  Duration budget_;
  double sensitivity_dbm_;
  double noise_dbm_;
  std::deque<Seat> seats_;
  std::vector<std::uint32_t> places_;  // by node, kNone for strangers
  std::deque<Speech> speeches_;
  std::vector<std::uint32_t> free_speeches_;
  std::deque<Flight> flights_;
  std::vector<std::uint32_t> free_flights_;
  std::vector<Signal> signals_;  // scratch
};

}  // namespace mehr::sim
