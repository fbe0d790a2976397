#include "mehr/l2/onion.h"

#include <gsl/assert>

#include "mehr/core/crypto.h"

namespace mehr::l2 {

namespace {

constexpr std::string_view kSalt = "mehr-onion-v1";
constexpr std::uint8_t kVersion = 1;
constexpr crypto::Nonce kZeroNonce{};  // each key seals one layer
constexpr std::size_t kLongest = 4'044;
constexpr std::size_t kMostTail = kOnionLayer * (kMostOnionHops - 1);

struct Head {
  Constant<kVersion> version;
  X25519Key alpha;
  AeadTag tag;
  static constexpr auto wire = std::tuple{field("version", &Head::version),
                                          field("alpha", &Head::alpha), field("tag", &Head::tag)};
};
static_assert(wire_size<Head> == kOnionHead + kTagSize);

struct ForwardFront {
  NodeId next_hop;
  AeadTag tag;
  static constexpr auto wire =
      std::tuple{field("next_hop", &ForwardFront::next_hop), field("tag", &ForwardFront::tag)};
};
static_assert(wire_size<ForwardFront> == kOnionLayer);

struct ExitFront {
  NodeId destination;
  std::uint8_t context = 0;
  std::uint16_t size = 0;
  static constexpr auto wire =
      std::tuple{field("destination", &ExitFront::destination),
                 field("context", &ExitFront::context), field("size", &ExitFront::size)};
};
static_assert(wire_size<ExitFront> == NodeId::kSize + kOnionExit);

// What a layer's associated data says it is.
enum class Role : std::uint8_t { forward = 0, exit = 1 };
std::array<std::uint8_t, 2> aad_of(Role role) {
  return {kVersion, static_cast<std::uint8_t>(role)};
}

/// What sender and relay both derive for one layer.
struct LayerKeys {
  Secret<32> key;
  Secret<32> filler;
  Secret<32> blind;
  ReplayCache::Key replay{};

  LayerKeys(const Secret<32>& shared, const X25519Key& alpha, const X25519Key& relay) {
    Secret<32> prk;
    crypto::hkdf_extract(as_bytes(kSalt), shared.expose(), prk);
    std::array<std::uint8_t, 64> info{};
    copy_bytes(relay.view(), copy_bytes(alpha.view(), info));
    Secret<112> all;
    crypto::hkdf_expand(prk, info, all.expose_mutable());
    const ByteView bytes = all.expose();
    copy_bytes(bytes.first(32), key.expose_mutable());
    copy_bytes(bytes.subspan(32, 32), filler.expose_mutable());
    copy_bytes(bytes.subspan(64, 32), blind.expose_mutable());
    copy_bytes(bytes.subspan(96), replay);
  }
};

X25519Key as_point(const Secret<32>& bytes) { return X25519Key::from(bytes.expose()); }

/// The keys of every layer, and the alpha that its relay sees.
struct Route {
  std::array<X25519Key, kMostOnionHops> alpha;
  std::array<std::optional<LayerKeys>, kMostOnionHops> keys;
};

/// @p relay's key multiplied by the sender's secret and then by every blinding before layer @p i.
Result<Secret<32>> shared_with(const X25519Key& relay, std::size_t i, const Ephemeral& fresh,
                               const Route& route) {
  X25519Key point = relay;
  for (std::size_t j = 0;; ++j) {
    auto product = crypto::x25519(j == 0 ? fresh.secret() : route.keys[j - 1]->blind, point);
    if (!product || j == i) {
      crypto::wipe(point.mutable_view());  // a partial product, from the second step on
      return product;
    }
    point = as_point(*product);
  }
}

// spec: L2/5 Sender, step 1
Status derive(std::span<const Recipient> relays, const Ephemeral& fresh, Route& out) {
  for (std::size_t i = 0; i < relays.size(); ++i) {
    out.alpha[i] = fresh.public_key();
    if (i > 0) {
      auto blinded = crypto::x25519(out.keys[i - 1]->blind, out.alpha[i - 1]);
      if (!blinded) return fail(blinded);
      out.alpha[i] = as_point(*blinded);
    }
    auto shared = shared_with(relays[i].key, i, fresh, out);
    if (!shared) return fail(shared);
    out.keys[i].emplace(*shared, out.alpha[i], relays[i].key);
  }
  return {};
}

void add(ByteView from, MutableBytes to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<std::uint8_t>(to[i] ^ from[i]);
}

/// What the relays' fillers add up to, at the end of the exit's ciphertext. spec: L2/5 step 2
class Tail32 {
 public:
  [[nodiscard]] MutableBytes bytes() { return MutableBytes(bytes_).first(size_); }

  /// Under the keystream of one more layer of @p plain bytes.
  void under(const Secret<32>& key, std::size_t plain) {
    Secret<kLongest> stream;
    const auto all = MutableBytes(stream.expose_mutable()).first(plain);
    crypto::chacha20_stream(key, kZeroNonce, all);
    add(all.subspan(plain - size_), bytes());
  }
  void grow(const Secret<32>& filler) {
    copy_bytes(filler.expose(), MutableBytes(bytes_).subspan(size_));
    size_ += filler.expose().size();
  }

 private:
  std::array<std::uint8_t, kMostTail> bytes_{};
  std::size_t size_ = 0;
};

void seal_layer(const LayerKeys& keys, Role role, MutableBytes plain_and_tag) {
  crypto::Aead aead(keys.key, crypto::Aead::Use::seal);
  aead.seal(kZeroNonce, aad_of(role), plain_and_tag.first(plain_and_tag.size() - kTagSize),
            plain_and_tag);
}

void write_exit(const OnionExit& exit, MutableBytes plain, ByteView tail) {
  std::fill(plain.begin(), plain.end(), std::uint8_t{0});
  Writer w(plain);
  w.put(ExitFront{exit.destination, exit.context, static_cast<std::uint16_t>(exit.data.size())});
  w.bytes(exit.data);
  Ensures(w.ok());
  copy_bytes(tail, plain.last(tail.size()));
}

}  // namespace

std::optional<OnionClass> onion_class(Mtu mtu) {
  constexpr std::size_t kHeader = 19;  // of the packet around it. spec: README/3
  for (const OnionClass c : {OnionClass::bulk, OnionClass::standard, OnionClass::constrained}) {
    if (mtu.bytes >= onion_size(c) + kHeader) return c;
  }
  return std::nullopt;
}

Result<MutableBytes> build_onion(OnionClass c, std::span<const Recipient> relays,
                                 const OnionExit& exit, const Ephemeral& fresh, MutableBytes out) {
  if (relays.empty() || relays.size() > kMostOnionHops) {
    return fail(Errc::bad_value, "an onion has 1 to 8 relays");
  }
  if (out.size() < onion_size(c) || exit.data.size() > onion_capacity(c, relays.size())) {
    return fail(Errc::too_big, "the message is longer than an onion of this class carries");
  }
  Route route;
  if (auto good = derive(relays, fresh, route); !good) return fail(good);
  const std::size_t layer = onion_layer_bytes(c);
  const std::size_t plain = layer - kTagSize;
  const std::size_t last = relays.size() - 1;
  Tail32 tail;
  for (std::size_t i = 0; i < last; ++i) {
    tail.under(route.keys[i]->key, plain);
    tail.grow(route.keys[i]->filler);
  }
  tail.under(route.keys[last]->key, plain);

  // Ciphertext then tag, as the AEAD gives them; the onion has the tag in front.
  std::array<std::uint8_t, kLongest> buffer{};
  const auto sealed = MutableBytes(buffer).first(layer);
  write_exit(exit, sealed.first(plain), tail.bytes());
  seal_layer(*route.keys[last], Role::exit, sealed);
  for (std::size_t i = last; i-- > 0;) {
    const ForwardFront front{relays[i + 1].id, AeadTag::from(sealed.subspan(plain))};
    std::copy_backward(sealed.begin(),
                       sealed.begin() + static_cast<std::ptrdiff_t>(plain - kOnionLayer),
                       sealed.begin() + static_cast<std::ptrdiff_t>(plain));
    copy_bytes(encode_fixed(front), sealed);
    seal_layer(*route.keys[i], Role::forward, sealed);
  }
  Writer w(out);
  w.put(Head{{}, route.alpha[0], AeadTag::from(sealed.subspan(plain))});
  w.bytes(sealed.first(plain));
  return w.written();
}

namespace {

/// Opens the layer in @p role; @p buffer gets the plaintext. The input stays.
bool opens(crypto::Aead& aead, Role role, const AeadTag& tag, ByteView ciphertext,
           MutableBytes buffer) {
  copy_bytes(tag.view(), copy_bytes(ciphertext, buffer));
  return aead
      .open(kZeroNonce, aad_of(role), buffer.first(ciphertext.size() + kTagSize),
            buffer.first(ciphertext.size()))
      .has_value();
}

Result<Peeled> peel_forward(const LayerKeys& keys, const X25519Key& alpha, ByteView plain,
                            MutableBytes packet) {
  auto blinded = crypto::x25519(keys.blind, alpha);
  if (!blinded) return fail(blinded);
  Reader r(plain);
  NodeId next_hop;
  AeadTag tag;
  r.get(next_hop);
  r.get(tag);
  Writer w(packet);
  w.put(Head{{}, as_point(*blinded), tag});
  w.bytes(r.rest());
  w.bytes(keys.filler.expose());
  Ensures(w.ok() && w.written().size() == packet.size());
  return Peeled{Peeled::Kind::forward, next_hop, 0, packet};
}

Result<Peeled> peel_exit(ByteView plain, MutableBytes packet) {
  Reader r(plain);
  ExitFront front;
  r.get(front);
  ByteView data;
  if (!r.take(front.size, data)) {
    return fail(Errc::bad_value, "the exit of an onion says that it is longer than it is");
  }
  if (front.destination.is_zero() && data.empty()) return Peeled{};
  copy_bytes(data, packet);
  return Peeled{Peeled::Kind::exit, front.destination, front.context, packet.first(data.size())};
}

bool has_onion_size(std::size_t size) {
  return size == onion_size(OnionClass::constrained) || size == onion_size(OnionClass::standard) ||
         size == onion_size(OnionClass::bulk);
}

}  // namespace

// spec: L2/5 Relay
Result<Peeled> peel_onion(const Signer& me, MutableBytes packet, ReplayCache& seen, Millis now) {
  if (!has_onion_size(packet.size())) {
    return fail(Errc::bad_value, "an onion packet has 465, 1481 or 4077 bytes");
  }
  Reader r(packet);
  Head head;
  r.get(head);
  const ByteView ciphertext = r.rest();
  if (!r.ok()) return fail(Errc::bad_value, "an onion packet of another version");
  auto shared = me.agree(head.alpha);
  if (!shared) return fail(shared);
  const LayerKeys keys(*shared, head.alpha, me.x25519_key());
  if (seen.knows(keys.replay, now)) return fail(Errc::replayed, "this layer was peeled before");

  std::array<std::uint8_t, kLongest> buffer{};
  crypto::Aead aead(keys.key, crypto::Aead::Use::open);
  const auto plain = MutableBytes(buffer).first(ciphertext.size());
  const bool forward = opens(aead, Role::forward, head.tag, ciphertext, buffer);
  if (!forward && !opens(aead, Role::exit, head.tag, ciphertext, buffer)) {
    return fail(Errc::bad_seal, "the layer is not for this node, or was changed");
  }
  (void)seen.accept(keys.replay, now);
  auto peeled = forward ? peel_forward(keys, head.alpha, plain, packet) : peel_exit(plain, packet);
  crypto::wipe(buffer);
  return peeled;
}

}  // namespace mehr::l2
