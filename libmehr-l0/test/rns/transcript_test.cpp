// Conversations of the reference implementation with a relay of ours, recorded by
// test/interop/record_transcript.py, played back: so that its bytes are heard wherever these tests
// run. spec: L0/8.2 to L0/8.4, L0 property 17
#include <fstream>
#include <set>
#include <sstream>

#include "support.h"

namespace mehr::l0::rns::test {
namespace {

struct Line {
  Millis at;
  PortId port = 0;
  bool in = false;
  Bytes packet;
};

struct Transcript {
  Address transport;
  std::vector<Line> lines;
};

Transcript read_transcript(const std::string& name) {
  std::ifstream file(std::string(MEHR_TRANSCRIPTS) + "/" + name);
  REQUIRE(file.good());
  Transcript out;
  for (std::string text; std::getline(file, text);) {
    std::istringstream words(text);
    std::string first;
    words >> first;
    if (first.empty() || first[0] == '#') continue;
    std::string a;
    std::string way;
    std::string hex;
    if (first == "transport") {
      words >> hex;
      out.transport = address(hex);
      continue;
    }
    words >> a >> way >> hex;
    out.lines.push_back({Millis{std::stoull(first)}, static_cast<PortId>(std::stoul(a)),
                         way == "in", from_hex(hex)});
  }
  return out;
}

using Said = std::set<std::pair<PortId, Bytes>>;

// Whatever the recorded relay said this one says too, and nothing else. When is left to its chance.
TEST_CASE("L0 property 17: a recorded conversation of two programs goes through again",
          "[l0][rns]") {
  const Transcript t = read_transcript("two_programs.txt");
  REQUIRE(t.lines.size() > 40);
  World world;
  Relay relay(Relay::Config{}, t.transport, world.random);
  const Millis begin{50'000};
  for (int i = 0; i < 2; ++i) {
    PortInfo info;
    info.bitrate = BitsPerSecond{1'000'000'000};
    info.link_mtu = info.packet_limit = kMostPacket;
    REQUIRE(relay.port_up(info, begin).has_value());
  }
  Said expected;
  Said said;
  const auto drain = [&](Millis now) {
    while (relay.next_deadline() <= now) {
      const Millis due = relay.next_deadline();
      while (const auto send = relay.next(due)) {
        said.emplace(send->port, Bytes(send->packet.begin(), send->packet.end()));
      }
    }
  };
  for (const Line& line : t.lines) {
    if (!line.in) {
      expected.emplace(line.port, line.packet);
      continue;
    }
    const Millis now = begin + line.at;
    drain(now);
    Bytes packet = line.packet;
    const auto outcome = relay.take(line.port, packet, now);
    if (const auto* send = std::get_if<Relay::Send>(&outcome)) {
      said.emplace(send->port, Bytes(send->packet.begin(), send->packet.end()));
    }
  }
  drain(begin + t.lines.back().at + Millis{20'000});
  for (const auto& [port, packet] : expected) {
    INFO("port " << port << ", " << packet.size() << " bytes, flags " << int{packet[0]});
    CHECK(said.count({port, packet}) == 1);
  }
  CHECK(said.size() == expected.size());
  CHECK(relay.counters().bad_proof == 0);
  CHECK(relay.counters().announces_forged == 0);
  CHECK(relay.counters().malformed == 0);
}

}  // namespace
}  // namespace mehr::l0::rns::test
