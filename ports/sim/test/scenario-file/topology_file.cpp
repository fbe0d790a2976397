// Topologies from JSON: what is read, and that it is written back.
#include "mehr/sim/topology_file.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "mistakes.h"

using namespace mehr;
using namespace mehr::sim;
using namespace std::chrono_literals;

namespace {

std::string data(const std::string& name) { return MEHR_SOURCE_DIR "/ports/sim/test/data/" + name; }

Topology parsed(const std::string& json) {
  const auto out = parse_topology(json, "net.json");
  INFO(mistake_in(out));
  REQUIRE(out);
  return *out;
}

const NodeSpec& named(const Topology& t, const std::string& name) {
  for (const NodeSpec& node : t.nodes) {
    if (node.name == name) return node;
  }
  FAIL("no node " << name);
  return t.nodes.front();
}

}  // namespace

TEST_CASE("sim topology file: a community network", "[sim][topology-file]") {
  const auto loaded = load_topology(data("valley.json"));
  INFO(mistake_in(loaded));
  REQUIRE(loaded);
  const Topology& t = *loaded;
  CHECK(t.name == "Upper valley community network");
  CHECK(t.nodes.size() == 11);
  CHECK(t.links.size() == 11);
  CHECK(t.is_connected());
  CHECK(t.members.at("air") == std::vector<NodeIndex>{5});

  const Media& dsl = t.media.at("dsl");
  CHECK(dsl.kind == MediaKind::stream);
  CHECK(dsl.name == "dsl");
  CHECK(dsl.rate == BitsPerSecond{16'000'000});
  CHECK(dsl.delay == 18ms);
  CHECK(dsl.jitter == 6ms);
  CHECK(dsl.loss_rate == 0.002);
  CHECK_FALSE(t.media.at("beam").shared);
  CHECK(t.media.at("market").shared);
  CHECK(t.media.at("market").range_m == 250);
  CHECK(t.media.at("air").lora_radio.spreading_factor == 9);
  CHECK(t.media.at("air").rate < Media::lora().rate);  // slower than SF8

  // 0.0089 degrees of latitude between mill and church tower, 0.0172 of longitude.
  const Position mill = named(t, "mill").at;
  const Position tower = named(t, "church-tower").at;
  CHECK(mill.y - tower.y == Approx(0.0128 * 111'195.08).epsilon(1e-6));
  CHECK(mill.x - tower.x == Approx(0.0172 * 111'195.08 * 0.689).epsilon(1e-3));
  CHECK(named(t, "mill").skew_ppm == 40);
  CHECK(named(t, "hut").limits->routes == Limits::minimal().routes);
  CHECK(named(t, "avalanche-sensor").limits->routes == 64);
  CHECK(named(t, "avalanche-sensor").limits->candidates == Limits::small().candidates);

  const NodeSpec& ranger = named(t, "ranger");
  CHECK_FALSE(ranger.announces);
  REQUIRE(ranger.path.size() == 3);
  CHECK(ranger.path[1].when == Instant{90min});
  CHECK(ranger.path[0].at == ranger.at);
  CHECK(ranger.path[2].at.y > ranger.path[1].at.y);
}

TEST_CASE("sim topology file: the smallest ones", "[sim][topology-file]") {
  const Topology none = parsed(R"({"nodes": []})");
  CHECK(none.nodes.empty());
  CHECK(none.name.empty());
  const Topology two = parsed(R"({"nodes": [{"name": "a"}, {"name": "b"}],
    "links": [{"a": "a", "b": "b", "media": "tcp"}]})");
  CHECK(two.media.at("tcp").rate == Media::tcp().rate);
  CHECK(two.links[0].media == "tcp");
  // Without places they are drawn as a ring.
  CHECK(distance(two.nodes[0].at, two.nodes[1].at) == Approx(100));
}

TEST_CASE("sim topology file: the only medium need not be named", "[sim][topology-file]") {
  const Topology t = parsed(R"({"media": {"cable": "ethernet"},
    "links": [{"a": "a", "b": "b"}], "nodes": [{"name": "a"}, {"name": "b"}]})");
  CHECK(t.links[0].media == "cable");
  CHECK(t.media.at("cable").name == "cable");
  CHECK(t.media.at("cable").mtu == Media::ethernet().mtu);
}

TEST_CASE("sim topology file: the date line is crossed the short way", "[sim][topology-file]") {
  const Topology t = parsed(R"({"nodes": [{"name": "east", "lat": 0, "lon": -179.999},
                                          {"name": "west", "lat": 0, "lon": 179.999}]})");
  CHECK(distance(t.nodes[0].at, t.nodes[1].at) == Approx(222.39).epsilon(1e-4));
  CHECK(t.nodes[0].at.x > t.nodes[1].at.x);
}

TEST_CASE("sim topology file: times and rates in every spelling", "[sim][topology-file]") {
  const Topology t = parsed(R"({"nodes": [], "media": {
    "a": {"kind": "stream", "rate": "1.5 Mbit/s", "delay": "1.5s"},
    "b": {"kind": "stream", "rate": 9600, "delay": 0.25, "jitter": 2},
    "c": {"kind": "stream", "rate": "2Gbps", "delay": "1min 30s"}}})");
  CHECK(t.media.at("a").rate == BitsPerSecond{1'500'000});
  CHECK(t.media.at("a").delay == 1500ms);
  CHECK(t.media.at("b").rate == BitsPerSecond{9600});
  CHECK(t.media.at("b").delay == 250ms);
  CHECK(t.media.at("b").jitter == 2s);
  CHECK(t.media.at("c").rate == BitsPerSecond{2'000'000'000});
  CHECK(t.media.at("c").delay == 90s);
}

TEST_CASE("sim topology file: a kind begins with the usual values", "[sim][topology-file]") {
  const Topology t = parsed(R"({"nodes": [], "media": {
    "s": {"kind": "stream"}, "d": {"kind": "datagram"}, "b": {"kind": "ble"},
    "u": {"kind": "serial"}, "l": {"kind": "lora"}}})");
  CHECK(t.media.at("s").rate == Media::tcp().rate);
  CHECK(t.media.at("d").delay == Media::ethernet().delay);
  CHECK(t.media.at("b").range_m == Media::ble().range_m);
  CHECK(t.media.at("u").half_duplex);
  CHECK(t.media.at("l").rate == Media::lora().rate);
}

TEST_CASE("sim topology file: a LoRa rate may be said, else the radio gives it",
          "[sim][topology-file]") {
  const Topology t = parsed(R"({"nodes": [], "media": {
    "x": {"rate": 300, "spreading_factor": 12, "kind": "lora"},
    "y": {"kind": "lora", "spreading_factor": 12}}})");
  CHECK(t.media.at("x").rate == BitsPerSecond{300});
  CHECK(t.media.at("y").rate == Media::lora().spreading(12).rate);
}

TEST_CASE("sim topology file: the written form, to the letter", "[sim][topology-file]") {
  Topology t = line(2, Media::tcp());
  t.nodes[1].announces = false;
  t.nodes[1].skew_ppm = -2.5;
  t.nodes[1].path = {{Instant{90s}, {1, 2}}};
  t.media.emplace("air", Media::ethernet().named("radio"));
  t.members["air"] = {1, 0};
  CHECK(to_json(t) == R"({
  "name": "line",
  "media": {
    "air": {"kind":"datagram","name":"radio","rate":1000000000,"delay":"200us","jitter":"0s","loss":0.0,"corruption":0.0,"duplication":0.0,"reordering":0.0,"mtu":1500,"half_duplex":false,"shared":true,"range":0.0,"queue_bytes":262144},
    "tcp": {"kind":"stream","rate":100000000,"delay":"10ms","jitter":"0s","loss":0.0,"mtu":4096,"range":0.0,"queue_bytes":262144}
  },
  "nodes": [
    {"name":"n0","x":0.0,"y":0.0},
    {"name":"n1","x":70.0,"y":0.0,"path":[{"at":"1min30s","x":1.0,"y":2.0}],"announces":false,"skew_ppm":-2.5}
  ],
  "links": [
    {"a":"n0","b":"n1","media":"tcp"}
  ],
  "members": {
    "air": ["n1","n0"]
  }
}
)");
}

TEST_CASE("sim topology file: what was written is read back", "[sim][topology-file]") {
  CHECK(rc::check([] {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    Topology t = random_geometric(*rc::gen::inRange<std::size_t>(1, 40), 4, Media::lora(), seed);
    Media& odd = t.media.emplace("odd \"one\"\n\u00fc", Media::wifi()).first->second;
    odd.loss_rate = *rc::gen::inRange(0, 1000) / 1000.0;
    odd.delay = Duration{*rc::gen::inRange<std::int64_t>(0, 3'600'000'000'000)};
    odd.rate.count = *rc::gen::inRange<std::uint64_t>(1, 1'000'000'000'000);
    odd.half_duplex = *rc::gen::arbitrary<bool>();
    LoraRadio& radio = t.media.at("lora").lora_radio;
    radio.spreading_factor = *rc::gen::inRange(7U, 13U);
    radio.region = *rc::gen::element(Region::unlimited, Region::eu868, Region::us915);
    radio.duty_cycle = *rc::gen::inRange(1, 100) / 10000.0;
    NodeSpec& first = t.nodes.front();
    first.skew_ppm = *rc::gen::inRange(-500, 500) / 7.0;
    first.announces = *rc::gen::arbitrary<bool>();
    first.path = {{Instant{Duration{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)}},
                   {static_cast<double>(seed % 1000) / 3, -1e-9}}};
    if (*rc::gen::arbitrary<bool>()) {
      first.limits = Limits::standard();
      first.limits->packet_ids = *rc::gen::inRange<std::size_t>(1, 1'000'000);
    }
    t.members["lora"] = {0};
    const std::string text = to_json(t);
    const auto back = parse_topology(text, "kept.json");
    if (!back) RC_FAIL(back.error().message());
    RC_ASSERT(to_json(*back) == text);
    RC_ASSERT(back->nodes.front().at == first.at);
    RC_ASSERT(back->nodes.front().path.front().when == first.path.front().when);
    RC_ASSERT(back->nodes.front().limits.has_value() == first.limits.has_value());
    RC_ASSERT(back->links.size() == t.links.size());
    RC_ASSERT(back->media.at("lora").rate == t.media.at("lora").rate);
  }));
}
