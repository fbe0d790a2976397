#include "mehr/l2/prekey.h"

#include <limits>

#include "labelled.h"

namespace mehr::l2 {

namespace {

constexpr std::string_view kLabel = "mehr-prekey-v1";
constexpr std::size_t kSignedSize = 68;  // spec: L2/4 bytes[0..68]

}  // namespace

PrekeyBundle make_bundle(const Signer& owner, const PrekeyRef& prekey) {
  PrekeyBundle bundle{owner.public_key(), prekey.id, prekey.key, {}};
  const auto bytes = encode_fixed(bundle);
  bundle.signature = owner.sign(kLabel, ByteView(bytes).first(kSignedSize));
  return bundle;
}

Status verify(const PrekeyBundle& bundle) {
  const auto bytes = encode_fixed(bundle);
  if (!verify_labelled(bundle.identity, kLabel, ByteView(bytes).first(kSignedSize),
                       bundle.signature)) {
    return fail(Errc::bad_signature, "the prekey is not signed by the identity it names");
  }
  return {};
}

bool supersedes(const PrekeyBundle& fresh, const PrekeyBundle& held) {
  return fresh.identity == held.identity && fresh.prekey_id > held.prekey_id;
}

Result<std::uint32_t> PrekeyRing::next_id() const {
  if (last_id_ == std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::full, "this identity has used every prekey id");
  }
  return last_id_ + 1;
}

Result<PrekeyRef> PrekeyRing::rotate(Random& random, Millis now) {
  const auto id = next_id();
  if (!id) return fail(id);
  Secret<32> secret;
  random.fill(secret.expose_mutable());
  return install(*id, std::move(secret), now);
}

Result<PrekeyRef> PrekeyRing::install(std::uint32_t id, Secret<32> secret, Millis now) {
  if (id <= last_id_) return fail(Errc::bad_value, "a prekey id must be above all earlier ones");
  expire(now);
  for (Slot& slot : slots_) {
    if (slot.live && slot.erase_at == Millis::never()) slot.erase_at = now + kPrekeyGrace;
  }
  Slot& slot = free_slot();
  slot.prekey = {id, crypto::x25519_public(secret)};
  slot.secret = std::move(secret);
  slot.erase_at = Millis::never();
  slot.live = true;
  last_id_ = id;
  return slot.prekey;
}

std::optional<PrekeyRing::Live> PrekeyRing::find(std::uint32_t id) const {
  for (const Slot& slot : slots_) {
    if (slot.live && slot.prekey.id == id) return Live{slot.prekey, slot.secret};
  }
  return std::nullopt;
}

void PrekeyRing::expire(Millis now) {
  for (Slot& slot : slots_) {
    if (!slot.live || slot.erase_at > now || slot.erase_at == Millis::never()) continue;
    slot.secret.clear();
    slot.live = false;
  }
}

Millis PrekeyRing::next_deadline() const {
  Millis next = Millis::never();
  for (const Slot& slot : slots_) {
    if (slot.live) next = std::min(next, slot.erase_at);
  }
  return next;
}

std::size_t PrekeyRing::size() const {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& s) { return s.live; }));
}

PrekeyRing::Slot& PrekeyRing::free_slot() {
  Slot* oldest = &slots_.front();
  for (Slot& slot : slots_) {
    if (!slot.live) return slot;
    if (slot.prekey.id < oldest->prekey.id) oldest = &slot;
  }
  oldest->secret.clear();
  return *oldest;
}

}  // namespace mehr::l2
