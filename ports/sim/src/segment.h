// Datagrams between two nodes (a line) or many (a segment).
//
// Place: private to ports/sim; one Channel. Each node has one Medium for the life of the channel,
// opened at each boot. On a segment addresses are Remote of the node's index, zero reaches
// everybody in range; on a line `to` does not matter and `from` is zero. Addresses are found by
// binary search; whom a frame to everybody reaches is worked out once among hosts that cannot move.
// Machine of a member: down -> (node_up) opening -> (event, at once) up -> (node_down) down.
// A frame: queued -> leaving (cuts, range and fate are looked at when it begins to leave) ->
// under way -> (cuts and the receiver are looked at again) arrived or lost.
// Deadlines: one event per frame under way, and the Air's.
// Order: kept on ble and serial, whatever the jitter; only Media::reordering_rate breaks it there.
#pragma once

#include <optional>

#include "channel_air.h"
#include "channel_base.h"
#include "mehr/sim/chance.h"

namespace mehr::sim {

class Segment final : public Channel, private AirUser, private EventSink {
 public:
  Segment(const Media& media, ChannelId id, const Surroundings& around);
  ~Segment() override;

  [[nodiscard]] ChannelId id() const override { return base_.id; }
  [[nodiscard]] const Media& media() const override { return base_.media; }
  void add(Host& host) override;
  void node_up(NodeIndex node) override;
  void node_down(NodeIndex node) override;
  [[nodiscard]] bool in_range(NodeIndex from, NodeIndex to) const override;
  [[nodiscard]] Remote address_of(NodeIndex to) const override;
  [[nodiscard]] const ChannelCounters& counters() const override { return base_.counters; }
  void heal() override;

 private:
  class Member final : public Medium {
   public:
    Member(Segment& segment, Host& at, std::uint32_t place);
    [[nodiscard]] const MediumInfo& info() const override { return segment_.base_.info; }
    Status send(const Remote& to, ByteView frame) override;
    void close() override {}

    Host& host;
    NodeIndex node;
    bool is_up = false;
    EventId opening;
    Chance chance;
    Instant last_arrival{};                                   // of what keeps its order
    std::optional<std::vector<std::uint32_t>> standing_near;  // places, rising; once asked for
    std::optional<Air> own_air;
    Speaker speaker;

   private:
    Segment& segment_;
    std::uint32_t place_;
  };
  struct UnderWay {
    Bytes frame;
    std::uint32_t from = 0;  // places
    std::uint32_t to = 0;
    EventId arrival;
    std::uint32_t next_free = 0;  // slot plus one
    bool is_used = false;
  };

  void on_event(Instant now, std::uint64_t tag) override;
  void speaks(std::uint32_t who, Outgoing frame, Instant until) override;
  void room(std::uint32_t who) override;

  [[nodiscard]] std::optional<std::uint32_t> place_of(NodeIndex node) const;
  [[nodiscard]] bool reaches(const Member& from, const Member& to) const;
  const std::vector<std::uint32_t>& hearers_of(std::uint32_t from);
  void look_around();
  Status send(std::uint32_t from, const Remote& to, ByteView frame);
  void speak_to(std::uint32_t from, std::uint32_t to, Bytes frame, Instant until,
                std::uint64_t word);
  void deliver_at(Instant at, std::uint32_t from, std::uint32_t to, Bytes frame);
  UnderWay take(std::uint32_t slot);
  void arrive(UnderWay frame);
  void open(std::uint32_t place);

  ChannelBase base_;
  bool is_line_;
  bool keeps_order_;
  std::optional<Air> common_air_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<std::pair<NodeIndex, std::uint32_t>> places_;  // sorted
  std::vector<std::uint32_t> standing_;  // places by Host::may_move, rising; once asked for
  std::vector<std::uint32_t> movable_;
  std::vector<std::uint32_t> hearers_;  // of the last frame to everybody
  std::vector<UnderWay> under_way_;
  std::uint32_t free_ = 0;  // slot plus one
};

}  // namespace mehr::sim
