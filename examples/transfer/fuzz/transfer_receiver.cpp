// A receiver driven by operations: offers, chunks sealed right and wrong, time, cancels, restarts.
//
// Input: a run of operations, one byte each with the bytes it takes. Held to: slots, writers and
// streams stay within limits; what is committed is what the hash of its offer promised.
#include <cstdint>
#include <cstdlib>

#include "fake_net.h"

namespace {

using namespace mehr;
using namespace mehr::transfer;
using namespace mehr::transfer::test;

void demand(bool holds) {
  if (!holds) std::abort();
}

TransferLimits tight() {
  TransferLimits l;
  l.incoming = 4;
  l.incoming_per_peer = 2;
  l.file_size = 20'000;
  l.window = 16;
  l.initial_window = 8;
  l.write_block = 1000;
  l.read_block = 1000;
  l.hash_slice = 3000;
  l.recent = 4;
  l.history = 4;
  return l;
}

class Driver {
 public:
  explicit Driver(ByteView in) : in_(in), mesh_(world_, 1), carl_(mesh_, 'c', tight()) {
    file_.resize(5000);
    for (std::size_t i = 0; i < file_.size(); ++i) file_[i] = static_cast<std::uint8_t>(i * 7);
  }

  void run() {
    while (in_.left() > 0 && in_.ok()) {
      step();
      demand(carl_.disk.open_writers <= 4);
      demand(carl_.node.streams.size() <= 5);
      demand(carl_.service->list().size() <= 8);
    }
    for (const auto& kept : carl_.disk.kept) {
      demand(kept.bytes.size() <= file_.size());
      demand(same_bytes(kept.bytes, ByteView(file_).first(kept.bytes.size())));
    }
  }

 private:
  std::uint8_t byte() {
    std::uint8_t v = 0;
    in_.get(v);
    return v;
  }
  Offer offer(std::uint8_t which) {
    Offer o;
    o.attempt = which;
    o.transfer.bytes.fill(which % 6);
    o.acks.bytes.fill(0xF0);
    o.key.bytes.fill(3);
    o.size = std::size_t{which} * 19;
    o.chunk = 64;
    o.hash = crypto::Blake3().update(ByteView(file_).first(o.size)).finish();
    o.name.bytes = as_bytes("n");
    return o;
  }
  PublicKey sender(std::uint8_t which) {
    PublicKey key;
    key.bytes.fill(which % 3);
    return key;
  }
  void chunk(std::uint8_t which, std::uint8_t index, std::uint8_t flaw) {
    const Offer o = offer(which);
    const DataHeader header{.index = index, .packet = packet_++};
    const std::size_t at = std::min<std::size_t>(std::size_t{index} * 64, o.size);
    const std::size_t n = std::min<std::size_t>(64, o.size - at);
    Bytes out(kDataOverhead + n);
    Writer w(out);
    w.put(header);
    crypto::Aead(Secret<32>::copy_of(o.key.bytes), crypto::Aead::Use::seal)
        .seal(nonce_of(header.packet), aad_of(o.transfer, header), ByteView(file_).subspan(at, n),
              MutableBytes(out).subspan(wire_size<DataHeader>));
    if (flaw % 8 == 1) out[flaw % out.size()] ^= 1;
    if (flaw % 8 == 2) out.resize(flaw % out.size());
    carl_.node.deliver(sender(0), Protocol{context::kBulk, 0}, o.transfer, out);
  }
  void step() {
    const std::uint8_t op = byte();
    const std::uint8_t a = byte();
    const std::uint8_t b = byte();
    switch (op % 8) {
      case 0:
        return carl_.node.inject(sender(b), offer(a));
      case 1:
        return chunk(a, b, 0);
      case 2:
        return chunk(a, b, byte());
      case 3: {
        world_.run(world_.now() + Millis{std::uint64_t{a} << (b % 12)});
        return;
      }
      case 4: {
        Cancel c;
        c.transfer = offer(a).transfer;
        return carl_.node.inject(sender(b), c);
      }
      case 5: {  // a run of chunks in order
        for (std::uint8_t i = 0; i < 80; ++i) chunk(a, i, 0);
        return;
      }
      case 6: {
        ByteView raw;
        if (in_.take(std::min<std::size_t>(a, in_.left()), raw)) {
          carl_.node.deliver(sender(b), kControl, std::nullopt, Bytes(raw.begin(), raw.end()));
        }
        return;
      }
      default:
        carl_.disk.room = a < 128 ? std::optional<std::uint64_t>(b) : std::nullopt;
        mesh_.path.up = b % 2 == 0;
    }
  }

  Reader in_;
  World world_;
  Mesh mesh_;
  End carl_;
  Bytes file_;
  std::uint32_t packet_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  Driver(ByteView(data, size)).run();
  return 0;
}
