// Bandwidth reservations, hop by hop: asking, granting, counting, ending. spec: L1/8
//
// Place: L1. The node is at one of three places of a path: origin (asked by its application),
// relay, or the destination itself. Money is RelayPolicy's, routes and rates are the facade's view.
// Machine, per reservation: PENDING (waits for downstream), ACTIVE, then gone; a closed hop that is
// still owed its last receipts stays in a list of its own for a round. Events: the four messages,
// `link_down`, `request` and `release` of the application, packets (`find`, `count`), time.
// Answers: `poll` gives control messages to send and news for the application. It must be emptied
// after each call that is not const, and when `count` says so. `next_deadline` says when to call
// `on_time`.
// Bounds: `capacity` reservations, of which one upstream has 16 and a quarter at most and the
// application's own keep a quarter; 12 over one link are others' at most; requests at 2 a second
// per upstream; all reservations together take at most 3/4 of a link's rate, those of one upstream
// 1/2. Full: refused with status 4; nothing is displaced. A reservation without data ends after 60
// s. Failure: messages that fit nothing are dropped and counted. Every PENDING ends within 35 s.
// Threads: the node's. Packet path: `find` walks the at most 16 reservations of one upstream.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/relay_policy.h"
#include "mehr/core/units.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/path_cost.h"
#include "mehr/l1/request_bucket.h"
#include "mehr/l1/reservation_messages.h"
#include "mehr/l1/routing_table.h"
#include "mehr/l1/token_bucket.h"

namespace mehr::l1 {

/// Active and pending reservations of one upstream. spec: L1/8 step 1
inline constexpr std::size_t kReservationsPerUpstream = 16;
/// A relay waits this long for downstream; an origin a little longer, so that the relay beside it,
/// which gives up first, can still answer.
inline constexpr Millis kReservationAnswer = Millis::seconds(30);
inline constexpr Millis kReservationAnswerAtOrigin = Millis::seconds(35);
/// A request without answer is sent again: media lose frames, and asking twice is harmless.
inline constexpr Millis kReservationResend = Millis::seconds(10);
/// No data for so long ends a reservation; also how often a better path is looked for, and how long
/// the last receipts of a closed hop are awaited.
inline constexpr Millis kReservationIdle = Millis::seconds(60);
/// Above this the path with the largest packets is taken: 1 GB. spec: L1/8 step 4
inline constexpr std::uint64_t kLargestMtuAbove = 1'000'000'000;
/// Chunks in a row under half the committed rate, after which an origin asks anew.
inline constexpr unsigned kSlowChunks = 3;

/// What the operator may set.
struct ReservationConfig {
  std::size_t capacity = 256;                 ///< reservations at once, 1..1,024
  std::size_t links = 1024;                   ///< Limits::links
  std::uint64_t minimum_bytes = kChunkBytes;  ///< smaller ones are refused: lottery does them
  std::uint64_t link_percent = 75;            ///< of a link's rate, for all reservations
  std::uint64_t upstream_percent = 50;        ///< of a link's rate, for one upstream
};

/// Where a reservation would go.
struct ReservationRoute {
  LinkSlot egress = kNoLink;
  bool speaks_l1 = true;  ///< the next hop understands reservations
  CompactPathCost path;   ///< the routing entry, after the link step
};

/// What the machine must know of the rest of L1; the facade implements it.
class ReservationView {
 public:
  virtual ~ReservationView() = default;
  [[nodiscard]] virtual bool is_self(const NodeId& destination) const = 0;
  /// The way to @p destination for packets that come by @p ingress (kNoLink: our own), of the
  /// largest MTU when @p largest_mtu, else balanced; none without a route.
  [[nodiscard]] virtual std::optional<ReservationRoute> route(const NodeId& destination,
                                                              LinkSlot ingress,
                                                              bool largest_mtu) const = 0;
  /// my_cost(U): what this node takes for a byte of @p upstream now, uMHR. spec: L1/2.2
  [[nodiscard]] virtual std::uint64_t fee(LinkSlot upstream) const = 0;
  /// Rate for user data over @p link, reserved or not.
  [[nodiscard]] virtual BitsPerSecond rate(LinkSlot link) const = 0;
  [[nodiscard]] virtual NodeId peer(LinkSlot link) const = 0;
  /// The neighbour's node clock minus ours, ms. spec: L1/11
  [[nodiscard]] virtual std::int64_t clock_offset_ms(LinkSlot link) const = 0;
  [[nodiscard]] virtual NodeTime node_time() const = 0;
};

/// What an application asks for.
struct ReservationOrder {
  NodeId destination;
  std::uint64_t estimated_bytes = 0;    ///< of DATA
  std::uint32_t min_throughput = 0;     ///< bits per second; 0 = whatever there is
  std::uint64_t max_cost_per_byte = 0;  ///< uMHR, of the whole path
  std::uint32_t valid_for_seconds = 3600;
  ReservationFlags flags;
};

/// A reservation of this node's application; never names another one later.
struct ReservationKey {
  Slot slot = kNoSlot;
  std::uint64_t incarnation = 0;
  constexpr bool operator==(const ReservationKey&) const = default;
};

/// What the application is told.
struct ReservationNews {
  enum class What : std::uint8_t {
    committed,  ///< or committed anew on another path; see status, rate, cost
    refused,    ///< see status; the key is over
    slow,       ///< three slow chunks: given up, and asked anew for the rest
    ended,      ///< see reason, bytes; the key is over
  };
  What what = What::committed;
  ReservationKey key;
  ReservationStatus status = ReservationStatus::accepted;
  BitsPerSecond rate;               ///< committed
  std::uint64_t cost_per_byte = 0;  ///< uMHR, of the whole path
  ReleaseReason reason = ReleaseReason::complete;
  std::uint64_t bytes = 0;  ///< handed over under the reservation
};

/// One thing to do: a control message to send over a link, or news.
struct ReservationAction {
  LinkSlot link = kNoLink;  ///< kNoLink: `news`, else send `message`
  std::uint8_t size = 0;
  std::array<std::uint8_t, wire_size<ReservationRequest>> bytes{};
  ReservationNews news;
  [[nodiscard]] ByteView message() const { return ByteView(bytes).first(size); }
};

/// A packet's reservation, for `count`. Valid until the next call that is not const.
struct Reserved {
  Slot slot = kNoSlot;
  LinkSlot egress = kNoLink;  ///< the link it must take; kNoLink: it ends here
  BitsPerSecond rate;         ///< what was promised; traffic above it has no claim
};

/// What became of messages.
struct ReservationCounters {
  std::uint64_t granted = 0;         ///< commitments 0 and 1 sent upstream
  std::uint64_t refused = 0;         ///< commitments 2 to 4 sent upstream
  std::uint64_t unknown = 0;         ///< messages that fit no reservation
  std::uint64_t broken_promise = 0;  ///< commitments worse than what they answer to
  std::uint64_t idle = 0;            ///< ended for want of data
  std::uint64_t rerouted = 0;
};

class Reservations {
 public:
  /// @p view and @p policy must outlive the machine; @p random is used here only.
  Reservations(const ReservationConfig& config, const ReservationView& view, RelayPolicy& policy,
               Random& random);

  // ---- The application
  // ----------------------------------------------------------------------------
  /// Errors: bad_value (the order), no_route, denied (the path is too slow or too dear here), full
  /// (16 of our own, or the table). What follows comes as news.
  [[nodiscard]] Result<ReservationKey> request(const ReservationOrder& order, Millis now);
  /// Ends one: complete or sender_cancel. not_found: it is over. No news follows.
  Status release(const ReservationKey& key, ReleaseReason reason, Millis now);

  // ---- Messages of the neighbour on `from`, and what becomes of links
  // ----------------------------------------------------------------------------------------
  void on_request(LinkSlot from, const ReservationRequest& request, Millis now);
  void on_commitment(LinkSlot from, const ReservationCommitment& commitment, Millis now);
  void on_release(LinkSlot from, const ReservationRelease& release, Millis now);
  void on_receipt(LinkSlot from, const DeliveryReceipt& receipt, Millis now);
  void link_down(LinkSlot link, Millis now);

  // ---- Packets: ask first, count what was carried
  // ----------------------------------------------------------------
  /// The reservation that a packet of @p upstream (kNoLink: our own) to @p destination goes under.
  [[nodiscard]] std::optional<Reserved> find(LinkSlot upstream, const NodeId& destination) const;
  /// Whether a packet of @p bytes is within the rate that was promised: what is may pass what waits
  /// without a promise. What is not travels as any other. decision 0014
  [[nodiscard]] bool claims(const Reserved& reserved, std::size_t bytes, Millis now);
  /// A packet with @p data_bytes of DATA was sent on, or delivered here. True: poll.
  bool count(const Reserved& reserved, std::size_t data_bytes, Millis now);

  // ---- Time and answers
  // ---------------------------------------------------------------------------------
  [[nodiscard]] Millis next_deadline() const;
  void on_time(Millis now);
  /// The next thing to do, in order; none: nothing now.
  [[nodiscard]] std::optional<ReservationAction> poll();

  /// Ring-fenced on @p egress, of pending and active reservations: not free for anything else.
  [[nodiscard]] BitsPerSecond committed(LinkSlot egress) const;
  /// Pending and active.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Of one upstream (kNoLink: our own).
  [[nodiscard]] std::size_t size_of(LinkSlot upstream) const;
  [[nodiscard]] const ReservationCounters& counters() const { return counters_; }

 private:
  enum class State : std::uint8_t { free, pending, active };

  /// The hop to the next node: capacity fenced on a link, and what was agreed for it.
  struct Down {
    LinkSlot link = kNoLink;  // kNoLink: the path ends here, or there is no such hop
    NodeId peer;
    std::uint16_t id = 0;         // ours, on that link
    bool asked = false;           // a request was sent; id means something
    bool agreed = false;          // a commitment came, the hop is paid
    RateCode path_rate;           // of the route when it was chosen
    std::uint32_t fenced = 0;     // bits per second
    std::uint64_t path_cost = 0;  // of the route when it was chosen, uMHR per byte
    std::uint64_t cost = 0;       // agreed, uMHR per byte
    std::uint64_t limit = 0;      // the most it may cost
    std::uint64_t estimated = 0;  // DATA bytes asked for
    std::uint64_t start = 0;      // bytes carried before this hop was taken up
    std::uint64_t receipted = 0;
    std::uint32_t next_chunk = 0;
  };

  struct Entry {
    NodeId destination;
    std::uint64_t estimated = 0;
    std::uint64_t carried = 0;
    Slot next = kNoSlot;  // of the same upstream
    State state = State::free;
    ReservationStatus status = ReservationStatus::accepted;
    ReservationFlags flags;
    std::uint8_t slow = 0;        // chunks in a row
    LinkSlot upstream = kNoLink;  // kNoLink: our own
    std::uint16_t upstream_id = 0;
    bool upstream_done = false;  // it released a hop that is carried whole; downstream still counts
    NodeId upstream_peer;
    std::uint32_t min_throughput = 0;
    std::uint32_t committed = 0;  // promised upstream, bits per second
    std::uint32_t claimed = 0;    // the rate that `claim` is set to
    TokenBucket claim;            // what may be sent under the promise
    std::uint64_t fee = 0;
    std::uint64_t cost = 0;      // promised upstream, uMHR per byte
    std::uint64_t max_cost = 0;  // what upstream would pay
    std::uint64_t incarnation = 0;
    std::uint64_t up_receipted = 0;
    std::uint32_t up_chunk = 0;
    NodeTime valid_until;              // promised upstream, our node clock
    Millis ends;                       // the same, steady
    Millis heard;                      // last data, or the commitment
    Millis asked_at;                   // last request downstream
    Millis give_up;                    // PENDING: no answer until then
    Millis look_at = Millis::never();  // for a better path
    Millis window;                     // origin: when the chunk under way began
    Down down;
    Down better;  // a path that is being asked for, while `down` still carries
    Millis better_until;
  };

  /// A hop we were payer of, closed; its last receipts may still come.
  struct Leaving {
    Down hop;
    std::uint64_t handed = 0;
    bool floor_kept = false;
    Millis until = Millis::never();  // never: free
  };

  struct Ending {
    ReleaseReason reason = ReleaseReason::complete;
    bool tell_upstream = true;    // false: it told us, or is gone
    bool tell_downstream = true;  // likewise
    bool upstream_gone = false;
    bool tell_application = true;
  };

  // reservations.cpp: messages, packets, time
  [[nodiscard]] std::size_t others_over(LinkSlot egress) const;
  [[nodiscard]] std::size_t lane(LinkSlot upstream) const;
  [[nodiscard]] Slot find_upstream(LinkSlot from, std::uint16_t id) const;
  [[nodiscard]] Slot find_downstream(LinkSlot from, std::uint16_t id) const;
  [[nodiscard]] bool acceptable(LinkSlot from, const ReservationRequest& request, Millis now);
  // An entry in PENDING that holds what was asked for.
  Slot take_request(LinkSlot from, const ReservationRequest& request, Millis now);
  void answer_as_destination(LinkSlot from, const ReservationRequest& request, Millis now);
  void relay_request(LinkSlot from, const ReservationRequest& request, Millis now);
  void take_answer(Slot slot, const ReservationCommitment& commitment, Millis now);
  void take_better(Slot slot, const ReservationCommitment& commitment, Millis now);
  void end_of_upstream(Slot slot, const Ending& ending, Millis now);
  void link_down_for(Slot slot, LinkSlot link, Millis now);
  // True: the receipt is good, and noted. `last`: a short one may come.
  static bool take_receipt(Down& down, std::uint64_t handed, bool last,
                           const DeliveryReceipt& receipt);
  void receipt_of_closed(LinkSlot from, const DeliveryReceipt& receipt);
  void judge_chunk(Slot slot, std::uint64_t bytes, Millis now);

  // reservation_hops.cpp: the life of one reservation
  Slot make(LinkSlot upstream, Millis now);
  void discard(Slot slot);
  void set_term(Entry& entry, std::uint32_t seconds, Millis now);
  // Downstream promises until `theirs`, in its clock.
  void shorten_term(Entry& entry, std::uint64_t theirs, Millis now);
  // What can be fenced on `link` for `upstream`; 0: not as much as asked for, or nothing.
  [[nodiscard]] std::uint32_t grant(LinkSlot upstream, LinkSlot link, RateCode path,
                                    std::uint32_t min_throughput) const;
  void fence(Down& down, std::uint32_t rate);
  void unfence(Down& down);
  [[nodiscard]] std::uint16_t fresh_id(Slot slot, LinkSlot link);
  // Fences the way and asks downstream; where nobody can be asked, promises what is here.
  void start(Slot slot, const ReservationRoute& route, std::uint32_t rate, std::uint64_t limit,
             Millis now);
  [[nodiscard]] Down towards(const Entry& entry, const ReservationRoute& route,
                             std::uint64_t limit) const;
  void send_request(const Entry& entry, const Down& down, std::uint32_t min_throughput, Millis now);
  // Promises upstream, or tells the application; false: the money was refused, nothing is paid.
  [[nodiscard]] bool commit(Slot slot, ReservationStatus status, std::uint32_t rate, Millis now);
  void send_commitment(Slot slot);
  void refuse_request(LinkSlot from, std::uint16_t id, ReservationStatus status);
  void refuse(Slot slot, ReservationStatus status);
  void give_up(Slot slot, Millis now);
  void start_over(Slot slot, Millis now);
  [[nodiscard]] static bool is_better(const Down& now, const ReservationRoute& other, bool& faster);
  void look_for_better(Slot slot, Millis now);
  void drop_better(Slot slot);
  void end(Slot slot, const Ending& ending, Millis now);
  void end_upstream(Entry& entry, const Ending& ending);
  void end_downstream(Entry& entry, Down& down, const Ending& ending, Millis now);
  [[nodiscard]] static bool keeps_floor(const Entry& entry, const Ending& ending);
  void keep_leaving(const Leaving& leaving);
  void settle(Leaving& leaving);
  void receipt_upstream(Entry& entry, std::uint64_t bytes);
  void schedule(Slot slot);
  void on_deadline(Slot slot, Millis now);

  [[nodiscard]] static ReservedHop payee_hop(const Entry& entry);
  [[nodiscard]] static ReservedHop payer_hop(const Down& down);
  template <class Message>
  void send(LinkSlot link, const Message& message);
  void tell_committed(Slot slot);
  void tell(Slot slot, ReservationNews news);
  void push(const ReservationAction& action);

  ReservationConfig config_;
  const ReservationView& view_;
  RelayPolicy& policy_;
  ReservationCounters counters_;
  std::vector<Entry> entries_;
  std::vector<Slot> free_;
  std::size_t size_ = 0;
  unsigned slot_bits_;             // low bits of an id: the slot
  std::uint16_t last_generation_;  // high bits of an id
  std::uint64_t last_incarnation_ = 0;
  std::vector<Slot> lanes_;  // by upstream, our own last: first of its list
  std::vector<std::uint8_t> lane_size_;
  std::vector<RequestBucket> buckets_;  // by upstream
  std::vector<std::uint64_t> fenced_;   // by link, bits per second
  std::vector<Leaving> leaving_;
  Millis leaving_due_ = Millis::never();  // the earliest of them, or earlier
  DeadlineHeap deadlines_;
  std::vector<ReservationAction> actions_;  // a ring
  std::size_t first_action_ = 0;
  std::size_t action_count_ = 0;
};

}  // namespace mehr::l1
