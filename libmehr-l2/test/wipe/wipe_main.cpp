// L2 property 26: after use nothing secret is left in the memory of the process.
//
// A program of its own: it uses each kind of secret, lets everything go, and then looks through all
// memory that can be written, its own stack included. What it looks for it holds only masked, so
// that the needle is not what it finds. A secret left lying about on purpose is found: the search
// works. Linux only: /proc/self/maps and /proc/self/mem.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "mehr/core/crypto.h"
#include "mehr/l0/identity.h"
#include "mehr/l2/envelope.h"
#include "mehr/l2/key_file.h"
#include "mehr/l2/onion.h"
#include "mehr/l2/prekey.h"
#include "mehr/l2/sealed_stream.h"
#include "mehr/l2/share.h"

namespace {

using namespace mehr;
using namespace mehr::l2;

constexpr std::uint8_t kMask = 0xA5;
constexpr std::size_t kNeedle = 16;

/// Half of a secret, masked.
struct Needle {
  const char* name;
  std::array<std::uint8_t, kNeedle> masked{};
  Needle(const char* n, ByteView secret) : name(n) {
    for (std::size_t i = 0; i < kNeedle; ++i) {
      masked[i] = static_cast<std::uint8_t>(secret[i] ^ kMask);
    }
  }
};

class Marked final : public Random {
 public:
  explicit Marked(std::uint8_t first) : next_(first) {}
  void fill(MutableBytes out) override {
    for (std::uint8_t& b : out) b = next_ = static_cast<std::uint8_t>(next_ * 5 + 77);
  }

 private:
  std::uint8_t next_;
};

std::vector<Needle> needles;

[[gnu::noinline]] crypto::Seed marked_seed(std::uint8_t first) {
  crypto::Seed seed;
  Marked(first).fill(seed.expose_mutable());
  needles.emplace_back("seed", seed.expose());
  return seed;
}

[[gnu::noinline]] void use_identity() {
  const auto seed = marked_seed(1);
  const auto me = l0::Identity::from_seed(seed);
  needles.emplace_back("x25519 secret", crypto::SigningKey(seed).x25519_secret().expose());
  (void)me.sign("mehr-kca-v1", as_bytes("something"));
  const auto other = l0::Identity::from_seed(marked_seed(2));
  const auto shared = me.agree(other.x25519_key());
  if (shared) needles.emplace_back("shared secret", shared->expose());
}

[[gnu::noinline]] void use_key_file() {
  const auto seed = marked_seed(3);
  std::array<std::uint8_t, 24> typed{};
  Marked(4).fill(typed);
  needles.emplace_back("passphrase", typed);
  {
    const auto passphrase = Passphrase::of(typed);
    Marked random(5);
    const auto file = seal_key_file(seed, *passphrase, {kLeastMemoryKib, 1}, random);
    const auto back = open_key_file(*file, *passphrase);
    if (!back || !back->equals(seed)) std::abort();
    crypto::Argon2Salt salt{};
    Secret<32> key;
    if (!crypto::argon2id(passphrase->expose(), salt, {kLeastMemoryKib, 1}, key)) std::abort();
    needles.emplace_back("argon2 key", key.expose());
  }
  crypto::wipe(typed);
}

[[gnu::noinline]] void use_shares() {
  const auto seed = marked_seed(6);
  std::vector<Share> shares(3);
  Marked random(7);
  if (!split_seed(seed, 2, shares, random)) std::abort();
  needles.emplace_back("share", ByteView(shares[1].expose()).subspan(8));
  std::array<char, kShareText> text{};
  shares[1].to_text(text);
  needles.emplace_back("share as text", as_bytes({text.data(), text.size()}));
  if (!Share::parse({text.data(), text.size()})) std::abort();
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  const auto back = combine_shares(shares);
  if (!back || !back->equals(seed)) std::abort();
}

[[gnu::noinline]] void use_envelopes() {
  const auto me = l0::Identity::from_seed(marked_seed(8));
  const Recipient to = Recipient::self(me);
  Secret<32> secret;
  Marked(9).fill(secret.expose_mutable());
  needles.emplace_back("ephemeral", secret.expose());
  const Ephemeral ephemeral = Ephemeral::of(std::move(secret));
  Bytes out(200);
  const auto sealed = seal_e1(to, 0xE1, as_bytes("body"), ephemeral, out);
  Bytes plain(200);
  if (!sealed || !open_e1(me, 0xE1, *sealed, plain)) std::abort();
  PrekeyRing ring;
  Secret<32> prekey;
  Marked(10).fill(prekey.expose_mutable());
  needles.emplace_back("prekey", prekey.expose());
  const auto ref = ring.install(1, std::move(prekey), Millis{0});
  const auto live = ring.find(1);
  const auto to_prekey = seal_e2(to, *ref, 0xE1, as_bytes("body"), ephemeral, out);
  if (!open_e2(me, *ref, live->secret, 0xE1, *to_prekey, plain)) std::abort();
  auto sealer = StreamSealer::start(to, 0xE1, ephemeral);
  if (!sealer || !sealer->seal(as_bytes("body"), true, out)) std::abort();
  // The key of E1, as both derive it: with it gone, so is what it sealed.
  auto shared = crypto::x25519(ephemeral.secret(), to.key);
  needles.emplace_back("exchange of the envelope", shared->expose());
}

[[gnu::noinline]] void use_onions() {
  const auto one = l0::Identity::from_seed(marked_seed(11));
  const auto two = l0::Identity::from_seed(marked_seed(12));
  const std::array relays{Recipient::self(one), Recipient::self(two)};
  Secret<32> secret;
  Marked(13).fill(secret.expose_mutable());
  needles.emplace_back("onion secret", secret.expose());
  const Ephemeral x = Ephemeral::of(std::move(secret));
  auto shared = crypto::x25519(x.secret(), relays[0].key);
  needles.emplace_back("onion exchange", shared->expose());
  Bytes packet(onion_size(OnionClass::constrained));
  if (!build_onion(OnionClass::constrained, relays, {two.node_id(), 0xE1, as_bytes("hi")}, x,
                   packet)) {
    std::abort();
  }
  Marked random(14);
  ReplayCache seen(4, random);
  if (!peel_onion(one, packet, seen, Millis{1})) std::abort();
  if (!peel_onion(two, packet, seen, Millis{1})) std::abort();
}

bool is_at(const std::uint8_t* at, const Needle& needle) {
  for (std::size_t i = 0; i < kNeedle; ++i) {
    if (static_cast<std::uint8_t>(at[i] ^ kMask) != needle.masked[i]) return false;
  }
  return true;
}

/// Names of what lies in memory that can be written.
std::vector<std::string> found_in_memory() {
  std::vector<std::string> out;
  std::ifstream maps("/proc/self/maps");
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  static std::array<std::uint8_t, 1 << 16> block;
  for (std::string line; std::getline(maps, line);) {
    unsigned long from = 0;
    unsigned long to = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, mode) != 3) continue;
    if (mode[0] != 'r' || mode[1] != 'w' || line.find("[vvar]") != std::string::npos) continue;
    for (unsigned long at = from; at < to; at += block.size() - kNeedle) {
      const auto own = reinterpret_cast<unsigned long>(block.data());
      if (at < own + block.size() && at + block.size() > own) continue;  // what is being read into
      const std::size_t size = std::min<std::size_t>(block.size(), to - at);
      const ssize_t got = ::pread(memory, block.data(), size, static_cast<off_t>(at));
      for (ssize_t i = 0; got > 0 && i + static_cast<ssize_t>(kNeedle) <= got; ++i) {
        for (const Needle& needle : needles) {
          if (is_at(block.data() + i, needle)) out.emplace_back(needle.name);
        }
      }
    }
  }
  ::close(memory);
  crypto::wipe(block);
  return out;
}

}  // namespace

int main() {
  needles.reserve(64);
  use_identity();
  use_key_file();
  use_shares();
  use_envelopes();
  use_onions();
  int bad = 0;
  for (const std::string& name : found_in_memory()) {
    std::printf("still in memory: %s\n", name.c_str());
    ++bad;
  }
  std::printf("%zu secrets used, %d found afterwards\n", needles.size(), bad);
  // What is left on purpose is found.
  std::vector<std::uint8_t> left(32);
  Marked(99).fill(left);
  needles.clear();
  needles.emplace_back("left on purpose", left);
  if (found_in_memory().empty()) {
    std::printf("the search finds nothing, not even what is there\n");
    return 2;
  }
  return bad == 0 ? 0 : 1;
}
