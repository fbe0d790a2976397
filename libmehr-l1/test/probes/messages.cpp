#include <catch2/catch.hpp>

#include "fake_world.h"
#include "mehr/l1/probe_messages.h"

using namespace mehr;
using namespace mehr::l1;
using test::node_id;

namespace {

// Sub-type, id 0x1234, size 36, four zeros, timestamp 0x0807060504030201.
const Bytes kRequest{0x01, 0x34, 0x12, 0x24, 0x00, 0x00, 0x00, 0x00, 0x00,
                     0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
const Bytes kResponse{0x02, 0x34, 0x12, 0x24, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
                      0x06, 0x07, 0x08, 0xDC, 0x05, 0x50, 0xC3, 0x00, 0x00};

}  // namespace

TEST_CASE("L1 property 24: a probe request is exactly as long as it says", "[l1][probes]") {
  const auto request = decode_probe_request(kRequest);
  REQUIRE(request.has_value());
  CHECK(request->probe_id == 0x1234);
  CHECK(request->payload_size == 36);
  CHECK(request->timestamp == 0x0807060504030201);
  std::array<std::uint8_t, 64> out{};
  out.fill(0xEE);
  const auto written = encode_probe_request({0x1234, 36, 0x0807060504030201}, out);
  REQUIRE(written.has_value());
  CHECK(same_bytes(*written, kRequest));
  for (const auto size : std::array<std::uint16_t, 4>{32, 484, 1500, 4096}) {
    std::array<std::uint8_t, 4096> packet{};
    const auto whole = encode_probe_packet(node_id(9), 3, {1, size, 2}, packet);
    REQUIRE(whole.has_value());
    CHECK(whole->size() == size);
    const auto read = decode<l0::Packet>(*whole);
    REQUIRE(read.has_value());
    CHECK(read->flags.type() == l0::PacketType::data);
    CHECK(read->flags.in_transport());
    CHECK(read->hops == 3);
    CHECK(read->destination == node_id(9));
    CHECK(read->context == 0xF2);
    const auto back = decode_probe_request(read->data.bytes);
    REQUIRE(back.has_value());
    CHECK(*back == ProbeRequest{1, size, 2});
  }
}

TEST_CASE("L1 7: bad probe requests are refused", "[l1][probes]") {
  for (std::size_t n = 0; n < kRequest.size(); ++n) {
    CHECK_FALSE(decode_probe_request(ByteView(kRequest).first(n)).has_value());
  }
  const auto with = [](std::size_t at, std::uint8_t byte) {
    Bytes b = kRequest;
    b[at] = byte;
    return decode_probe_request(b);
  };
  CHECK_FALSE(with(0, 0x02).has_value());  // another sub-type
  CHECK_FALSE(with(3, 0x23).has_value());  // shorter than it is
  CHECK_FALSE(with(3, 0x25).has_value());  // longer than it is
  CHECK_FALSE(with(5, 0x01).has_value());  // padding
  CHECK_FALSE(with(8, 0x80).has_value());
  CHECK(with(9, 0xFF).has_value());  // the timestamp is anything
  Bytes longer = kRequest;
  longer.push_back(0);
  CHECK_FALSE(decode_probe_request(longer).has_value());
  std::array<std::uint8_t, 4096> out{};
  CHECK_FALSE(encode_probe_request({1, 31, 2}, out).has_value());
  CHECK_FALSE(encode_probe_request({1, 4097, 2}, out).has_value());
  CHECK_FALSE(encode_probe_request({1, 40, 2}, MutableBytes(out).first(20)).has_value());
  CHECK_FALSE(
      encode_probe_packet(node_id(1), 0, {1, 40, 2}, MutableBytes(out).first(39)).has_value());
  CHECK_FALSE(
      encode_probe_packet(node_id(1), 0, {1, 40, 2}, MutableBytes(out).first(7)).has_value());
}

TEST_CASE("L1 property 24: a probe response body has 18 bytes", "[l1][probes]") {
  const auto response = decode<ProbeResponse>(kResponse);
  REQUIRE(response.has_value());
  CHECK(response->probe_id == 0x1234);
  CHECK(response->received_size == 36);
  CHECK(response->timestamp_echo == 0x0807060504030201);
  CHECK(response->responder_mtu == 1500);
  CHECK(response->measured_bps == 50'000);
  CHECK(same_bytes(encode_fixed(*response), kResponse));
  CHECK(kResponse.size() == 1 + 18);
  CHECK_FALSE(decode<ProbeResponse>(ByteView(kResponse).first(18)).has_value());
  Bytes longer = kResponse;
  longer.push_back(0);
  CHECK_FALSE(decode<ProbeResponse>(longer).has_value());
  Bytes other = kResponse;
  other[0] = 0x01;
  CHECK_FALSE(decode<ProbeResponse>(other).has_value());
}

TEST_CASE("L1 property 24: a response is made of the request and the ingress link",
          "[l1][probes]") {
  const ProbeRequest request{7, 484, 99};
  const ProbeResponse r = answer_probe(request, 484, Mtu{1500}, BitsPerSecond{1ULL << 40});
  CHECK(r.probe_id == 7);
  CHECK(r.received_size == 484);
  CHECK(r.timestamp_echo == 99);
  CHECK(r.responder_mtu == 1500);
  CHECK(r.measured_bps == 0xFFFFFFFF);  // saturates
  std::array<std::uint8_t, 64> out{};
  const auto packet = encode_probe_answer(node_id(9), 5, r, out);
  REQUIRE(packet.has_value());
  CHECK(packet->size() == kProbeResponsePacketSize);
  const auto read = decode<l0::Packet>(*packet);
  REQUIRE(read.has_value());
  CHECK(read->flags.type() == l0::PacketType::proof);
  CHECK(read->destination == node_id(9));  // the probed one, not who asked
  CHECK(read->context == 0xF2);
  CHECK(decode<ProbeResponse>(read->data.bytes) == r);
}
