#include <string.h>

#include "check.h"

enum { kMutableCost = 19 + 104 + 2, kCostSize = 7 };

/* spec: L1/4, README/9 clarification 17 */
void test_announce(void) {
  const uint8_t tlvs[] = {0x04, 4, 1, 0, 2, 3, 0x90, 0};
  mehr_identity* identity = identity_from(0x00);
  uint8_t packet[440];
  size_t written = 0;
  CHECK(mehr_announce_build(identity, 7, NULL, kQuery, &written) == MEHR_OK && written == 132);
  CHECK(mehr_announce_build(identity, 7, NULL, (mehr_buf){packet, 131}, &written) ==
        MEHR_E_TOO_BIG);
  mehr_announce_opts opts = MEHR_ANNOUNCE_OPTS_INIT;
  opts.max_hops = 3;
  opts.tlvs = VIEW(tlvs);
  REQUIRE(mehr_announce_build(identity, 7, &opts, ROOM(packet), &written) == MEHR_OK);
  CHECK(written == 140 && packet[0] == 0x01 && packet[1] == 125 && packet[18] == 0);

  const mehr_bytes view = {packet, written};
  mehr_announce out = MEHR_ANNOUNCE_INIT;
  mehr_id id;
  CHECK(mehr_identity_node_id(identity, &id) == MEHR_OK);
  REQUIRE(mehr_announce_verify(view, &out) == MEHR_OK);
  CHECK(same(&out.origin, &id, sizeof id) && out.emitted == 7 && out.hops == 125);
  CHECK(out.version == 0x10 && out.tlvs.size == sizeof tlvs);
  CHECK(out.tlvs.data == packet + 132 && same(out.tlvs.data, tlvs, sizeof tlvs));
  CHECK(out.path_cost_code == 0 && out.path_latency_ms == 0 && out.path_rate_code == 255);
  CHECK(out.path_hops == 0 && out.path_mtu_code == 255);
  CHECK(mehr_announce_verify(view, NULL) == MEHR_OK);

  /* What relays change does not break the signature. */
  packet[0] = 0x11;
  packet[1] = 126;
  packet[kMutableCost + 5] = 9;
  CHECK(mehr_announce_verify(view, &out) == MEHR_OK && out.hops == 126 && out.path_hops == 9);
  mehr_identity_free(identity);
}

void test_announce_bad_input(void) {
  mehr_identity* identity = identity_from(0x00);
  uint8_t packet[460];
  uint8_t tlvs[310] = {0x80, 255};
  size_t size = 0;
  tlvs[257] = 0x80;
  tlvs[258] = 49;
  mehr_announce_opts opts = MEHR_ANNOUNCE_OPTS_INIT;
  opts.tlvs = (mehr_bytes){tlvs, 308};
  CHECK(mehr_announce_build(identity, 7, &opts, ROOM(packet), &size) == MEHR_OK && size == 440);
  CHECK(mehr_announce_verify((mehr_bytes){packet, 440}, NULL) == MEHR_OK);
  opts.tlvs.size = 307; /* the second field now runs past the end */
  CHECK(mehr_announce_build(identity, 7, &opts, ROOM(packet), &size) == MEHR_E_BAD_VALUE);
  opts.tlvs.size = 310;
  CHECK(mehr_announce_build(identity, 7, &opts, ROOM(packet), &size) == MEHR_E_TOO_BIG);
  opts.tlvs.size = 0;
  opts.max_hops = 129;
  CHECK(mehr_announce_build(identity, 7, &opts, ROOM(packet), &size) == MEHR_E_INVALID);

  REQUIRE(mehr_announce_build(identity, 7, NULL, ROOM(packet), &size) == MEHR_OK);
  mehr_announce out = MEHR_ANNOUNCE_INIT;
  out.emitted = 4711;
  for (size_t i = 0; i < size; ++i) {
    const int unsigned_byte = i == 1 || (i >= kMutableCost && i < kMutableCost + kCostSize);
    if (unsigned_byte) continue;
    for (unsigned bit = 0; bit < 8; ++bit) {
      if (i == 0 && bit == 4) continue; /* relayed or not */
      packet[i] ^= (uint8_t)(1U << bit);
      CHECK(mehr_announce_verify((mehr_bytes){packet, size}, &out) < 0);
      packet[i] ^= (uint8_t)(1U << bit);
    }
  }
  CHECK(out.emitted == 4711);
  for (size_t n = 0; n < size; ++n) {
    CHECK(mehr_announce_verify((mehr_bytes){packet, n}, NULL) == MEHR_E_TRUNCATED);
  }
  packet[19 + 40] ^= 1;
  CHECK(mehr_announce_verify((mehr_bytes){packet, size}, NULL) == MEHR_E_BAD_SIGNATURE);
  packet[19 + 40] ^= 1;
  packet[2] ^= 1;
  CHECK(mehr_announce_verify((mehr_bytes){packet, size}, NULL) == MEHR_E_WRONG_PEER);
  packet[2] ^= 1;
  packet[1] = 128;
  CHECK(mehr_announce_verify((mehr_bytes){packet, size}, NULL) < 0);
  mehr_identity_free(identity);
}
