// Messages sealed and opened, onions built and peeled, key files unlocked, each beside the bare
// primitives it cannot do without. spec: L2/4, L2/5, L2/6
//
// `bare_seal` is one X25519 key pair, one exchange and one AEAD over the same bytes; `bare_open`
// one exchange and one AEAD. What `seal` and `open` take more is key derivation, layout and the
// AEAD's context; `proven` adds a signature, or its check.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "mehr/core/crypto.h"
#include "mehr/l0/identity.h"
#include "mehr/l2/envelope.h"
#include "mehr/l2/key_file.h"
#include "mehr/l2/onion.h"
#include "mehr/l2/signed_body.h"

namespace {

using namespace mehr;
using namespace mehr::l2;

class Counting final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (std::uint8_t& b : out)
      b = static_cast<std::uint8_t>((state_ = state_ * 6364136223846793005ULL + 1) >> 56);
  }

 private:
  std::uint64_t state_ = 1;
};

l0::Identity somebody(std::uint8_t n) {
  crypto::Seed seed;
  std::fill(seed.expose_mutable().begin(), seed.expose_mutable().end(), n);
  return l0::Identity::from_seed(seed);
}

void must(bool held) {
  if (!held) std::abort();
}

void count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void bare_seal(benchmark::State& state) {
  const auto to = somebody(2);
  Counting random;
  const Bytes plain(static_cast<std::size_t>(state.range(0)));
  Bytes out(plain.size() + 16);
  for (auto _ : state) {
    const Ephemeral e = Ephemeral::draw(random);
    const auto shared = crypto::x25519(e.secret(), to.x25519_key());
    crypto::Aead(*shared, crypto::Aead::Use::seal).seal({}, {}, plain, out);
    benchmark::DoNotOptimize(out.data());
  }
  count(state);
}

void seal(benchmark::State& state) {
  const auto who = somebody(2);
  const Recipient to = Recipient::self(who);
  Counting random;
  const Bytes plain(static_cast<std::size_t>(state.range(0)));
  Bytes out(plain.size() + kE1Overhead);
  for (auto _ : state) must(seal_e1(to, 0xE1, plain, random, out).has_value());
  count(state);
}

void bare_open(benchmark::State& state) {
  const auto me = somebody(2);
  const auto other = somebody(3);
  const auto shared = me.agree(other.x25519_key());
  const Bytes plain(static_cast<std::size_t>(state.range(0)));
  Bytes sealed(plain.size() + 16);
  crypto::Aead(*shared, crypto::Aead::Use::seal).seal({}, {}, plain, sealed);
  Bytes out(plain.size());
  for (auto _ : state) {
    const auto again = me.agree(other.x25519_key());
    must(crypto::Aead(*again, crypto::Aead::Use::open).open({}, {}, sealed, out).has_value());
  }
  count(state);
}

void open(benchmark::State& state) {
  const auto me = somebody(2);
  Counting random;
  const Bytes plain(static_cast<std::size_t>(state.range(0)));
  Bytes sealed(plain.size() + kE1Overhead);
  must(seal_e1(Recipient::self(me), 0xE1, plain, random, sealed).has_value());
  Bytes out(plain.size());
  for (auto _ : state) must(open_e1(me, 0xE1, sealed, out).has_value());
  count(state);
}

void seal_proven(benchmark::State& state) {
  const auto me = somebody(1);
  const auto who = somebody(2);
  const Recipient to = Recipient::self(who);
  Counting random;
  const Bytes body(static_cast<std::size_t>(state.range(0)));
  Bytes out(body.size() + kProofSize + kE1Overhead);
  for (auto _ : state) {
    const Ephemeral e = Ephemeral::draw(random);
    const auto plain = make_signed_body(me, {to.id, e.public_key(), 0xE1}, body,
                                        MutableBytes(out).subspan(kE1Body));
    must(seal_e1(to, 0xE1, *plain, e, out).has_value());
  }
  count(state);
}

void open_proven(benchmark::State& state) {
  const auto sender = somebody(1);
  const auto me = somebody(2);
  Counting random;
  const Bytes body(static_cast<std::size_t>(state.range(0)));
  Bytes sealed(body.size() + kProofSize + kE1Overhead);
  const Ephemeral e = Ephemeral::draw(random);
  const auto made = make_signed_body(sender, {me.node_id(), e.public_key(), 0xE1}, body,
                                     MutableBytes(sealed).subspan(kE1Body));
  must(seal_e1(Recipient::self(me), 0xE1, *made, e, sealed).has_value());
  Bytes out(sealed.size());
  for (auto _ : state) {
    const auto opened = open_e1(me, 0xE1, sealed, out);
    must(verify_signed_body({me.node_id(), opened->ephemeral, 0xE1}, opened->plain).has_value());
  }
  count(state);
}

struct Way {
  std::vector<l0::Identity> relays;
  std::vector<Recipient> to;
  explicit Way(std::size_t hops) {
    for (std::size_t i = 0; i < hops; ++i) {
      relays.push_back(somebody(static_cast<std::uint8_t>(10 + i)));
      to.push_back(Recipient::self(relays.back()));
    }
  }
};

void onion_build(benchmark::State& state) {
  const Way way(static_cast<std::size_t>(state.range(0)));
  const OnionExit exit{somebody(2).node_id(), 0xE1, {}};
  Counting random;
  Bytes out(onion_size(OnionClass::standard));
  for (auto _ : state) {
    must(build_onion(OnionClass::standard, way.to, exit, Ephemeral::draw(random), out).has_value());
  }
  state.SetItemsProcessed(state.iterations());
}

void onion_peel(benchmark::State& state) {
  const Way way(3);
  Counting random;
  Bytes onion(onion_size(OnionClass::standard));
  must(build_onion(OnionClass::standard, way.to, {somebody(2).node_id(), 0xE1, {}},
                   Ephemeral::draw(random), onion)
           .has_value());
  Bytes packet(onion.size());
  ReplayCache none(0, random);  // remembers nothing, so that one packet does
  for (auto _ : state) {
    copy_bytes(onion, packet);
    must(peel_onion(way.relays[0], packet, none, Millis{1}).has_value());
  }
  state.SetItemsProcessed(state.iterations());
}

void key_unlock(benchmark::State& state) {
  Counting random;
  const auto passphrase = Passphrase::of(as_bytes("correct horse battery staple"));
  const auto file = seal_key_file(crypto::Seed{}, *passphrase, crypto::Argon2Cost{}, random);
  for (auto _ : state) must(open_key_file(*file, *passphrase).has_value());
}

BENCHMARK(bare_seal)->Arg(100)->Arg(1'000)->Arg(4'000);
BENCHMARK(seal)->Arg(100)->Arg(1'000)->Arg(4'000);
BENCHMARK(seal_proven)->Arg(100)->Arg(1'000)->Arg(4'000);
BENCHMARK(bare_open)->Arg(100)->Arg(1'000)->Arg(4'000);
BENCHMARK(open)->Arg(100)->Arg(1'000)->Arg(4'000);
BENCHMARK(open_proven)->Arg(100)->Arg(1'000)->Arg(4'000);
BENCHMARK(onion_build)->Arg(1)->Arg(3)->Arg(8);
BENCHMARK(onion_peel);
BENCHMARK(key_unlock)->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace

BENCHMARK_MAIN();
