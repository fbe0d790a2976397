// All links of a node, over all its media: the facade of L0. spec: L0/2, L0/4 to L0/6
//
// Place: L0's top; `LinkLayer` to the floor above, `MediumReceiver` to the media below.
// Seams: Signer, Clock, Timers, Random; media are attached by the port.
// It finds the link a frame belongs to, feeds its machine, spends the actions, resolves duplicate
// links, limits half-open links and INITs per source, sends and judges PacketTooBig, and passes
// packets up. Shapes and thread rules: see link_layer.h and medium.h.
// Bounds (`Limits`): links, half_open_links, inits_per_second, init_sources, media. Full: the
// newcomer goes, never a working link. No allocation after construction but for cipher contexts of
// new keys, where the crypto library has such (decision 0017).
// Failure: hostile frames are dropped and counted (`counters`); a broken stream handshake closes
// that stream; other links never notice.
#pragma once

#include <memory>
#include <vector>

#include "mehr/core/clock.h"
#include "mehr/core/limits.h"
#include "mehr/core/medium.h"
#include "mehr/core/timers.h"
#include "mehr/l0/held_frames.h"
#include "mehr/l0/link.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l0/rate_limits.h"

namespace mehr::l0 {

/// Why frames were dropped and links refused. Only ever rising.
struct LinkCounters {
  std::uint64_t frames_in = 0;          ///< of every kind, dropped ones included
  std::uint64_t frames_out = 0;         ///< taken by a medium
  std::uint64_t empty_frame = 0;        ///< nothing between two flags, or an empty datagram
  std::uint64_t clear_packet = 0;       ///< clear packets on native interfaces
  std::uint64_t unknown_type = 0;       ///< first byte of no frame, or one this interface refuses
  std::uint64_t init_rate = 0;          ///< INIT over the per-source rate
  std::uint64_t init_half_open = 0;     ///< INIT over the half-open or link limit
  std::uint64_t init_malformed = 0;     ///< also wrong version or wrong target
  std::uint64_t handshake_refused = 0;  ///< bad seal, signature, identity, terms
  std::uint64_t handshake_timeout = 0;  ///< not finished, or not begun, in time
  std::uint64_t unknown_link = 0;       ///< no such link id, or another medium's
  std::uint64_t data_replayed = 0;      ///< counter accepted before, or too old
  std::uint64_t data_bad_seal = 0;      ///< altered, or under another key
  std::uint64_t data_malformed = 0;     ///< truncated, no marker, over the MTU
  std::uint64_t control_malformed = 0;  ///< L0's own control messages that do not decode
  std::uint64_t peer_at_fault = 0;      ///< links closed for five malformed messages in 60 s
  std::uint64_t duplicate_links = 0;    ///< closed because another to the same peer stays
  std::uint64_t too_big_sent = 0;       ///< PacketTooBig to an upstream neighbour
  std::uint64_t too_big_received = 0;   ///< PacketTooBig from a downstream one
  std::uint64_t held_lost = 0;          ///< own frames of links whose media stayed full
  std::uint64_t neighbour_frame_rate = 0;  ///< BEACON and BROADCAST over 10/s per interface
};

/// One active link, for people.
struct LinkStatus {
  LinkInfo info;
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint8_t key_epoch = 0;
  Millis last_heard;
  std::optional<Millis> rtt;  ///< last answered Ping
};

/// What the composition root wants to know of links besides what L1 does: for logs, and for ports
/// that treat a proven peer better. Called like a LinkListener, after it.
class LinkObserver {
 public:
  virtual ~LinkObserver() = default;
  virtual void on_link_up(const LinkInfo& link, const Medium& medium) = 0;
  virtual void on_link_down(const LinkInfo& link, CloseReason reason) = 0;
  /// Somebody was refused a link, at most one call per frame. @p why is static text.
  virtual void on_refused(const MediumInfo& medium, const SourceKey& source, const Error& why) = 0;
  /// A BEACON or BROADCAST from somebody on @p medium, within the rate of its interface.
  virtual void on_heard(Medium& medium, const NeighbourFrame& frame) {
    (void)medium;
    (void)frame;
  }
  /// The neighbour sent a malformed message, its @p count th over this link. spec: README/2.5
  virtual void on_malformed(const LinkInfo& link, std::uint64_t count) {
    (void)link;
    (void)count;
  }
};

class Links final : public LinkLayer, public MediumReceiver, private Wakeable {
 public:
  struct Config {
    LocalTerms terms;
    Limits limits;
  };
  Links(const Config& config, const Signer& signer, Clock& clock, Timers& timers, Random& random);
  ~Links() override;
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  // ---- Media ---------------------------------------------------------------------------------
  /// Starts receiving from @p medium, which must outlive its attachment. Errc::full at
  /// Limits::media. A stream that was not dialled must bring a valid INIT within 3 x T_hs.
  Status attach(Medium& medium);
  /// Forgets @p medium; its links go down. The medium may be destroyed afterwards. Not from within
  /// a listener or an observer.
  void detach(Medium& medium);
  /// Asks for a link over an attached medium. spec: L0/2 establish_link
  /// @p expected: the NodeID that must answer, or none. Errors: full, wrong_state, io.
  Result<LinkId> establish(Medium& medium, const Remote& to, const std::optional<NodeId>& expected);
  /// Sends a BEACON (20-byte body) or BROADCAST (context byte, message up to 482).
  Status send_neighbour_frame(Medium& medium, NeighbourFrame::Kind kind, ByteView body);

  /// One observer, or none.
  void set_observer(LinkObserver* observer) { observer_ = observer; }

  // ---- LinkLayer -----------------------------------------------------------------------------
  void set_listener(LinkListener* listener) override { listener_ = listener; }
  Status send_packet(LinkId link, ByteView packet, Padding padding = Padding::by_class) override;
  Status send_control(LinkId link, ByteView message) override;
  void signal_too_big(LinkId upstream, const NodeId& destination, Mtu egress_mtu) override;
  void report_malformed(LinkId link) override;
  void close(LinkId link, CloseReason reason) override;
  Status send_clear(MediumHandle medium, ByteView packet) override;

  // ---- MediumReceiver ------------------------------------------------------------------------
  void on_frame(Medium& medium, const FrameInfo& info, MutableBytes frame) override;
  void on_writable(Medium& medium) override;
  void on_closed(Medium& medium) override { detach(medium); }

  // ---- For people ----------------------------------------------------------------------------
  [[nodiscard]] const LinkCounters& counters() const { return counters_; }
  /// Snapshot of the active links, in slot order. Allocates: not for the packet path.
  [[nodiscard]] std::vector<LinkStatus> status() const;
  /// Half-open links right now that strangers asked for.
  [[nodiscard]] std::size_t half_open() const;
  /// Closes every link with @p reason, e.g. before the program ends.
  void close_all(CloseReason reason);

 private:
  class Entry;
  struct Slot;
  struct Attachment;

  void on_wake(Millis now) override;
  void take_data(Medium& medium, MutableBytes frame);
  void take_init(Medium& medium, const FrameInfo& info, ByteView frame);
  void take_handshake(Medium& medium, const FrameInfo& info, ByteView frame);
  void take_neighbour_frame(Medium& medium, const FrameInfo& info, ByteView frame);
  void take_control(Slot& slot, MutableBytes message);
  void take_too_big(Slot& slot, ByteView message);
  void deliver(Slot& slot, MutableBytes message);
  void count_unopened(const Slot& slot, Medium& medium, const Error& why);
  void stray_frame(Medium& medium);
  void refuse(Medium& medium, const FrameInfo& info, const Error& why);
  void tell_refused(const Medium& medium, const SourceKey& source, const Error& why);

  void step(Slot& slot, const Link::Event& event);
  void spend(Slot& slot, const Link::Actions& actions);
  void opened(Slot& slot);
  void closed(Slot& slot, const Link::Closed& how);
  void release(Slot& slot);
  void flush_downs();
  void send_large(Slot& slot, const Link::SendLarge& what);
  void send_or_hold(Slot& slot, const Link::SendFrame& send);
  void send_held(Slot& slot);
  void retry_soon(Slot& slot);
  void unblock(Slot& slot);
  void leave_handshake(Slot& slot);
  void resolve_duplicates(Slot& slot);
  [[nodiscard]] bool older_wins(const Slot& older, const Slot& newer) const;
  Status send_sealed(LinkId link, ByteView message, std::size_t padded_size);
  Status transmit(Slot& slot, ByteView frame);

  [[nodiscard]] Slot* find(LinkId id);
  [[nodiscard]] Slot* free_slot();
  [[nodiscard]] Attachment* attachment_of(const Medium& medium);
  [[nodiscard]] LinkId draw_id(std::size_t slot_index);
  [[nodiscard]] Link::Config link_config(const Medium& medium, LinkId id);
  [[nodiscard]] LinkInfo info_of(const Slot& slot) const;
  [[nodiscard]] Link::Now now() { return {clock_.now(), clock_.node_time()}; }
  [[nodiscard]] bool room_for_stranger(const SourceKey& source) const;
  void wake_by(Millis at);
  void rearm();

  const Config config_;
  const Signer& signer_;
  Clock& clock_;
  Timers& timers_;
  Random& random_;
  LinkListener* listener_ = nullptr;
  LinkObserver* observer_ = nullptr;
  std::vector<Slot> slots_;
  std::vector<Attachment> media_;
  unsigned slot_bits_ = 0;
  InitLimiter init_limiter_;
  NeighbourLimiter neighbour_limiter_;
  TooBigLimiter too_big_limiter_;
  HeldFrames held_;
  std::vector<std::uint8_t> scratch_;  // the frame being sealed, as long as our terms allow one
  Millis wake_at_ = Millis::never();
  std::size_t half_open_ = 0;  // those that strangers asked for
  std::size_t depth_ = 0;      // entry points under way: the outermost flushes
  bool downs_pending_ = false;
  LinkCounters counters_;
};

}  // namespace mehr::l0
