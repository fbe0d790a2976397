// How a node finds its first neighbours, and enough of them. spec: L1/12
//
// Place: L1, a machine of its own beside the facade: it decides whom to dial and what to tell; a
// port dials, resolves, sends and stores (`next` says what), and reports what came of it.
// Machine: a pass goes  known -> [no link: resolving -> named] -> [still none: listed] -> resting.
//   known: stored peers, newest first, at most 16 a pass while others wait further down (the next
//   pass goes on below), then addresses that neighbours told; named: what the DNS name gave;
//   listed: the configured addresses. At most 8 dials are open, of 5 s each; dials and outbound
//   links together are 8 at most. With 3 outbound links no pass begins. A pass that leaves fewer is
//   followed by the next one after 5 s doubling to 300 s, less up to a quarter by chance; a new
//   link starts the doubling over. Links that others made or redial count like our own.
// Exchange: a node that discovers asks each new neighbour for peers, again after 1,800 s, sooner
//   (60 s doubling) while it has fewer than 3 outbound links. It answers whoever asks, at most one
//   message per link and 60 s. It tells peers that it dialled itself and that were authenticated
//   within 24 h, and neighbours that say they accept links: each such neighbour gives its port, the
//   host is the one we see, and one connection to it has to succeed before it is passed on.
// Attack: told addresses are tried once, with at most 8 dials a minute, after `reach_of` found them
//   no nearer than the teller itself; they enter the book only as proven. A third message within a
//   minute is ignored.
// Bounds: `Config`; a message names at most 32 peers, 4 of one host (of one machine: all).
// Failure: a malformed message is an error for the caller to count; all else is retried.
// Threads: the node's. Nothing is allocated after construction.
#pragma once

#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "mehr/core/bounded.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l1/learned_peers.h"
#include "mehr/l1/peer_book.h"
#include "mehr/l1/peer_exchange.h"

namespace mehr::l1 {

class Bootstrap {
 public:
  static constexpr std::size_t kParallelDials = 8;
  static constexpr std::size_t kFewestOutbound = 3;
  static constexpr std::size_t kMostOutbound = 8;
  static constexpr std::size_t kStoredPerPass = 16;
  static constexpr std::size_t kNamed = 32;  ///< addresses of a name that count
  static constexpr std::size_t kTold = 32;   ///< entries of a message
  static constexpr std::size_t kProbes = 4;  ///< neighbours looked at side by side
  static constexpr Millis kDialLimit = Millis::seconds(5);
  static constexpr Millis kRetryFirst = Millis::seconds(5);
  static constexpr Millis kRetryMax = Millis::seconds(300);
  static constexpr Millis kExchangeSpacing = Millis::seconds(60);
  static constexpr Millis kExchangeRefresh = Millis::seconds(1800);
  /// A neighbour that did not accept, and says so again, is looked at again after this.
  static constexpr Millis kClaimRetry = Millis::seconds(300);
  static constexpr Millis kStoreSpacing = Millis::seconds(60);
  static constexpr std::size_t kLearnedDialsPerMinute = 8;

  struct Config {
    /// Dials and asks. False: only remembers whom others dial from here, and answers who asks.
    bool discover = true;
    /// There is a DNS name to resolve.
    bool has_name = false;
    std::size_t links = 1024;  ///< links looked after; further ones are counted as links only
    PeerBook::Config stored;
    LearnedPeers::Config learned;
  };
  /// Both clocks at one moment.
  struct Now {
    Millis steady;
    NodeTime node;
  };
  /// A link as this machine needs it.
  struct Link {
    l0::LinkId id;
    NodeId peer;
    bool outbound = false;             ///< we dialled
    std::optional<PeerAddress> where;  ///< dialled address, or observed host of an inbound link
    Mtu mtu;
  };

  // ---- What the port does ----------------------------------------------------------------------
  /// Connect and shake hands within `limit`; then report `on_dialled` once.
  struct Dial {
    PeerAddress to;
    std::optional<NodeId> expected;  ///< nobody else will do
    bool only_connect = false;       ///< see whether somebody accepts, and hang up
    Millis limit;
  };
  /// Ask for all addresses of the configured name; then report `on_resolved` once.
  struct Resolve {
    Millis limit;
  };
  /// A control message for one neighbour. Borrowed until the next call of `next`.
  struct Send {
    l0::LinkId link;
    ByteView message;
  };
  /// Put `value` under `kPeersKey`. Borrowed until the next call of `next`.
  struct Store {
    ByteView value;
  };
  using Action = std::variant<Dial, Resolve, Send, Store>;

  /// Only ever rising.
  struct Counters {
    std::uint64_t passes = 0;
    std::uint64_t dials = 0;
    std::uint64_t dials_failed = 0;
    std::uint64_t probes = 0;    ///< connections made to see whether a neighbour accepts
    std::uint64_t resolved = 0;  ///< names asked for
    std::uint64_t exchanges_sent = 0;
    std::uint64_t exchanges_received = 0;
    std::uint64_t exchanges_too_often = 0;
    std::uint64_t exchanges_malformed = 0;
    std::uint64_t told_taken = 0;    ///< addresses kept to be tried
    std::uint64_t told_refused = 0;  ///< out of reach for the teller, known, failed, or too old
  };

  /// @p list: the built-in addresses. @p reserved: addresses that the port keeps connected by
  /// itself and that are never dialled from here. @p seed spreads retries and what is told.
  Bootstrap(const NodeId& self, const Config& config, std::span<const PeerAddress> list,
            std::span<const PeerAddress> reserved, std::uint64_t seed);

  /// Takes over the peers of an earlier run; before `start`. Errors: see PeerBook::load.
  Status load(ByteView stored) { return book_.load(stored); }
  /// The first pass may begin.
  void start(Now now);
  /// We accept links on @p port of whatever host others see us at; 0: we do not, and nobody is
  /// told.
  void set_accepting(std::uint16_t port, Now now);

  // ---- What happened ---------------------------------------------------------------------------
  void on_link_up(const Link& link, Now now);
  void on_link_down(l0::LinkId link, Now now);
  /// A Dial is over: @p reached when a link came of it (or, with only_connect, a connection).
  void on_dialled(const PeerAddress& to, bool only_connect, bool reached, Now now);
  /// A Resolve is over; nothing found is a failure.
  void on_resolved(std::span<const PeerAddress> addresses, Now now);
  /// A PeerExchange message, type byte first. An error: malformed.
  Status on_message(l0::LinkId from, ByteView message, Now now);

  /// What is to be done now, one at a time until there is nothing; to be asked after every event
  /// and at `next_deadline`.
  std::optional<Action> next(Now now);
  [[nodiscard]] Millis next_deadline() const;
  /// The book as it should be stored before the program ends; empty when nothing is new.
  ByteView unsaved(Now now);

  [[nodiscard]] const PeerBook& book() const { return book_; }
  [[nodiscard]] const LearnedPeers& learned() const { return learned_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  enum class Phase : std::uint8_t { stopped, known, resolving, named, listed, resting };
  // Whether a neighbour that says so accepts links where it says.
  enum class Claim : std::uint8_t { none, told, probing, accepts, refuses };
  struct Slot {
    Link link;  // id 0: free
    PeerAddress claim_at;
    Claim claim = Claim::none;
    Millis probe_at;                      // not before
    Millis claim_until;                   // how long an answer about the claim holds
    Millis send_at;                       // not before
    Millis ask_at = Millis::never();      // when to ask for peers
    Millis ask_every = kExchangeSpacing;  // doubles while there are too few links
    bool owes_reply = false;
    Millis window_start;  // of received messages
    std::uint8_t in_window = 0;
  };

  // bootstrap.cpp: passes
  void begin_pass(Now now);
  void end_phase(Now now);
  void rest(Now now);
  std::optional<Action> next_dial(Now now);
  std::optional<Dial> candidate(Now now);
  std::optional<Dial> known_candidate(Now now);
  [[nodiscard]] bool may_dial(const PeerAddress& at, const NodeId& node) const;
  [[nodiscard]] bool learned_budget(Now now);
  [[nodiscard]] bool is_linked(const NodeId& node) const;
  [[nodiscard]] Slot* find(l0::LinkId id);
  [[nodiscard]] Millis spread(Millis span);
  std::uint64_t chance();

  // bootstrap_exchange.cpp: messages and claims
  std::optional<Action> next_send(Now now);
  std::optional<Action> next_probe(Now now);
  ByteView compose(const Slot& to, bool please_reply, Now now);
  bool tell(PeerExchangeWriter& out, const Slot& to, const PeerEntry& entry);
  void tell_own(PeerExchangeWriter& out);
  void tell_claims(PeerExchangeWriter& out, const Slot& to);
  void tell_book(PeerExchangeWriter& out, const Slot& to, Now now);
  void take_entry(Slot& from, const PeerEntry& entry, Now now);
  void take_claim(Slot& from, std::uint16_t port, Now now);
  [[nodiscard]] bool too_often(Slot& from, Now now);
  [[nodiscard]] static Millis send_due(const Slot& slot);
  void touch_linked(Now now);

  NodeId self_;
  Config config_;
  std::vector<PeerAddress> list_;
  std::vector<PeerAddress> reserved_;
  std::uint64_t chance_;
  PeerBook book_;
  LearnedPeers learned_;
  std::vector<Slot> slots_;
  std::size_t links_ = 0;
  std::size_t outbound_ = 0;
  std::uint16_t accepting_ = 0;

  Phase phase_ = Phase::stopped;
  Millis pass_at_ = Millis::never();  // while resting: when the next pass begins
  Millis backoff_ = kRetryFirst;
  std::size_t stored_next_ = 0;   // where the pass is in the book
  std::size_t stored_left_ = 0;   // how many stored peers the pass may still try
  std::size_t address_next_ = 0;  // where the pass is in `named_` or `list_`
  std::vector<PeerAddress> named_;
  std::vector<PeerAddress> dialling_;  // at most kParallelDials
  Millis learned_window_;              // start of the minute that learned dials are counted in
  std::size_t learned_dials_ = 0;

  bool unsaved_ = false;
  Millis store_at_;                // not before
  std::vector<PeerAddress> told_;  // hosts in the message being composed
  std::vector<std::uint8_t> message_;
  Counters counters_;
};

}  // namespace mehr::l1
