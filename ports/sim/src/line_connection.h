// One connection of a line of streams: two ends, each with a queue, a rate and an ordered flight.
//
// Place: private to ports/sim, below Line (line.h), which makes one per dial that succeeds and
// drops it when both ends are gone. What it models is in channel.h. Machine of an end: open ->
// (close) closing -> (queue has left) lingering -> (its end of stream arrived) gone; from any of
// them gone by giving up, by a reset, by the other's end of stream, and, without a word to the
// host, by its host's crash. Flight of an end: frames in their order, one event for the first. It
// stands still (`is_stalled`) while the other end is not reached; then one frame at most leaves,
// and the rest wait in the queue. Trouble: an end `reaches` and `hears` the other, or not. Nothing
// is timed while it does both. What was known of progress is worked out when trouble begins, so
// that healthy ends cost no events. Deadlines of an end: `watch` (giving up, reset), `resume`
// (first retransmission after a cut). Bounds: queue_bytes in the queue, and in the flight what
// leaves within the longest delay. Threads: one.
#pragma once

#include <optional>

#include "channel_air.h"
#include "channel_base.h"
#include "mehr/sim/chance.h"

namespace mehr::sim {

/// What a line's connections share.
struct LineBase : ChannelBase {
  LineBase(const Media& as, ChannelId name, const Surroundings& where);
  [[nodiscard]] Duration round_trip() const { return 2 * media.delay; }
  [[nodiscard]] Duration retransmission() const;
  /// What jitter and lost copies add to a delay, when the first is sent again after @p wait, the
  /// next after twice that ...; Duration::max() once it exceeds @p most.
  [[nodiscard]] Duration draw_lateness(std::size_t seat, Duration wait, Duration most);

  struct Seat {
    Host* host = nullptr;
    bool is_up = false;
    bool was_up = false;
    Chance chance;  // of what it sends
  };
  std::array<Seat, 2> seats;
};

class Connection;

class ConnectionOwner {
 public:
  /// The end at @p seat is gone for its host, which hears of it after this.
  virtual void left(Connection& connection, std::size_t seat) = 0;
  /// A connection may be over.
  virtual void over() = 0;

 protected:
  ~ConnectionOwner() = default;
};

class Connection final : private AirUser, private EventSink {
 public:
  Connection(LineBase& line, ConnectionOwner& owner);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Tells both hosts; the dialling one first. From the event queue.
  void open();
  void node_up(std::size_t seat);
  void node_down(std::size_t seat);
  void barrier_changed();
  [[nodiscard]] bool is_over() const;  ///< both ends are gone
  [[nodiscard]] Instant opened_at() const { return opened_at_; }

 private:
  enum class State : std::uint8_t { open, closing, lingering, gone };
  struct InFlight {
    Bytes frame;
    bool ends = false;
    Instant left{};
    Instant arrives{};  // unless one before it is later
  };
  class End final : public Medium {
   public:
    End(Connection& connection, std::size_t at, Air& air);
    [[nodiscard]] const MediumInfo& info() const override { return connection_.line_.info; }
    Status send(const Remote& to, ByteView frame) override;
    void close() override;

    std::size_t seat;
    State state = State::open;
    Speaker speaker;
    Ring<InFlight> flight;
    bool is_stalled = false;
    bool reaches = true;
    bool hears = true;
    Instant heard{};                  // the last sign of the other end, probes apart
    Instant progress_at{};            // when the newest acknowledgement is here
    Instant delivered_left{};         // when the frame delivered last had left
    Instant unacknowledged = kNever;  // since; only kept in trouble
    Instant reset_at = kNever;
    EventId arrival;
    EventId flushed;
    EventId watch;
    EventId resume;

   private:
    Connection& connection_;
  };

  void on_event(Instant now, std::uint64_t tag) override;
  void speaks(std::uint32_t who, Outgoing out, Instant until) override;
  void room(std::uint32_t who) override;

  [[nodiscard]] Instant now() const { return line_.around.queue.now(); }
  [[nodiscard]] NodeIndex node(const End& end) const { return line_.seats[end.seat].host->index(); }
  End& other(const End& end) { return end.seat == 0 ? ends_[1] : ends_[0]; }
  Status send(End& end, ByteView frame);
  void close(End& end);
  void arrive(End& from);
  void await_arrival(End& end);
  void stall(End& end);
  void restart(End& end);
  void flush(End& end);
  void look_again(End& end);
  void resume_later(End& end);
  void note_trouble(End& end);
  void review(End& end);
  [[nodiscard]] bool passes(const End& from);
  [[nodiscard]] bool is_answered(End& end);
  [[nodiscard]] Instant gives_up_at(End& end) const;
  [[nodiscard]] Instant next_word(const End& end) const;
  void leave(End& end, std::string_view why, bool resets_other);
  void tell_closed(End& end, std::string_view why);
  void forget(End& end, std::string_view why);

  LineBase& line_;
  ConnectionOwner& owner_;
  Instant opened_at_;
  std::optional<Air> first_air_;  // of both ends when they share it
  std::optional<Air> second_air_;
  std::array<End, 2> ends_;
};

}  // namespace mehr::sim
