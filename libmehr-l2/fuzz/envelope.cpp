// Arbitrary bytes against everything that opens: E1, E2, ES and the sealed door.
//
// Byte 0 picks the target and, by its high bit, whether the rest is raw or first sealed well, so
// that what stands behind a tag is reached too. Byte 1 picks the context or how a stream is cut.
#include <cstddef>
#include <cstdint>

#include "mehr/l2/sealed_messenger.h"
#include "mehr/l2/sealed_stream.h"
#include "support.h"

namespace {

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::fuzz;

struct Zeros final : Random {
  void fill(MutableBytes out) override { std::fill(out.begin(), out.end(), std::uint8_t{0x33}); }
};
struct Stopped final : Clock {
  Millis now() override { return Millis{1}; }
  NodeTime node_time() override { return {}; }
};
struct NoKeys final : KeyTable {
  [[nodiscard]] std::optional<PublicKey> key_of(const NodeId&) const override { return {}; }
};
struct Floor final : Messenger {
  std::array<MessageHandler, 256> handlers;
  Status send(const NodeId&, Protocol, ByteView, const SendOptions&) override { return {}; }
  void on(Protocol p, MessageHandler handler) override { handlers[p.context] = std::move(handler); }
  [[nodiscard]] std::size_t max_body(const NodeId&) const override { return kMaxDatagram; }
  void on_writable(std::function<void()>) override {}
};

Bytes sealed(std::uint8_t context, ByteView plain) {
  Bytes out(plain.size() + kE1Overhead);
  require(seal_e1(Recipient::self(me()), context, plain, Ephemeral::of(repeated(0x55)), out)
              .has_value());
  return out;
}

void open_envelopes(std::uint8_t context, ByteView data) {
  Bytes out(data.size());
  if (const auto opened = open_e1(me(), context, data, out)) {
    require(opened->plain.size() + kE1Overhead == data.size());
  }
  const PrekeyRef prekey{7, crypto::x25519_public(repeated(0x77))};
  if (const auto opened = open_e2(me(), prekey, repeated(0x77), context, data, out)) {
    require(opened->plain.size() + kE2Overhead == data.size());
  }
}

void open_stream(std::size_t piece, ByteView data) {
  if (data.size() < kStreamHead) return;
  auto opener = StreamOpener::start(me(), 0xE1, X25519Key::from(data.first(kStreamHead)));
  if (!opener) return;
  data = data.subspan(kStreamHead);
  std::size_t released = 0;
  while (!data.empty()) {
    ByteView in = data.first(std::min(piece, data.size()));
    data = data.subspan(in.size());
    while (!in.empty()) {
      const auto plain = opener->feed(in);
      if (!plain) return;
      require(plain->empty() || plain->size() == kStreamSegment);
      released += plain->size();
    }
  }
  const auto last = opener->finish();
  require(!last || (last->size() <= kStreamSegment && released % kStreamSegment == 0));
}

Bytes sealed_stream(ByteView plain) {
  auto sealer = StreamSealer::start(Recipient::self(me()), 0xE1, Ephemeral::of(repeated(0x55)));
  require(sealer.has_value());
  plain = plain.first(std::min(plain.size(), kStreamSegment));
  Bytes out(kStreamHead + plain.size() + kTagSize);
  copy_bytes(sealer->head().view(), out);
  require(sealer->seal(plain, true, MutableBytes(out).subspan(kStreamHead)).has_value());
  return out;
}

void deliver(std::uint8_t context, Bytes data) {
  Floor floor;
  NoKeys keys;
  Zeros random;
  Stopped clock;
  SealedMessenger door(floor, keys, me(), random, clock, Limits::small());
  std::uint64_t handled = 0;
  const auto handler = [&handled](const Message&) { ++handled; };
  door.on({context, 0}, handler);
  door.on({context, kProvenPort}, handler);
  require(door.rotate_prekey().has_value());
  Message message{{context, 0}, std::nullopt, data};
  floor.handlers[context](message);
  const auto c = door.counters();
  require(c.opened + c.streamed == handled);
  require(handled + c.dropped_short + c.dropped_zero_dh + c.dropped_unopened + c.dropped_too_big +
              c.dropped_replayed + c.dropped_no_port + c.dropped_unhandled + c.dropped_unproven ==
          1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool raw = (data[0] & 0x80) != 0;
  const std::uint8_t context = static_cast<std::uint8_t>(0xE0 | (data[1] & 3));
  const ByteView rest(data + 2, size - 2);
  const Bytes copy(rest.begin(), rest.end());
  switch (data[0] & 3) {
    case 0:
      open_envelopes(context, raw ? copy : sealed(context, rest));
      break;
    case 1:
      open_stream(std::size_t{data[1]} * 67 + 1, raw ? copy : sealed_stream(rest));
      break;
    default:
      deliver(context, raw ? copy : sealed(context, rest));
  }
  return 0;
}
