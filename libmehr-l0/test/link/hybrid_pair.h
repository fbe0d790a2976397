// Two nodes that offer the post-quantum hybrid, and a stand-in for its algorithm. spec: L2/3.6
#pragma once

#include <algorithm>

#include "fake_links.h"
#include "mehr/l0/pq_rekey.h"

namespace mehr::l0::test {

/// A stand-in, for tests alone: it keeps nothing secret, but agrees, depends on everything it is
/// given, and refuses a key of all ones, as the real one refuses what is no key.
class StandInKem final : public Kem {
 public:
  /// Two of different @p salts do not agree.
  explicit StandInKem(std::uint8_t salt = 0) : salt_(salt) {}
  [[nodiscard]] Result<EncapsulationKey> encapsulation_key(const KemSeed& seed) const override {
    EncapsulationKey out;
    crypto::Blake3().update(seed.expose()).finish(out.bytes);
    return out;
  }
  [[nodiscard]] Result<Secret<32>> encapsulate(const EncapsulationKey& key, const Secret<32>& coins,
                                               KemCiphertext& out) const override {
    if (std::all_of(key.bytes.begin(), key.bytes.end(), [](auto b) { return b == 0xFF; })) {
      return fail(Errc::bad_value, "no key");
    }
    crypto::Blake3().update(coins.expose()).finish(out.bytes);
    return secret_of(key, out);
  }
  [[nodiscard]] Result<Secret<32>> decapsulate(const KemSeed& seed,
                                               const KemCiphertext& ciphertext) const override {
    return secret_of(*encapsulation_key(seed), ciphertext);
  }

 private:
  [[nodiscard]] Secret<32> secret_of(const EncapsulationKey& key,
                                     const KemCiphertext& ciphertext) const {
    const std::array<std::uint8_t, 1> salt{salt_};
    return Secret<32>::copy_of(crypto::b2(salt, key.bytes, ciphertext.bytes).bytes);
  }
  std::uint8_t salt_;
};

inline const StandInKem kKem;

inline constexpr std::size_t kRequestFrame = 834 + 24;
inline constexpr std::size_t kAckFrame = 802 + 24;

inline Links::Config offering(const Kem* kem = &kKem) {
  Links::Config out;
  out.terms.kem = kem;
  return out;
}

inline std::uint8_t epoch_of(const FakeNode& node) { return node.links.status().at(0).key_epoch; }

/// Says which frames arrive.
using Keeps = std::function<bool(const Bytes&)>;

struct Pair {
  explicit Pair(const MediumInfo& info = datagrams(), const Kem* a_kem = &kKem,
                const Kem* b_kem = &kKem, Keeps keeps_frame = {})
      : a(world, 0, offering(a_kem)), b(world, 32, offering(b_kem)), keeps(std::move(keeps_frame)) {
    world.fate = [this](Bytes& frame) {
      if (frame.size() == kRequestFrame) ++requests;
      if (frame.size() == kAckFrame) ++acks;
      return !keeps || keeps(frame);
    };
    pipe = &world.link(a, b, info);
  }
  explicit Pair(Keeps keeps_frame) : Pair(datagrams(), &kKem, &kKem, std::move(keeps_frame)) {}
  void run(std::uint64_t seconds) { world.run_for(Millis::seconds(seconds)); }
  /// Both ways, now.
  bool talks() {
    const std::size_t before = a.heard.packets.size() + b.heard.packets.size();
    const auto say = [](FakeNode& from, FakeNode& to) {
      return from.links.send_packet(from.heard.up.at(0).id, data_packet(to.identity.node_id(), 10),
                                    Padding::by_class);
    };
    if (!say(a, b) || !say(b, a)) return false;
    world.settle();
    return a.heard.packets.size() + b.heard.packets.size() == before + 2;
  }
  World world;
  FakeNode a;
  FakeNode b;
  Keeps keeps;
  World::Pipe* pipe = nullptr;
  int requests = 0;
  int acks = 0;
};

}  // namespace mehr::l0::test
