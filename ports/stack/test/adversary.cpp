#include "adversary.h"

#include <catch2/catch.hpp>

#include "mehr/l2/signed_body.h"

namespace mehr::stack::test {

namespace {

constexpr Protocol kDatagram{context::kInteractive, kProvenPort | 0x10};
constexpr Protocol kMessage{0xF5, 0x21};
constexpr std::array<const char*, 5> kKinds{"datagram", "message", "long", "onion", "hop"};
constexpr std::size_t kMostRecorded = 400;

std::string line(std::size_t from, std::size_t to, const char* kind, std::size_t number) {
  return std::to_string(from) + ">" + std::to_string(to) + " " + kind + " " +
         std::to_string(number);
}

// A body says whose it is, so that whoever receives it can tell what should be true of it.
Bytes body_of(const std::string& says, std::size_t size) {
  Bytes out(std::max(size, says.size() + 1));
  copy_bytes(as_bytes(says), out);
  for (std::size_t i = says.size() + 1; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(i * 31 + says.size());
  }
  return out;
}

std::string said_in(ByteView body) {
  const auto end = std::find(body.begin(), body.end(), std::uint8_t{0});
  std::string out(body.begin(), end);
  return same_bytes(body_of(out, body.size()), body) ? out : "altered: " + out;
}

}  // namespace

// ---- The liar
// ------------------------------------------------------------------------------------

void LyingRelay::bend(Bytes& packet) {
  ++mischief;
  const std::size_t data = l0::kHeaderSize;
  switch (chance_.below(7)) {
    case 0:  // flips bits of DATA
      if (packet.size() > data) {
        packet[data + static_cast<std::size_t>(chance_.below(packet.size() - data))] ^=
            static_cast<std::uint8_t>(1U << chance_.below(8));
      }
      break;
    case 1:  // truncates
      packet.resize(data + static_cast<std::size_t>(chance_.below(packet.size() - data + 1)));
      break;
    case 2:  // another context
      packet[data - 1] = static_cast<std::uint8_t>(0xE0 + chance_.below(0x1A));
      break;
    case 3:  // strips what stands in front: a form, an id, a layer
      packet.erase(packet.begin() + static_cast<std::ptrdiff_t>(data),
                   packet.begin() + static_cast<std::ptrdiff_t>(
                                        std::min(packet.size(), data + 1 + chance_.below(64))));
      break;
    case 4:  // the DATA of another packet
      if (!memory_.empty()) {
        const Bytes& other = memory_[static_cast<std::size_t>(chance_.below(memory_.size()))];
        packet.resize(data);
        packet.insert(packet.end(), other.begin() + static_cast<std::ptrdiff_t>(data), other.end());
      }
      break;
    case 5:  // to somebody else
      if (!memory_.empty()) {
        const Bytes& other = memory_[static_cast<std::size_t>(chance_.below(memory_.size()))];
        std::copy_n(other.begin() + 2, NodeId::kSize, packet.begin() + 2);
      }
      break;
    default:  // puts a form or a byte in front
      packet.insert(packet.begin() + static_cast<std::ptrdiff_t>(data),
                    static_cast<std::uint8_t>(chance_.below(4)));
  }
}

Status LyingRelay::send_packet(l0::LinkId link, ByteView packet, l0::Padding padding) {
  Bytes bytes(packet.begin(), packet.end());
  if (lies && packet.size() >= l0::kHeaderSize) {
    if (memory_.size() < kMostRecorded) memory_.push_back(bytes);
    if (chance_.below(6) == 0) bend(bytes);
    if (chance_.below(6) == 0) say_again();
    if (chance_.below(12) == 0) {
      ++mischief;
      return {};  // swallowed
    }
  }
  const Status sent = below_.send_packet(link, bytes, padding);
  return lies ? Status{} : sent;  // what it made too long it does not complain about
}

void LyingRelay::say_again() {
  if (memory_.empty() || links_.empty()) return;
  ++mischief;
  Bytes old = memory_[static_cast<std::size_t>(chance_.below(memory_.size()))];
  if (chance_.below(3) == 0) bend(old);
  const auto link = links_[static_cast<std::size_t>(chance_.below(links_.size()))];
  (void)below_.send_packet(link, old, l0::Padding::by_class);
}

void LyingRelay::say_everything_again() {
  const std::vector<Bytes> all = memory_;
  for (const Bytes& old : all) {
    for (const l0::LinkId link : std::vector<l0::LinkId>(links_)) {
      ++mischief;
      (void)below_.send_packet(link, old, l0::Padding::by_class);
    }
  }
}

// ---- The siege
// -----------------------------------------------------------------------------------

Siege::Siege(std::uint64_t seed)
    : chance_(seed + 1),
      middle_identity_(l0::Identity::from_seed(l0::test::seed_of(200))),
      middle_random_(seed * 3 + 2) {
  NodeConfig config = Honest::config();
  config.between = [this](l0::LinkLayer& below) {
    auto made = std::make_unique<LyingRelay>(below, chance_);
    liar_ = made.get();
    return made;
  };
  middle_ =
      std::make_unique<Node>(config, middle_identity_, World{clock_, timers_, middle_random_});
  for (std::size_t i = 0; i < 3; ++i) {
    people_.push_back(
        std::make_unique<Honest>(clock_, timers_, static_cast<std::uint8_t>(i * 40), seed));
    auto wire = std::make_unique<Wire>();
    wire->who = people_.back().get();
    wire->outer.details = wire->inner.details = l0::test::datagrams(Mtu{1500});
    wire->outer.other = &wire->inner;
    wire->inner.other = &wire->outer;
    REQUIRE(wire->who->node.links().attach(wire->outer));
    REQUIRE(middle_->links().attach(wire->inner));
    REQUIRE(wire->who->node.links().establish(wire->outer, Remote{}, std::nullopt));
    wires_.push_back(std::move(wire));
    people_.back()->node.messages().set_onion_hops(1 + static_cast<std::size_t>(seed % 2));
    listen(*people_.back(), i);
  }
}

void Siege::listen(Honest& who, std::size_t index) {
  const auto take = [this, index](const Message& m) {
    const std::string said = said_in(m.body);
    received.insert(said);
    const auto from = static_cast<std::size_t>(said[0] - '0');
    const bool mine = sent.count(said) != 0 && said[2] == static_cast<char>('0' + index);
    // Everything that is sent here proves its sender, or comes from the link's peer.
    const bool true_sender =
        from < people_.size() && m.sender == people_[from]->identity.public_key();
    if (!mine || !true_sender) wrong.push_back(said);
  };
  who.node.messages().on(kDatagram, take);
  who.node.messages().on(kMessage, take);
}

void Siege::settle_in() {
  settle();
  run_for(Millis::seconds(20));
}

void Siege::speak(std::size_t number) {
  const auto from = static_cast<std::size_t>(chance_.below(3));
  const std::size_t to = (from + 1 + static_cast<std::size_t>(chance_.below(2))) % 3;
  const auto kind = static_cast<std::size_t>(chance_.below(4));
  const std::string says = line(from, to, kKinds[kind], number);
  SendOptions options;
  options.proven = kind != 0;
  options.onion_route = kind == 3;
  const Bytes body =
      body_of(says, kind == 2 ? 3'000 : 40 + static_cast<std::size_t>(chance_.below(200)));
  sent.insert(says);
  (void)people_[from]->node.messages().send(people_[to]->identity.node_id(),
                                            kind == 0 ? kDatagram : kMessage, body, options);
}

// In the name of another: an envelope that opens, around a proof that is not his.
void Siege::forge(std::size_t number) {
  const auto victim = static_cast<std::size_t>(chance_.below(3));
  const std::size_t blamed = (victim + 1) % 3;
  const Bytes body = body_of(line(blamed, victim, "forged", number), 60);
  const auto ephemeral = l2::Ephemeral::draw(chance_);
  const auto to = l2::Recipient::self(people_[victim]->identity);
  Bytes plain(2 + l2::kProofSize + body.size());
  plain[0] = kDatagram.port & 0xFF;
  plain[1] = kDatagram.port >> 8;
  REQUIRE(l2::make_signed_body(middle_identity_, {to.id, ephemeral.public_key(), kDatagram.context},
                               body, MutableBytes(plain).subspan(2))
              .has_value());
  copy_bytes(people_[blamed]->identity.public_key().view(), MutableBytes(plain).subspan(2));
  Bytes sealed(plain.size() + l2::kE1Overhead);
  REQUIRE(l2::seal_e1(to, kDatagram.context, plain, ephemeral, sealed).has_value());
  (void)middle_->network().send(to.id, {kDatagram.context, 0}, sealed, {});
}

void Siege::fight(std::size_t messages) {
  war_ = true;
  liar().lies = true;
  for (std::size_t i = 0; i < messages; ++i) {
    speak(i);
    if (chance_.below(4) == 0) liar().say_again();
    if (chance_.below(6) == 0) forge(i);
    if (chance_.below(3) == 0) inject();
    settle();
    run_for(Millis{chance_.below(2'000)});
  }
}

void Siege::haunt() {
  war_ = false;
  liar().lies = false;
  run_for(DuplicateFilter::kGeneration * 2 + Millis::seconds(60));
  liar().say_everything_again();
  for (int i = 0; i < 30; ++i) inject();
  settle();
  run_for(Millis::seconds(10));
}

void Siege::peace(std::size_t messages) {
  for (std::size_t i = 0; i < messages; ++i) {
    speak(sent.size());
    settle();
    run_for(Millis{500});
  }
}

void Siege::calm() {
  war_ = false;
  liar().lies = false;
  run_for(Millis::seconds(60));
}

std::uint64_t Siege::onions_built() const {
  std::uint64_t out = 0;
  for (const auto& who : people_) out += who->node.messages().onion_counters().built;
  return out;
}

// ---- The wires
// -----------------------------------------------------------------------------------

// Old frames of any wire, handshakes among them, onto any other.
void Siege::inject() {
  if (recorded_.empty()) return;
  ++wire_mischief_;
  Bytes frame = recorded_[static_cast<std::size_t>(chance_.below(recorded_.size()))];
  if (chance_.below(4) == 0) frame[static_cast<std::size_t>(chance_.below(frame.size()))] ^= 0x40;
  Wire& wire = *wires_[static_cast<std::size_t>(chance_.below(wires_.size()))];
  (chance_.below(2) == 0 ? wire.inner : wire.outer).inbox.push_back(std::move(frame));
}

void Siege::bend(Bytes& frame, std::size_t wire, bool inwards) {
  ++wire_mischief_;
  auto& inbox = inwards ? wires_[wire]->inner.inbox : wires_[wire]->outer.inbox;
  switch (chance_.below(5)) {
    case 0:
      frame[static_cast<std::size_t>(chance_.below(frame.size()))] ^=
          static_cast<std::uint8_t>(1U << chance_.below(8));
      break;
    case 1:
      frame.resize(static_cast<std::size_t>(chance_.below(frame.size())));
      break;
    case 2:  // behind what follows
      inbox.push_back(std::move(frame));
      frame.clear();
      break;
    case 3:  // back to where it came from
      (inwards ? wires_[wire]->outer : wires_[wire]->inner).inbox.push_back(frame);
      break;
    default:  // onto another wire
      wires_[(wire + 1) % wires_.size()]->inner.inbox.push_back(frame);
  }
}

bool Siege::deliver(std::size_t index, bool inwards) {
  Wire& wire = *wires_[index];
  l0::test::FakeMedium& medium = inwards ? wire.inner : wire.outer;
  if (medium.inbox.empty()) return false;
  Bytes frame = std::move(medium.inbox.front());
  medium.inbox.pop_front();
  if (frame.empty()) return true;
  if (recorded_.size() < kMostRecorded) recorded_.push_back(frame);
  if (war_ && chance_.below(10) == 0) bend(frame, index, inwards);
  if (frame.empty()) return true;
  Node& to = inwards ? *middle_ : wire.who->node;
  to.links().on_frame(medium, {}, frame);
  return true;
}

void Siege::settle() {
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t i = 0; i < wires_.size(); ++i) {
      moved = deliver(i, true) || moved;
      moved = deliver(i, false) || moved;
    }
  }
}

void Siege::run_for(Millis span) {
  timers_.run_until(clock_.at + span, [this] { settle(); });
  settle();
}

}  // namespace mehr::stack::test
