// Reticulum's side of a conversation, for tests: known answers made by the reference implementation
// (0.9.4), and a peer that makes announces, link requests and proofs of its own.
#pragma once

#include <catch2/catch.hpp>
#include <string_view>

#include "fake_links.h"
#include "mehr/core/crypto.h"
#include "mehr/l0/rns/announce.h"
#include "mehr/l0/rns/relay.h"

namespace mehr::l0::rns::test {

inline Bytes from_hex(std::string_view digits) {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  Bytes out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(digit(digits[i]) * 16 + digit(digits[i + 1])));
  }
  return out;
}

inline Address address(std::string_view digits) { return Address::from(from_hex(digits)); }

/// Of the reference implementation, identity 00..1f || 40..5f, destination mehrtest.x.
namespace known {
inline constexpr std::string_view kDestination = "e303f3bb379caaa249d2584fbde787c8";
inline constexpr std::string_view kAnnounce =
    "0100e303f3bb379caaa249d2584fbde787c8008f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e"
    "2138285f2543b92ff1095511476adc8369db6ddc933665a11978dda1404ee1066ca9559d26057057a1fabb227fba54"
    "543b1767006b088e699fbae83f77f3a8db61201dac5da0a63f970d4a78c8e74d546c68867b9aeeb31e1618b44286c0"
    "fd734bf3b725a45a2f7b81237458b679c2f63e0cf5806babe30e68656c6c6f";
inline constexpr std::string_view kAnnounceHash =
    "c0147130a3b6f68d3a732f0f06f173f24eb6c0fa8c872322b445165c21d6ca8a";
inline constexpr std::string_view kRatchet =
    "2100e303f3bb379caaa249d2584fbde787c8008f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e"
    "2138285f2543b92ff1095511476adc8369db6ddc933665a11978dda1404ee1066ca9559d26057057a1fabb227fba3d"
    "dd5c24b0006b088e698bb693a346d5ec2c3213473c1920be8cb4c6e84b48e781675b847249026fbf1ec1d1d1223e42"
    "e5ed3af5fac73c52ac7a24ae8b6450a61fe627298bba605ba6290e69a646d81c2f772e1e960cf3228be4966f46e879"
    "0a31ba67576974f93c1b067769746820612072617463686574";
inline constexpr std::string_view kData =
    "0000e303f3bb379caaa249d2584fbde787c800bcfbe6cb46c79fa5f704f5cdefce05ca253f31db956c4b341650ce06"
    "111a2a3b2c0218a0b99a8f4a58696c339e431c17b920a3fcf5b06bbe1fadab4ba4562340225c5e07ea6cd5c05ccd2c"
    "0df7ae4731aeacd46b760a8a005fd8b12aed704b5a";
inline constexpr std::string_view kDataHash =
    "65d38bf99bd296c95e78f69f9eca5e664815ee53bf8922073ea6293fda6e8636";
inline constexpr std::string_view kRequest =
    "0200e303f3bb379caaa249d2584fbde787c8006f68d64eebafc703aa2d7da870827f6578dfd85e0a26c6fe3056e592"
    "dee91431b6e7e5a7461734787744a7eed5882f73ffb7e00120d1dcf3d0f6ec115a544dd1";
inline constexpr std::string_view kLink = "c1eb3219ce266a74328b29dd449bb3f6";
inline constexpr std::string_view kProof =
    "0f00c1eb3219ce266a74328b29dd449bb3f6ffd1c15453552cdd3238c12fd4541a07117b21a92571ccc10fc7823f2a"
    "0ff104a843501d3567910fe9f77e07300e524815d6da850b066b1697d9a0e080351cb9051781d8b9264a9ef51e21fc"
    "6a793f5fd26c6b51797e0d62024df6e3a3eed9992e";
}  // namespace known

/// A destination of a Reticulum program.
struct Program {
  Identity identity;
  NameHash name;
  std::uint64_t emitted = 1'000;

  explicit Program(std::uint8_t seed, std::string_view aspect = "test.program")
      : identity(Identity::from_seed(l0::test::seed_of(seed))), name(name_hash(aspect)) {}

  [[nodiscard]] Address destination() const { return destination_of(name, identity_of(identity)); }
  /// A whole announce packet, each with a later time.
  Bytes announce(std::size_t app_data = 5, std::uint8_t hops = 0,
                 std::optional<Address> transport = {}) {
    const FixedBytes<5, struct RnsRandomTag> random{{1, 2, 3, 4, 5}};
    std::array<std::uint8_t, kMostAnnounce> data{};
    const Bytes app(app_data, 0x61);
    const auto built = build_announce(identity, name, blob_of(random, ++emitted), app, data);
    REQUIRE(built.has_value());
    return packet(PacketFlags{0x01}, destination(), context::kNone, *built, hops, transport);
  }
  static Bytes packet(PacketFlags flags, const Address& to, std::uint8_t context, ByteView data,
                      std::uint8_t hops = 0, std::optional<Address> transport = {}) {
    PacketView view;
    view.flags = flags;
    if (transport) view.flags.bits |= PacketFlags::kInTransport;
    view.hops = hops;
    view.transport = transport;
    view.destination = to;
    view.context = context;
    view.data = data;
    Bytes out(kMostPacket);
    const auto written = write(view, out);
    REQUIRE(written.has_value());
    out.resize(written->size());
    return out;
  }
  /// Accepts the link that @p request asked for. @p tail: MTU signalling.
  [[nodiscard]] Bytes prove_link(Bytes request, ByteView tail = {}) const {
    const Address link = link_id_of(request);
    const X25519Key key{{9, 9, 9}};
    std::array<std::uint8_t, 16 + 32 + 32 + 3> message{};
    Writer w(message);
    w.put(link);
    w.put(key);
    w.put(identity.public_key());
    w.bytes(tail);
    const Signature signature = identity.sign({}, w.written());
    std::array<std::uint8_t, 64 + 32 + 3> data{};
    Writer d(data);
    d.put(signature);
    d.put(key);
    d.bytes(tail);
    return packet(PacketFlags{0x0F}, link, context::kLinkProof, d.written());
  }
};

/// A relay with ports for clear packets, and what came out of it.
struct World {
  l0::test::SeededRandom random{7};
  Address self = address("00112233445566778899aabbccddeeff");
  Relay relay;
  Millis now{10'000};

  explicit World(const Relay::Config& config = {}) : relay(config, self, random) {}

  PortId port(bool native = false, std::size_t link_mtu = 8192,
              std::uint64_t bitrate = 10'000'000) {
    PortInfo info;
    info.native = native;
    info.bitrate = BitsPerSecond{bitrate};
    info.link_mtu = link_mtu;
    info.packet_limit = native ? std::max<std::size_t>(link_mtu, 484) : kMostPacket;
    const auto id = relay.port_up(info, now);
    REQUIRE(id.has_value());
    return *id;
  }
  /// What the relay does with one packet.
  Relay::Outcome take(PortId from, Bytes packet) {
    kept = std::move(packet);
    return relay.take(from, kept, now);
  }
  struct Sent {
    PortId port = kNoPort;
    Bytes packet;
  };
  /// The packet that was passed on; fails the test when it was not.
  Sent passed(PortId from, Bytes packet) {
    const auto outcome = take(from, std::move(packet));
    const auto* send = std::get_if<Relay::Send>(&outcome);
    REQUIRE(send != nullptr);
    return {send->port, Bytes(send->packet.begin(), send->packet.end())};
  }
  bool dropped(PortId from, Bytes packet) {
    return std::holds_alternative<std::monostate>(take(from, std::move(packet)));
  }
  bool accepted(PortId from, Bytes packet) {
    return std::holds_alternative<Relay::Heard>(take(from, std::move(packet)));
  }
  /// Everything that is due until @p until, with time moving on.
  std::vector<Sent> run_to(Millis until) {
    std::vector<Sent> out;
    for (;;) {
      const Millis due = relay.next_deadline();
      if (due > until) break;
      now = std::max(now, due);
      while (const auto send = relay.next(now)) {
        out.push_back({send->port, Bytes(send->packet.begin(), send->packet.end())});
      }
    }
    now = std::max(now, until);
    return out;
  }

  Bytes kept;
};

}  // namespace mehr::l0::rns::test
