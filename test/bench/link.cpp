// A link frame beside the bare cipher of the same length, and whole handshakes. spec: L0/5
//
// "frame" seals one message as a DATA frame and opens it at the other end; "bare" seals and opens
// the same number of bytes with the same AEAD and nothing else. Their ratio is what a link costs.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "fake_links.h"

namespace {

using namespace mehr;
using namespace mehr::l0;
using namespace mehr::l0::test;

Secret<32> key_of(std::uint8_t fill) {
  const Bytes bytes(32, fill);
  return Secret<32>::copy_of(std::span<const std::uint8_t, 32>(bytes));
}

void count(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.SetItemsProcessed(state.iterations());
}

// The nonce moves as a link's does: a cipher that is asked twice for one nonce may cheat.
void bare(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  crypto::Aead sealer(key_of(1), crypto::Aead::Use::seal);
  crypto::Aead opener(key_of(1), crypto::Aead::Use::open);
  const Bytes aad(7, 3);
  Bytes plain(size, 0x5A);
  Bytes sealed(size + 16);
  std::uint64_t counter = 0;
  for (auto _ : state) {
    const auto nonce = link_nonce(LinkRole::initiator, ++counter);
    sealer.seal(nonce, aad, plain, sealed);
    if (!opener.open(nonce, aad, sealed, plain)) std::abort();
    benchmark::DoNotOptimize(plain.data());
  }
  count(state);
}

void frame(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  LinkSession here({LinkRole::initiator, 1, 2, Mtu{4096}}, key_of(1));
  LinkSession there({LinkRole::responder, 2, 1, Mtu{4096}}, key_of(1));
  const Bytes message(size, 0x5A);
  Bytes buffer(size + kLinkOverhead);
  for (auto _ : state) {
    const auto sealed = here.seal(message, 0, buffer);
    if (!sealed) std::abort();
    const auto opened = there.open(*sealed);
    if (!opened) std::abort();
    benchmark::DoNotOptimize(opened->data());
  }
  count(state);
}

// Both sides of INIT, RESP, AUTH: two key exchanges, two signatures, two verifications.
void handshake(benchmark::State& state) {
  const auto left = Identity::from_seed(seed_of(0));
  const auto right = Identity::from_seed(seed_of(32));
  SeededRandom random(1);
  const auto secret = [&] {
    Secret<32> s;
    random.fill(s.expose_mutable());
    return s;
  };
  for (auto _ : state) {
    InitiatorHandshake initiator(left, {}, 1, right.node_id(), secret());
    ResponderHandshake responder(right, {}, 2, initiator.init(), secret());
    if (!responder.respond({}) || !initiator.on_resp(responder.resp(), {}) ||
        !responder.on_auth(initiator.auth())) {
      std::abort();
    }
  }
  state.SetItemsProcessed(state.iterations());
}

// The primitives of one handshake, both sides together: four X25519 with fresh keys made from two
// secrets, two signatures, two verifications.
void handshake_primitives(benchmark::State& state) {
  const auto identity = Identity::from_seed(seed_of(0));
  const Secret<32> a = key_of(3), b = key_of(4);
  const Bytes message(94, 1);
  for (auto _ : state) {
    const auto public_a = crypto::x25519_public(a);
    const auto public_b = crypto::x25519_public(b);
    if (!crypto::x25519(a, public_b) || !crypto::x25519(b, public_a)) std::abort();
    for (int side = 0; side < 2; ++side) {
      const Signature signature = identity.sign("mehr-link-init", message);
      Bytes whole(as_bytes("mehr-link-init").begin(), as_bytes("mehr-link-init").end());
      whole.insert(whole.end(), message.begin(), message.end());
      if (!crypto::verify(identity.public_key(), whole, signature)) std::abort();
    }
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

BENCHMARK(bare)->Arg(484)->Arg(1500)->Arg(4096);
BENCHMARK(frame)->Arg(484)->Arg(1500)->Arg(4096);
BENCHMARK(handshake_primitives);
BENCHMARK(handshake);
BENCHMARK_MAIN();
