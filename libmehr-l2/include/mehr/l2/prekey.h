// Prekeys: short-lived keys that give sealed messages forward secrecy. spec: L2/4
//
// Place: L2. `PrekeyBundle` is what others learn (published as a DHT record by the layer that has
// one); `PrekeyRing` is the node's own secrets, held by `SealedMessenger`.
// Shapes: bundle 132 bytes: identity 32, id u32, prekey 32, signature 64 over the first 68.
// Ring machine: CURRENT -(rotate)-> REPLACED -(14 days)-> erased. Deadline: the next erasure.
// A new prekey is due every 7 days (`kPrekeyPeriod`); whoever publishes bundles rotates.
// Bounds: four live prekeys, inline; a fifth erases the oldest replaced one at once, which makes
// envelopes to it unopenable and nothing worse.
// Failure: ids strictly grow; a lower or equal id is refused, a bundle with one is not taken.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "mehr/core/random.h"
#include "mehr/core/units.h"
#include "mehr/l2/envelope.h"

namespace mehr::l2 {

/// How long a prekey is the current one. spec: L2/7
inline constexpr Millis kPrekeyPeriod = Millis::seconds(7 * 24 * 3600);
/// How long a replaced prekey still opens envelopes. spec: L2/7
inline constexpr Millis kPrekeyGrace = Millis::seconds(14 * 24 * 3600);

/// A prekey as its owner publishes it.
struct PrekeyBundle {
  PublicKey identity;
  std::uint32_t prekey_id = 0;
  X25519Key prekey;
  Signature signature;
  static constexpr auto wire = std::tuple{
      field("identity", &PrekeyBundle::identity), field("prekey_id", &PrekeyBundle::prekey_id),
      field("prekey", &PrekeyBundle::prekey), field("signature", &PrekeyBundle::signature)};
  constexpr bool operator==(const PrekeyBundle&) const = default;
  [[nodiscard]] constexpr PrekeyRef ref() const { return {prekey_id, prekey}; }
};
static_assert(wire_size<PrekeyBundle> == 132);

/// Signs the bundle of @p prekey.
[[nodiscard]] PrekeyBundle make_bundle(const Signer& owner, const PrekeyRef& prekey);
/// Errc::bad_signature unless the bundle's own identity signed it.
[[nodiscard]] Status verify(const PrekeyBundle& bundle);
/// True when @p fresh is of the same identity as @p held and has the greater id. Anything else is
/// dropped by whoever keeps bundles.
[[nodiscard]] bool supersedes(const PrekeyBundle& fresh, const PrekeyBundle& held);

/// The node's own live prekeys: the current one and those replaced in the last 14 days.
class PrekeyRing {
 public:
  static constexpr std::size_t kCapacity = 4;

  /// One live prekey; borrowed until the ring changes.
  struct Live {
    PrekeyRef prekey;
    const Secret<32>& secret;
  };

  /// Continues the ids of this identity: @p last_id is the highest ever used, 0 at first.
  void resume(std::uint32_t last_id) { last_id_ = std::max(last_id_, last_id); }

  /// The id of the prekey to come; Errc::full when ids have run out.
  [[nodiscard]] Result<std::uint32_t> next_id() const;
  /// Draws a new current prekey with the next id; the former one becomes a replaced one.
  /// Errors as `next_id`.
  [[nodiscard]] Result<PrekeyRef> rotate(Random& random, Millis now);
  /// The same with a given id and secret; Errc::bad_value unless @p id is above every earlier one.
  [[nodiscard]] Result<PrekeyRef> install(std::uint32_t id, Secret<32> secret, Millis now);
  /// The live prekey with this id.
  [[nodiscard]] std::optional<Live> find(std::uint32_t id) const;
  /// Wipes those whose 14 days are over at @p now.
  void expire(Millis now);
  /// When `expire` has something to do next.
  [[nodiscard]] Millis next_deadline() const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Slot {
    bool live = false;
    PrekeyRef prekey;
    Millis erase_at = Millis::never();  // never: the current one
    Secret<32> secret;
  };
  Slot& free_slot();

  std::array<Slot, kCapacity> slots_;
  std::uint32_t last_id_ = 0;
};

}  // namespace mehr::l2
