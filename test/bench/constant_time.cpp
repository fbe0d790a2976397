// Whether what handles secrets takes a time that tells about them: Welch's t-test over two kinds of
// input, in the manner of dudect (Reparaz, Balasch, Verbauwhede 2017).
//
// Each operation is timed on inputs of a fixed and of a random kind, in random order; the slowest
// tenth is left out, since it is other programs'. |t| below 4.5 gives no sign of a difference,
// above 10 it is there. The last line is a comparison that stops at the first difference: it must
// be seen. Exit code 1 when an operation of ours is above 10, or the control is not.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "mehr/core/crypto.h"
#include "mehr/l0/identity.h"
#include "mehr/l2/share.h"

namespace {

using namespace mehr;

std::mt19937_64 engine(1);

class Engine final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (std::uint8_t& b : out) b = static_cast<std::uint8_t>(engine());
  }
};

struct Timing {
  bool fixed = false;
  double ns = 0;
};

/// An operation, given which kind of input to prepare; what it returns is what is timed.
using Prepare = std::function<std::function<void()>(bool fixed)>;

double t_value(std::vector<Timing> all) {
  std::sort(all.begin(), all.end(), [](const Timing& a, const Timing& b) { return a.ns < b.ns; });
  all.resize(all.size() * 9 / 10);
  double sum[2] = {};
  double square[2] = {};
  double n[2] = {};
  for (const Timing& t : all) {
    const int k = t.fixed ? 1 : 0;
    sum[k] += t.ns;
    square[k] += t.ns * t.ns;
    n[k] += 1;
  }
  double mean[2];
  double variance[2];
  for (int k = 0; k < 2; ++k) {
    mean[k] = sum[k] / n[k];
    variance[k] = square[k] / n[k] - mean[k] * mean[k];
  }
  return (mean[0] - mean[1]) / std::sqrt(variance[0] / n[0] + variance[1] / n[1]);
}

double measure(const Prepare& prepare, std::size_t samples, int repeats) {
  std::vector<Timing> timings;
  timings.reserve(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    const bool fixed = (engine() & 1) != 0;
    const auto run = prepare(fixed);
    const auto begin = std::chrono::steady_clock::now();
    for (int r = 0; r < repeats; ++r) run();
    const auto end = std::chrono::steady_clock::now();
    timings.push_back({fixed, std::chrono::duration<double, std::nano>(end - begin).count()});
  }
  return t_value(std::move(timings));
}

Bytes random_bytes(std::size_t n) {
  Bytes out(n);
  Engine().fill(out);
  return out;
}

// Differs at once, or at the very end.
std::function<void()> compare(bool fixed, bool (*equal)(ByteView, ByteView)) {
  Bytes a = random_bytes(64);
  Bytes b = a;
  (fixed ? b.front() : b.back()) ^= 1;
  return [a, b, equal] {
    volatile bool same = equal(a, b);
    (void)same;
  };
}

bool stops_early(ByteView a, ByteView b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

std::function<void()> check_tag(bool fixed) {
  static crypto::Aead sealer(Secret<32>::copy_of(std::array<std::uint8_t, 32>{1}),
                             crypto::Aead::Use::seal);
  static crypto::Aead opener(Secret<32>::copy_of(std::array<std::uint8_t, 32>{1}),
                             crypto::Aead::Use::open);
  Bytes sealed(64 + 16);
  sealer.seal({}, {}, random_bytes(64), sealed);
  sealed[fixed ? 64 : 79] ^= 1;  // the first byte of the tag, or the last
  auto plain = std::make_shared<Bytes>(64);
  return [sealed, plain] { (void)opener.open({}, {}, sealed, *plain); };
}

std::shared_ptr<crypto::Seed> seed_of(bool fixed) {
  auto seed = std::make_shared<crypto::Seed>();  // all zero, or anything
  if (!fixed) Engine().fill(seed->expose_mutable());
  return seed;
}

std::function<void()> split(bool fixed) {
  return [seed = seed_of(fixed)] {
    struct Same final : Random {
      void fill(MutableBytes out) override { std::fill(out.begin(), out.end(), std::uint8_t{7}); }
    } random;
    std::vector<l2::Share> shares(3);
    if (!l2::split_seed(*seed, 2, shares, random)) std::abort();
  };
}

std::function<void()> combine(bool fixed) {
  auto shares = std::make_shared<std::vector<l2::Share>>(2);
  Engine random;
  if (!l2::split_seed(*seed_of(fixed), 2, *shares, random)) std::abort();
  return [shares] { (void)l2::combine_shares(*shares); };
}

std::function<void()> exchange(bool fixed) {
  static const auto peer = l0::Identity::from_seed(crypto::Seed{});
  return [seed = seed_of(fixed)] { (void)crypto::x25519(*seed, peer.x25519_key()); };
}

std::function<void()> sign(bool fixed) {
  auto identity = std::make_shared<l0::Identity>(l0::Identity::from_seed(*seed_of(fixed)));
  return [identity] { (void)identity->sign("mehr-kca-v1", as_bytes("something")); };
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t samples = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  struct Line {
    const char* name;
    Prepare prepare;
    std::size_t divisor;  // slow ones are timed less often
    int repeats;
    bool must_show;
  };
  const Line lines[] = {
      {"comparison of secrets", [](bool f) { return compare(f, &crypto::equal_constant_time); }, 1,
       20, false},
      {"check of a tag", &check_tag, 1, 4, false},
      {"splitting a seed", &split, 4, 1, false},
      {"combining shares", &combine, 4, 1, false},
      {"X25519", &exchange, 4, 1, false},
      {"Ed25519 signing", &sign, 4, 1, false},
      {"control: stops at the first difference", [](bool f) { return compare(f, &stops_early); }, 1,
       20, true}};
  bool good = true;
  for (const Line& line : lines) {
    const double t = measure(line.prepare, samples / line.divisor, line.repeats);
    const bool shows = std::fabs(t) > 10;
    good = good && shows == line.must_show;
    std::printf("%-42s |t| = %6.2f%s\n", line.name, std::fabs(t),
                shows                ? "  differs"
                : std::fabs(t) > 4.5 ? "  unclear"
                                     : "");
  }
  return good ? 0 : 1;
}
