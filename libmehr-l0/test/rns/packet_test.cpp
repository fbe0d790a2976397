// Reticulum's packets: known answers of the reference implementation, both forms. spec: L0/3,
// L0/8.1
#include "support.h"

namespace mehr::l0::rns::test {
namespace {

TEST_CASE("L0 8.1: packet hashes are the reference implementation's", "[l0][rns]") {
  Bytes announce = from_hex(known::kAnnounce);
  CHECK(packet_hash(announce).bytes == PacketHash::from(from_hex(known::kAnnounceHash)).bytes);
  Bytes data = from_hex(known::kData);
  CHECK(packet_hash(data) == PacketHash::from(from_hex(known::kDataHash)));
  CHECK(data == from_hex(known::kData));  // the lent byte is back
}

TEST_CASE("L0 8.1: hops, bit 4 and the transport ID do not change a packet's hash", "[l0][rns]") {
  const Bytes plain = from_hex(known::kData);
  auto view = parse(plain);
  REQUIRE(view.has_value());
  view->transport = address("ffeeddccbbaa99887766554433221100");
  view->hops = 77;
  view->flags.bits |= PacketFlags::kInTransport;
  Bytes two(plain.size() + 16);
  REQUIRE(write(*view, two).has_value());
  CHECK(packet_hash(two) == PacketHash::from(from_hex(known::kDataHash)));
  MutableBytes stripped = strip_transport(two);
  CHECK(packet_hash(stripped) == PacketHash::from(from_hex(known::kDataHash)));
  CHECK(stripped.size() == plain.size());
}

TEST_CASE("L0 8.4 step 4: link IDs are the reference implementation's, tail or not", "[l0][rns]") {
  Bytes request = from_hex(known::kRequest);
  CHECK(link_id_of(request) == address(known::kLink));
  request.insert(request.end(), {0x20, 0x20, 0x00});
  CHECK(link_id_of(request) == address(known::kLink));
}

TEST_CASE("L0 8.1: what is no packet is refused with a reason", "[l0][rns]") {
  CHECK(parse(Bytes(19)).error().code == Errc::truncated);
  CHECK(parse(Bytes(kMostPacket + 1)).error().code == Errc::too_big);
  Bytes scrambled(40);
  scrambled[0] = 0x80;
  CHECK(parse(scrambled).error().code == Errc::bad_value);
  Bytes two(34);
  two[0] = 0x50;
  CHECK(parse(two).error().code == Errc::truncated);
  two.resize(35);
  CHECK(parse(two).has_value());
}

TEST_CASE("L0 8.1: names and addresses that the specification prints", "[l0][rns]") {
  CHECK(name_hash("mehr.node") == NameHash::from(from_hex("91394dc8b84e75d5ce0b")));
  const Identity identity = Identity::from_seed(l0::test::seed_of(0));
  const IdentityKey key = identity_of(identity);
  // L0 property 1
  CHECK(identity_hash(key) == address("017757cd6091e16e248fc3ca0c0e5334"));
  CHECK(destination_of(name_hash("mehr.node"), key) == address("26f9f848e5cd7d84b95838e8a9807289"));
  // The address of path requests is that of a plain destination: no identity in it.
  const auto plain = crypto::sha256(name_hash("rnstransport.path.request").view());
  CHECK(Address::from(plain.view()) == kPathRequests);
}

}  // namespace
}  // namespace mehr::l0::rns::test
