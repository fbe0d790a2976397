// ES: a long body sealed to one NodeID, segment by segment. spec: L2/4
//
// Place: L2, beside the envelope; for bodies too long for one AEAD call or one buffer.
// Shapes: ephemeral 32, then segments of ciphertext and tag 16. Every segment but the last holds
// exactly 16,384 bytes of plaintext, the last 0 to 16,384. Nonce = last u32 (1 on the final one)
// then segment number u64; associated data as in E1, the same for each segment.
// Machines: sealer OPEN -(last segment)-> DONE. Opener READING -(finish)-> DONE, -(any failure)->
// FAILED; both end states refuse everything. Neither has a deadline.
// The opener holds a whole segment back until it knows whether more follows: bytes after it mean it
// was not the final one. So order, repeats, a cut end and a longer end all fail at a tag.
// Bounds: the opener owns one segment buffer, 16,400 bytes, made at the start; the sealer none.
// Failure: bad_seal or truncated fails the whole stream; what was released before was authentic but
// belongs to an unfinished whole, and the caller drops it.
// Threads: one at a time.
#pragma once

#include "mehr/core/crypto.h"
#include "mehr/l2/envelope.h"

namespace mehr::l2 {

inline constexpr std::size_t kStreamSegment = 16'384;  ///< plaintext bytes. spec: L2/7
inline constexpr std::size_t kStreamSealedSegment = kStreamSegment + kTagSize;
inline constexpr std::size_t kStreamHead = 32;  ///< the ephemeral before the first segment

/// Bytes of a stream, ephemeral included, that carries @p plain bytes with no empty last segment
/// unless there is nothing to carry.
[[nodiscard]] constexpr std::uint64_t sealed_stream_size(std::uint64_t plain) {
  const std::uint64_t segments = plain == 0 ? 1 : (plain + kStreamSegment - 1) / kStreamSegment;
  return kStreamHead + plain + segments * kTagSize;
}

/// Seals one stream.
class StreamSealer {
 public:
  /// Errc::bad_value when the recipient's key is unusable.
  [[nodiscard]] static Result<StreamSealer> start(const Recipient& to, std::uint8_t context,
                                                  const Ephemeral& ephemeral);
  /// The 32 bytes that go before the first segment.
  [[nodiscard]] const X25519Key& head() const { return head_; }
  /// Seals the next segment into the front of @p out, in place or apart.
  /// Errors: bad_value (a segment that is not the last and not 16,384 long), too_big (over 16,384,
  /// or @p out is short), wrong_state (after the last one).
  [[nodiscard]] Result<MutableBytes> seal(ByteView plain, bool last, MutableBytes out);

 private:
  StreamSealer(const Secret<32>& key, const X25519Key& head, const NodeId& to,
               std::uint8_t context);
  crypto::Aead aead_;
  X25519Key head_;
  std::array<std::uint8_t, 17> aad_;
  std::uint64_t next_ = 0;
  bool done_ = false;
};

/// Opens one stream.
class StreamOpener {
 public:
  /// @p head is the stream's first 32 bytes. Errc::bad_value when it is of low order.
  [[nodiscard]] static Result<StreamOpener> start(const Signer& me, std::uint8_t context,
                                                  const X25519Key& head);
  /// Takes bytes off the front of @p in. Returns the plaintext of a segment whose tag held,
  /// borrowed until the next call, or an empty view when @p in is used up. Call until @p in and the
  /// returned view are both empty.
  [[nodiscard]] Result<ByteView> feed(ByteView& in);
  /// The stream has ended: the plaintext of the final segment, which may be empty, borrowed until
  /// the opener dies. Errors: truncated (no final segment), bad_seal (what came last was not it).
  [[nodiscard]] Result<ByteView> finish();

 private:
  enum class State : std::uint8_t { reading, done, failed };
  StreamOpener(const Secret<32>& key, const NodeId& me, std::uint8_t context);
  Result<ByteView> open_held(bool last);

  crypto::Aead aead_;
  std::array<std::uint8_t, 17> aad_;
  Bytes held_;  // one sealed segment; opened in place
  std::size_t filled_ = 0;
  std::uint64_t next_ = 0;
  State state_ = State::reading;
};

}  // namespace mehr::l2
