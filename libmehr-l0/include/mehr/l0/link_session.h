// The sealed half of a link: DATA frames under the current and, for a while, the previous key.
// spec: L0/5.4 to 5.6, L2/3.4, L2/3.5
//
// Place: L0, owned by a Link once its handshake has given a session key.
// Seam: none; borrowed buffers in, borrowed buffers out.
// Machine: two key slots. `install` makes a new key the one to send with and keeps the old one for
// opening (and for repeats of REKEY_ACK) until `drop_old`; `exchange_keys` makes the kept key the
// one to send with. It has no timers: Link keeps those.
// Bounds: two keys, two replay windows; allocates only when a key is installed.
// Failure: a frame that does not open changes nothing. Counters never repeat under a key: at
// 2^32 - 1 sealing stops with Errc::wrong_state and the link must close.
#pragma once

#include <optional>

#include "mehr/core/crypto.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_frames.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l0/replay_window.h"

namespace mehr::l0 {

/// Session key of a handshake or rekey: B2(DH || first ephemeral || second ephemeral).
/// Errc::bad_value when the exchange gives zero. spec: L0/5.4
[[nodiscard]] Result<Secret<32>> derive_session_key(const Secret<32>& own_ephemeral,
                                                    const X25519Key& peer_ephemeral,
                                                    const X25519Key& first,
                                                    const X25519Key& second);

/// Direction in the nonce: 0 initiator to responder, 1 the reverse. spec: L0/5.4 step 6
[[nodiscard]] crypto::Nonce link_nonce(LinkRole sender, std::uint64_t counter);

class LinkSession {
 public:
  struct Addressing {
    LinkRole role = LinkRole::initiator;
    std::uint16_t own_link = 0;   ///< in frames to us
    std::uint16_t peer_link = 0;  ///< in frames to the peer
    Mtu mtu;
  };
  /// Counters at which a key must be replaced, and at which it may not be used any more.
  static constexpr std::uint32_t kRekeyCounter = 0xFFF0'0000;  // 2^32 - 2^20
  static constexpr std::uint32_t kLastCounter = 0xFFFF'FFFF;

  /// Epoch 0; the handshake took counter 0 of each direction.
  LinkSession(const Addressing& addressing, const Secret<32>& key);

  /// Seals @p message, padded with zeros to @p padded_size when that is more, as a DATA frame at
  /// the front of @p out (24 bytes longer than the message area). Returns the frame.
  /// Errors: too_big over the MTU or the buffer, wrong_state when the counter is used up.
  [[nodiscard]] Result<MutableBytes> seal(ByteView message, std::size_t padded_size,
                                          MutableBytes out);
  /// The same under the previous key, for repeats of REKEY_ACK. wrong_state when it is gone.
  [[nodiscard]] Result<MutableBytes> seal_with_old(ByteView message, MutableBytes out);
  /// Opens a DATA frame in place and returns the message inside it.
  /// Errors: truncated, wrong_peer (link id or epoch unknown), replayed, bad_seal, bad_value (no
  /// end marker), too_big.
  [[nodiscard]] Result<MutableBytes> open(MutableBytes frame);

  /// Makes @p key, of epoch + 1, the key to send with; the current one becomes the old one.
  void install(const Secret<32>& key);
  void drop_old() { old_.reset(); }
  /// The kept key becomes the one to send with, its counters going on, and the current one is kept
  /// for opening. It counts as not heard from here on. Only while there is a kept one.
  void exchange_keys();
  /// The MTU both sides settled on, once the responder knows the peer's.
  void set_mtu(Mtu mtu) { addressing_.mtu = mtu; }
  [[nodiscard]] bool has_old() const { return old_.has_value(); }
  /// True once a frame has opened under the key that is sent with, or the kept one.
  [[nodiscard]] bool is_current_heard() const { return current_.heard; }
  [[nodiscard]] bool is_old_heard() const { return old_ && old_->heard; }

  [[nodiscard]] std::uint8_t epoch() const { return current_.epoch; }
  [[nodiscard]] std::uint64_t sealed_bytes() const { return current_.sealed_bytes; }
  [[nodiscard]] std::uint32_t next_counter() const { return current_.next_counter; }
  [[nodiscard]] const Addressing& addressing() const { return addressing_; }

 private:
  struct Key {
    Key(const Secret<32>& key, std::uint8_t key_epoch, std::uint32_t first_counter);
    crypto::Aead sealer;
    crypto::Aead opener;
    ReplayWindow window;
    std::uint64_t sealed_bytes = 0;
    std::uint32_t next_counter;
    std::uint8_t epoch;
    bool heard = false;  // a frame of the peer has opened
  };

  [[nodiscard]] Result<MutableBytes> seal_under(Key& key, ByteView message, std::size_t padded_size,
                                                MutableBytes out);
  [[nodiscard]] Key* key_of(std::uint8_t type);

  Addressing addressing_;
  Key current_;
  std::optional<Key> old_;
};

}  // namespace mehr::l0
