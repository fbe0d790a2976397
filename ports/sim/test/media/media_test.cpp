#include "mehr/sim/media.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "fake_world.h"

using namespace mehr;
using namespace mehr::sim;
using namespace mehr::sim::test;

TEST_CASE("sim media: the kinds have names", "[sim][media]") {
  CHECK(std::strcmp(name_of(MediaKind::stream), "stream") == 0);
  CHECK(std::strcmp(name_of(MediaKind::datagram), "datagram") == 0);
  CHECK(std::strcmp(name_of(MediaKind::ble), "ble") == 0);
  CHECK(std::strcmp(name_of(MediaKind::serial), "serial") == 0);
  CHECK(std::strcmp(name_of(MediaKind::lora), "lora") == 0);
}

TEST_CASE("sim media: makers give what the field has", "[sim][media]") {
  const Media tcp = Media::tcp();
  CHECK(tcp.kind == MediaKind::stream);
  CHECK(tcp.rate == BitsPerSecond{100'000'000});
  CHECK(tcp.delay == 10ms);
  CHECK(tcp.mtu == Mtu{4096});
  CHECK_FALSE(tcp.shared);

  const Media ethernet = Media::ethernet();
  CHECK(ethernet.kind == MediaKind::datagram);
  CHECK(ethernet.rate == BitsPerSecond{1'000'000'000});
  CHECK(ethernet.delay == 200us);
  CHECK(ethernet.mtu == Mtu{1500});
  CHECK(ethernet.shared);
  CHECK(ethernet.range_m == 0);

  const Media wifi = Media::wifi();
  CHECK(wifi.kind == MediaKind::datagram);
  CHECK(wifi.rate == BitsPerSecond{50'000'000});
  CHECK(wifi.delay == 2ms);
  CHECK(wifi.jitter > 0ms);
  CHECK(wifi.loss_rate == 0.01);
  CHECK(wifi.range_m == 100);
  CHECK(wifi.shared);

  const Media ble = Media::ble();
  CHECK(ble.kind == MediaKind::ble);
  CHECK(ble.mtu == Mtu{484});
  CHECK(ble.range_m == 30);

  const Media serial = Media::serial();
  CHECK(serial.kind == MediaKind::serial);
  CHECK(serial.rate == BitsPerSecond{57'600});
  CHECK(serial.half_duplex);

  const Media lora = Media::lora();
  CHECK(lora.kind == MediaKind::lora);
  CHECK(lora.half_duplex);
  CHECK(lora.shared);
  CHECK(lora.lora_radio.spreading_factor == 8);
  CHECK(lora.spreading(12).rate < lora.rate);
}

TEST_CASE("sim media: setters change a copy and nothing else", "[sim][media]") {
  const Media base = Media::wifi();
  const Media other = base.named("attic")
                          .with_rate({1'000})
                          .with_delay(7ms, 2ms)
                          .with_mtu({484})
                          .with_range(12)
                          .with_queue(99)
                          .loss(0.25)
                          .corruption(0.125)
                          .duplication(0.5)
                          .reordering(0.75)
                          .duty_cycle(0.01);
  CHECK(base.name == "wifi");
  CHECK(base.rate == BitsPerSecond{50'000'000});
  CHECK(other.name == "attic");
  CHECK(other.rate == BitsPerSecond{1'000});
  CHECK(other.delay == 7ms);
  CHECK(other.jitter == 2ms);
  CHECK(other.mtu == Mtu{484});
  CHECK(other.range_m == 12);
  CHECK(other.queue_bytes == 99);
  CHECK(other.loss_rate == 0.25);
  CHECK(other.corruption_rate == 0.125);
  CHECK(other.duplication_rate == 0.5);
  CHECK(other.reordering_rate == 0.75);
  CHECK(other.lora_radio.duty_cycle == 0.01);
  CHECK(other.kind == MediaKind::datagram);
  CHECK(other.shared);
}

TEST_CASE("sim media: neighbours are laid out well within range", "[sim][media]") {
  CHECK(Media::wifi().comfortable_range_m() == Approx(70));
  CHECK(Media::ble().comfortable_range_m() == Approx(21));
  CHECK(Media::tcp().comfortable_range_m() == 100);
  CHECK(Media::lora().comfortable_range_m() > 500);
}

TEST_CASE("sim media: a medium tells L0 what it is like", "[sim][media]") {
  const auto info_on = [](const Media& media, std::uint32_t id = 0) {
    World world(media, 2, 1, id);
    world.boot();
    world.run(at(1s));
    REQUIRE(world[0].medium != nullptr);
    REQUIRE(world[1].medium != nullptr);
    CHECK(world[0].calls[0].channel == ChannelId{id});
    return world[1].medium->info();
  };
  const MediumInfo tcp = info_on(Media::tcp(), 0x10007);
  CHECK(tcp.stream);
  CHECK_FALSE(tcp.half_duplex);
  CHECK(tcp.interface == InterfaceId{7});  // the low 16 bits
  CHECK(tcp.bandwidth == BitsPerSecond{100'000'000});
  CHECK(tcp.latency == Millis{10});
  CHECK(tcp.mtu == Mtu{4096});

  const MediumInfo serial = info_on(Media::serial().with_delay(1'500us));
  CHECK_FALSE(serial.stream);
  CHECK(serial.half_duplex);
  CHECK(serial.latency == Millis{2});
  CHECK(info_on(Media::ethernet()).latency == Millis{0});
  CHECK_FALSE(info_on(Media::ethernet()).stream);
}
