#include "mehr/transfer/messages.h"

#include <limits>

#include "mehr/transfer/file_name.h"

namespace mehr::transfer {

std::string_view text_of(const Tail& tail) {
  if (tail.bytes.empty()) return {};
  return {reinterpret_cast<const char*>(tail.bytes.data()), tail.bytes.size()};
}

Status Offer::check() const {
  if (chunk < kMinChunk || chunk > kMaxChunk) {
    return fail(Errc::bad_value, "a chunk has 64 to 32,768 bytes");
  }
  if (chunk_count(size, chunk) >= std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::too_big, "the file has too many chunks of this size");
  }
  if (transfer == acks) return fail(Errc::bad_value, "data and acknowledgements share a stream");
  return check_file_name(text_of(name));
}

Status Answer::check() const {
  const bool accepted = verdict == Verdict::accepted;
  if (accepted && (window == 0 || window > kMaxWindow)) {
    return fail(Errc::bad_value, "a window has 1 to 2,048 chunks");
  }
  if (!accepted && (next != 0 || window != 0 || !key.is_zero())) {
    return fail(Errc::bad_value, "a refusal promises nothing");
  }
  return {};
}

Status Ack::check() const {
  if (window == 0 || window > kMaxWindow) {
    return fail(Errc::bad_value, "a window has 1 to 2,048 chunks");
  }
  if (bitmap.bytes.size() > kMaxWindow / 8) return fail(Errc::too_big, "the bitmap is too long");
  if (!bitmap.bytes.empty() && bitmap.bytes.back() == 0) {
    return fail(Errc::bad_value, "the bitmap ends in a zero byte");
  }
  return {};
}

crypto::Nonce nonce_of(std::uint32_t packet) {
  crypto::Nonce nonce{};
  Writer w(MutableBytes(nonce).subspan(4));
  w.put(std::uint64_t{packet});
  return nonce;
}

}  // namespace mehr::transfer
