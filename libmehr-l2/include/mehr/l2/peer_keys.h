// Keys of the nodes that this node seals to or that proved themselves to it. spec: L2/4.1
//
// Place: L2, in front of the key table below. A key is taken only when its hash is the NodeID it
// is asked for, so any source will do. The X25519 form is kept with it: the conversion costs about
// as much as an exchange.
// Machine: none. Bounds: `Limits::peer_keys` entries of each, all memory taken at construction.
// Full: the one least recently used goes; the table below may still know it.
// Prekeys have a table of their own: no stranger's key takes the place of one, or of the highest id
// seen, without which an older bundle would be taken up again.
// Failure: a key without an X25519 form or of another NodeID is not kept.
// Threads: one at a time.
#pragma once

#include <optional>

#include "mehr/core/key_table.h"
#include "mehr/l2/envelope.h"
#include "mehr/l2/lru_table.h"
#include "mehr/l2/prekey.h"

namespace mehr::l2 {

/// How long a bundle is used after it was learnt: were it replaced the moment after, its secret
/// would live that long. spec: L2/4
inline constexpr Millis kPrekeyUse = kPrekeyGrace;

class PeerKeys final : public KeyTable {
 public:
  PeerKeys(const KeyTable& below, std::size_t capacity, Random& random)
      : below_(below), known_(capacity, random), prekeys_(capacity, random) {}

  /// Own memory first, then the table below.
  [[nodiscard]] std::optional<PublicKey> key_of(const NodeId& node) const override;
  /// Whom to seal to; remembered for the next time. Errors: no_key, bad_value (an unusable key).
  [[nodiscard]] Result<Recipient> recipient(const NodeId& node);
  /// The same, leaving what is remembered as it is: for whom there will be no next time.
  [[nodiscard]] Result<Recipient> recipient_once(const NodeId& node) const;
  /// Remembers the key of a sender whose proof held.
  void learn(const PublicKey& key);
  /// Takes a bundle up: E2 is used to its owner from here on. Errors: bad_signature, replayed (its
  /// id is not above the one held), bad_value (an unusable key).
  [[nodiscard]] Status learn_prekey(const PrekeyBundle& bundle, Millis now);
  /// The current prekey of a node, if one is known and surely still alive; it counts as used.
  [[nodiscard]] std::optional<PrekeyRef> prekey(const NodeId& node, Millis now);
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    PublicKey identity;
    X25519Key exchange;
  };
  struct Prekey {
    PrekeyRef ref;
    Millis until;
  };
  const KeyTable& below_;
  LruTable<Known> known_;
  LruTable<Prekey> prekeys_;
};

}  // namespace mehr::l2
