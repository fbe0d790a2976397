// A star of whole nodes whose wires and whose middle belong to somebody hostile. Seeded: a run that
// fails is the same run again.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fake_links.h"
#include "mehr/l0/packet.h"
#include "mehr/stack/node.h"

namespace mehr::stack::test {

/// The relay in the middle, dishonest about what it forwards: between its L0 and its L1.
class LyingRelay final : public l0::LinkLayer, public l0::LinkListener {
 public:
  LyingRelay(l0::LinkLayer& below, l0::test::SeededRandom& chance)
      : below_(below), chance_(chance) {
    below.set_listener(this);
  }
  ~LyingRelay() override { below_.set_listener(nullptr); }
  LyingRelay(const LyingRelay&) = delete;
  LyingRelay& operator=(const LyingRelay&) = delete;
  bool lies = false;
  std::uint64_t mischief = 0;

  // LinkLayer
  void set_listener(l0::LinkListener* listener) override { above_ = listener; }
  Status send_packet(l0::LinkId link, ByteView packet, l0::Padding padding) override;
  Status send_control(l0::LinkId link, ByteView message) override {
    return below_.send_control(link, message);
  }
  void signal_too_big(l0::LinkId upstream, const NodeId& to, Mtu mtu) override {
    below_.signal_too_big(upstream, to, mtu);
  }
  void report_malformed(l0::LinkId) override {}  // it does not mind
  void close(l0::LinkId link, l0::CloseReason reason) override { below_.close(link, reason); }

  // LinkListener
  void on_link_up(const l0::LinkInfo& link) override {
    links_.push_back(link.id);
    if (above_ != nullptr) above_->on_link_up(link);
  }
  void on_link_down(l0::LinkId link, l0::CloseReason reason) override {
    std::erase(links_, link);
    if (above_ != nullptr) above_->on_link_down(link, reason);
  }
  void on_packet(l0::LinkId from, MutableBytes packet) override {
    if (above_ != nullptr) above_->on_packet(from, packet);
  }
  void on_control(l0::LinkId from, ByteView message) override {
    if (above_ != nullptr) above_->on_control(from, message);
  }
  void on_packet_too_big(l0::LinkId from, const NodeId& to, Mtu mtu) override {
    if (above_ != nullptr) above_->on_packet_too_big(from, to, mtu);
  }
  void on_link_writable(l0::LinkId link) override {
    if (above_ != nullptr) above_->on_link_writable(link);
  }

  /// Says something out of its memory to anybody.
  void say_again();
  /// Says all of it to everybody.
  void say_everything_again();

 private:
  void bend(Bytes& packet);

  l0::LinkLayer& below_;
  l0::LinkListener* above_ = nullptr;
  l0::test::SeededRandom& chance_;
  std::vector<l0::LinkId> links_;
  std::vector<Bytes> memory_;  // packets it has passed on
};

/// One honest node, what it received, and what it may have received.
struct Honest {
  Honest(l0::test::FakeClock& clock, Timers& timers, std::uint8_t key, std::uint64_t seed)
      : identity(l0::Identity::from_seed(l0::test::seed_of(key))),
        random(seed * 7 + key),
        node(config(), identity, {clock, timers, random}) {}
  static NodeConfig config() {
    NodeConfig out;
    out.limits = Limits::small();
    return out;
  }
  l0::Identity identity;
  l0::test::SeededRandom random;
  Node node;
};

/// A, B and C around the liar M, over datagrams that somebody bends.
class Siege {
 public:
  explicit Siege(std::uint64_t seed);

  /// Links, announces; honest wires.
  void settle_in();
  /// Sends messages of all kinds while wires and middle do what they can.
  void fight(std::size_t messages);
  /// Long after, when the floors below have forgotten: everything the liar remembers, to everybody,
  /// and old frames onto every wire.
  void haunt();
  /// The same with nobody hostile.
  void peace(std::size_t messages);
  /// Peace, long enough for all that is still under way.
  void calm();

  // Outcome.
  std::set<std::string> sent;           ///< from, to, kind, number
  std::multiset<std::string> received;  ///< the same, as they arrived
  std::vector<std::string> wrong;       ///< arrivals that nobody sent, or with another sender
  [[nodiscard]] std::uint64_t mischief() const { return wire_mischief_ + liar().mischief; }
  [[nodiscard]] std::uint64_t onions_built() const;

 private:
  struct Wire {
    l0::test::FakeMedium outer;  // the honest end
    l0::test::FakeMedium inner;  // the liar's end
    Honest* who = nullptr;
  };
  [[nodiscard]] LyingRelay& liar() const { return *liar_; }
  void listen(Honest& who, std::size_t index);
  void speak(std::size_t number);
  void forge(std::size_t number);
  void bend(Bytes& frame, std::size_t wire, bool inwards);
  bool deliver(std::size_t wire, bool inwards);
  void settle();
  void run_for(Millis span);
  void inject();

  l0::test::FakeClock clock_;
  l0::test::FakeTimers timers_{clock_};
  l0::test::SeededRandom chance_;
  std::vector<std::unique_ptr<Wire>> wires_;  // outlive whoever is attached to them
  LyingRelay* liar_ = nullptr;
  l0::Identity middle_identity_;
  l0::test::SeededRandom middle_random_;
  std::unique_ptr<Node> middle_;
  std::vector<std::unique_ptr<Honest>> people_;
  std::vector<Bytes> recorded_;  // frames of all wires, handshakes among them
  bool war_ = false;
  std::uint64_t wire_mischief_ = 0;
};

}  // namespace mehr::stack::test
