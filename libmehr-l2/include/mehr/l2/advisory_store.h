// What is known of compromised keys, and which key follows which. spec: L2/6.1
//
// Place: L2; the `Replicated` of gossip kinds 0x66 and 0x67, so that L1 brings it level with the
// neighbours'. Seams: `Storage` keeps it, `TrustView` says whose entries matter most here.
// Shapes: one place for each advisory and commitment. Of one key there are at most 8 advisories,
// one for each (new key, evidence); a later sequence takes an earlier one's place. Machine: `merge`
// for each item; `standing` draws the conclusion anew whenever it is asked. Conclusion: any entry
// flags a key. A commitment decides alone which successor is accepted; without one, exactly one
// successor that signed too is; anything else is for people to decide. Deadline: what changed is
// stored within a minute. Bounds: `Limits::advisories` places, all memory taken at construction.
// Full: the oldest entry of a stranger goes; entries about this node and about nodes of the two-hop
// neighbourhood stay, and when all are such the newcomer is refused. Failure: what does not decode
// or verify is the neighbour's fault and not passed on; a storage that fails is tried again a
// minute later. Threads: one at a time.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "mehr/core/bounded.h"
#include "mehr/core/replicated.h"
#include "mehr/core/storage.h"
#include "mehr/core/trust_view.h"
#include "mehr/core/units.h"
#include "mehr/l2/advisory.h"

namespace mehr::l2 {

inline constexpr std::size_t kAdvisoriesPerKey = 8;  ///< spec: L2/7
inline constexpr std::size_t kMostChain = 8;         ///< links of successions followed
inline constexpr Millis kAdvisorySave = Millis::seconds(60);

/// A successor that somebody claims for a key.
struct ClaimedSuccessor {
  PublicKey key;  ///< zero: the advisory names none
  Evidence evidence = Evidence::both;
  std::uint64_t sequence = 0;
  std::uint64_t timestamp = 0;
};

/// What is to be thought of a key.
struct KeyStanding {
  bool compromised = false;            ///< flagged: ask for fresh authentication
  bool committed = false;              ///< a NextKeyCommitment is held
  std::optional<PublicKey> successor;  ///< accepted, as far as the chain of successions goes
  bool undecided = false;  ///< successors are claimed and none is accepted: a person decides
  Bounded<ClaimedSuccessor, kAdvisoriesPerKey> claims;
};

class AdvisoryStore final : public Replicated {
 public:
  /// What became of items since the start.
  struct Counters {
    std::uint64_t taken = 0;
    std::uint64_t known = 0;
    std::uint64_t superseded = 0;  ///< an equal or later sequence is held
    std::uint64_t refused = 0;     ///< a ninth of one key, a second commitment, or no room
    std::uint64_t invalid = 0;     ///< does not decode, or is not signed by whom it names
    std::uint64_t evicted = 0;     ///< strangers' entries that made room
    std::uint64_t storage_failed = 0;
  };

  /// @p storage may be null: nothing survives a restart. @p trust may be null: all are strangers.
  AdvisoryStore(std::size_t capacity, const NodeId& self, Storage* storage, const TrustView* trust);

  // Replicated. Items are the same on every link; bodies are borrowed until the next merge.
  [[nodiscard]] bool owns(std::uint8_t kind) const override {
    return kind == kAdvisoryKind || kind == kCommitmentKind;
  }
  [[nodiscard]] std::uint8_t tiers() const override { return 0b10; }
  [[nodiscard]] std::size_t capacity() const override { return places_.capacity(); }
  [[nodiscard]] std::size_t places() const override { return places_.size(); }
  [[nodiscard]] bool item(std::size_t place, ItemRef& out) const override;
  [[nodiscard]] std::uint64_t rank(std::size_t place) const override;
  [[nodiscard]] ByteView body(std::size_t place) const override;
  MergeVerdict merge(const GossipItem& item) override;

  /// Takes up an item of this node's own user. Errors say why not: bad_signature, bad_value,
  /// replayed (an equal or later one is held), full.
  Status submit(const GossipItem& item);
  /// What to think of @p key now.
  [[nodiscard]] KeyStanding standing(const PublicKey& key) const;
  /// The standing of the key whose NodeID is @p node, if anything is held about it.
  [[nodiscard]] std::optional<PublicKey> key_under_advice(const NodeId& node) const;
  /// Every key that an advisory is held about, once each.
  void compromised(const std::function<void(const PublicKey&)>& each) const;
  /// Called with a key after something new was taken up about it.
  void on_change(std::function<void(const PublicKey&)> observer) {
    observer_ = std::move(observer);
  }

  /// Called when something waits to be stored: `next_deadline` has changed.
  void on_dirty(std::function<void()> observer) { dirty_observer_ = std::move(observer); }
  /// Stores what changed, when it is due.
  void on_time(Millis now);
  /// Stores what changed at once: before the program ends.
  void save();
  [[nodiscard]] Millis next_deadline() const;
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  // One item, as it came; decoded anew whenever it is asked for, which is seldom.
  struct Place {
    std::uint8_t kind = 0;  // 0: free
    bool dirty = false;
    std::uint8_t size = 0;
    std::uint64_t order = 0;  // of arrival
    ItemId id;
    NodeId about;
    std::array<std::uint8_t, kAdvisoryBoth> body{};
    [[nodiscard]] ByteView bytes() const { return ByteView(body).first(size); }
  };
  using Index = std::size_t;
  static constexpr Index kNone = static_cast<Index>(-1);

  MergeVerdict take_advisory(ByteView body);
  MergeVerdict take_commitment(ByteView body);
  template <class Pred>
  [[nodiscard]] Index find(Pred pred) const;
  /// Calls @p visit with the place and the content of every advisory about @p key.
  template <class Visit>
  void each_about(const PublicKey& key, Visit visit) const;
  [[nodiscard]] std::optional<Hash256> commitment_of(const PublicKey& key) const;
  [[nodiscard]] Index to_displace(const PublicKey& key) const;
  [[nodiscard]] Index free_place();
  [[nodiscard]] bool matters(const NodeId& about) const;
  MergeVerdict put(Index at, std::uint8_t kind, const PublicKey& about, ByteView body);
  void conclude(const PublicKey& key, KeyStanding& out) const;
  void make_dirty();
  void load();

  NodeId self_;
  Storage* storage_;
  const TrustView* trust_;
  std::vector<Place> places_;
  std::size_t size_ = 0;
  std::uint64_t order_ = 0;
  bool dirty_ = false;
  std::function<void()> dirty_observer_;
  Millis saved_{0};
  std::function<void(const PublicKey&)> observer_;
  Counters counters_;
};

}  // namespace mehr::l2
