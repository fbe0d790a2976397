#include <openssl/sha.h>
#include <string.h>

#include "check.h"
#include "mehr/l0.h"

static mehr_link_info info_of(const mehr_link* link) {
  mehr_link_info info = MEHR_LINK_INFO_INIT;
  CHECK(mehr_link_get_info(link, &info) == MEHR_OK);
  return info;
}

static mehr_status step(mehr_link* link, uint32_t kind, uint64_t now_ms) {
  const mehr_now now = at(now_ms);
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = kind;
  return mehr_link_step(link, &event, &now);
}

static void check_digest(const uint8_t* frame, size_t size, const char* start) {
  uint8_t digest[32];
  uint8_t expected[8];
  SHA256(frame, size, digest);
  from_hex(start, expected, sizeof expected);
  CHECK(same(digest, expected, sizeof expected));
}

/* spec: L0 properties 3 and 4 */
void test_known_handshake(void) {
  pair p = make_pair(4096);
  check_digest(p.resp, sizeof p.resp, "beb56ee413cb3530");
  check_digest(p.auth, sizeof p.auth, "6a68f4910249876e");
  CHECK(p.opened_a == 1 && p.opened_b == 1);

  const mehr_link_info a = info_of(p.a);
  const mehr_link_info b = info_of(p.b);
  mehr_id alice;
  mehr_id bob;
  CHECK(mehr_identity_node_id(p.alice, &alice) == MEHR_OK);
  CHECK(mehr_identity_node_id(p.bob, &bob) == MEHR_OK);
  CHECK(a.state == MEHR_LINK_ACTIVE && a.role == MEHR_ROLE_INITIATOR && a.link_id == 1);
  CHECK(b.state == MEHR_LINK_ACTIVE && b.role == MEHR_ROLE_RESPONDER && b.link_id == 2);
  CHECK(a.peer_link_id == 2 && b.peer_link_id == 1 && a.mtu == 4096 && b.mtu == 4096);
  CHECK(a.peer_features == 3 && a.key_epoch == 0 && a.clock_offset_ms == 0);
  CHECK(same(&a.peer, &bob, sizeof bob) && same(&b.peer, &alice, sizeof alice));
  free_pair(&p);

  /* Property 4 wants counter 1, which the answer to the confirming Ping takes in a settled pair. */
  uint8_t ones = 0x11;
  uint8_t twos = 0x22;
  const mehr_random random_a = constant_random(&ones);
  const mehr_random random_b = constant_random(&twos);
  const mehr_now now = at(1000);
  mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
  opts.features = 3;
  opts.link_id = 1;
  p.alice = identity_from(0x00);
  p.bob = identity_from(0x20);
  REQUIRE(mehr_link_initiate(p.alice, &random_a, &opts, &now, &p.a) == MEHR_OK);
  opts.link_id = 2;
  REQUIRE(mehr_link_respond(p.bob, &random_b, &opts, next(p.a).frame, &now, &p.b) == MEHR_OK);
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_FRAME;
  event.frame = next(p.b).frame;
  REQUIRE(mehr_link_step(p.a, &event, &now) == MEHR_OK);
  const uint8_t control[] = {0x89, 0x40, 0xdc, 0x05};
  uint8_t frame[64];
  uint8_t expected[28];
  size_t written = 0;
  CHECK(mehr_link_seal(p.a, VIEW(control), MEHR_PAD_BY_CLASS, &now, ROOM(frame), &written) ==
        MEHR_OK);
  from_hex("90020001000000cdc48548dd85e543ff829bd61f679cd32f9e05d562", expected, 28);
  CHECK(written == 28 && same(frame, expected, 28));
  free_pair(&p);
}

/* spec: L0/5.5, both directions; a replay is refused */
void test_data(void) {
  pair p = make_pair(1500);
  const mehr_now now = at(1001);
  const uint8_t packet[] = "\x10 a packet of this test, nineteen and more bytes";
  uint8_t frame[1524];
  uint8_t message[1500];
  for (int turn = 0; turn < 4; ++turn) {
    mehr_link* from = turn % 2 ? p.b : p.a;
    mehr_link* to = turn % 2 ? p.a : p.b;
    size_t size = 0;
    size_t got = 0;
    CHECK(mehr_link_seal(from, VIEW(packet), 0, &now, kQuery, &size) == MEHR_OK);
    CHECK(size == sizeof packet + 24);
    REQUIRE(mehr_link_seal(from, VIEW(packet), 0, &now, ROOM(frame), &size) == MEHR_OK);
    const mehr_bytes sealed = {frame, size};
    mehr_frame_info info = MEHR_FRAME_INFO_INIT;
    CHECK(mehr_frame_inspect(sealed, &info) == MEHR_OK && info.kind == MEHR_FRAME_DATA);
    CHECK(info.link_id == info_of(to).link_id);
    CHECK(mehr_link_open(to, sealed, &now, kQuery, &got) == MEHR_OK && got == sizeof packet);
    CHECK(mehr_link_open(to, sealed, &now, (mehr_buf){message, got - 1}, &got) == MEHR_E_TOO_BIG);
    CHECK(mehr_link_open(to, sealed, &now, ROOM(message), &got) == MEHR_OK);
    CHECK(got == sizeof packet && same(message, packet, got));
    CHECK(mehr_link_open(to, sealed, &now, ROOM(message), &got) == MEHR_E_REPLAYED);
    CHECK(mehr_link_open(from, sealed, &now, ROOM(message), &got) == MEHR_E_WRONG_PEER);
  }
  /* In place: the message may land on the frame. */
  size_t size = 0;
  CHECK(mehr_link_seal(p.a, VIEW(packet), 0, &now, ROOM(frame), &size) == MEHR_OK);
  CHECK(mehr_link_open(p.b, (mehr_bytes){frame, size}, &now, ROOM(frame), &size) == MEHR_OK);
  CHECK(size == sizeof packet && same(frame, packet, size));
  free_pair(&p);
}

/* spec: L0 property 9, L0/5.5 */
void test_padding(void) {
  const mehr_now now = at(1001);
  uint8_t data[1501] = {0x10};
  uint8_t announce[132] = {0x01};
  const uint8_t control[] = {0xA3, 1};
  size_t size = 0;
  pair p = make_pair(484);
  CHECK(mehr_link_seal(p.a, (mehr_bytes){data, 19}, 0, &now, kQuery, &size) == MEHR_OK);
  CHECK(size == 508);
  CHECK(mehr_link_seal(p.a, VIEW(announce), 0, &now, kQuery, &size) == MEHR_OK && size == 156);
  CHECK(mehr_link_seal(p.a, VIEW(control), 0, &now, kQuery, &size) == MEHR_OK && size == 26);
  CHECK(mehr_link_seal(p.a, VIEW(control), MEHR_PAD_TO_MTU, &now, kQuery, &size) == MEHR_OK);
  CHECK(size == 508);
  CHECK(mehr_link_seal(p.a, (mehr_bytes){data, 19}, MEHR_PAD_NONE, &now, kQuery, &size) == MEHR_OK);
  CHECK(size == 43);
  size = 77;
  CHECK(mehr_link_seal(p.a, (mehr_bytes){data, 485}, 0, &now, kQuery, &size) == MEHR_E_TOO_BIG);
  CHECK(size == 77);

  uint8_t frame[508];
  uint8_t message[484];
  CHECK(mehr_link_seal(p.a, (mehr_bytes){data, 19}, 0, &now, (mehr_buf){frame, 507}, &size) ==
        MEHR_E_TOO_BIG);
  CHECK(mehr_link_seal(p.a, (mehr_bytes){data, 19}, 0, &now, ROOM(frame), &size) == MEHR_OK);
  CHECK(mehr_link_open(p.b, VIEW(frame), &now, ROOM(message), &size) == MEHR_OK && size == 19);
  free_pair(&p);

  p = make_pair(1500);
  CHECK(mehr_link_seal(p.a, (mehr_bytes){data, 19}, 0, &now, kQuery, &size) == MEHR_OK);
  CHECK(size == 43);
  CHECK(mehr_link_seal(p.a, (mehr_bytes){data, 1500}, 0, &now, kQuery, &size) == MEHR_OK);
  CHECK(mehr_link_seal(p.a, VIEW(data), 0, &now, kQuery, &size) == MEHR_E_TOO_BIG);
  free_pair(&p);
}

/* spec: L0 property 8 */
void test_forged_frames(void) {
  pair p = make_pair(4096);
  const mehr_now now = at(1001);
  const uint8_t packet[40] = {0x10};
  uint8_t frame[64];
  uint8_t message[64];
  size_t size = 0;
  size_t got = 99;
  REQUIRE(mehr_link_seal(p.a, VIEW(packet), 0, &now, ROOM(frame), &size) == MEHR_OK);
  for (size_t bit = 0; bit < size * 8; ++bit) {
    frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CHECK(mehr_link_open(p.b, (mehr_bytes){frame, size}, &now, ROOM(message), &got) < 0);
    frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  for (size_t n = 0; n < size; ++n) {
    CHECK(mehr_link_open(p.b, (mehr_bytes){frame, n}, &now, ROOM(message), &got) < 0);
  }
  uint8_t huge[5000] = {0x90, 2, 0};
  uint8_t room[5000];
  CHECK(mehr_link_open(p.b, VIEW(huge), &now, ROOM(room), &got) == MEHR_E_TOO_BIG);
  CHECK(got == 99);
  CHECK(mehr_link_open(p.b, (mehr_bytes){frame, size}, &now, ROOM(message), &got) == MEHR_OK);
  CHECK(got == sizeof packet);

  /* Handshake frames out of place change nothing on a working link. */
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_FRAME;
  event.frame = VIEW(p.auth);
  CHECK(mehr_link_step(p.b, &event, &now) == MEHR_OK);
  event.frame = VIEW(huge);
  CHECK(mehr_link_step(p.b, &event, &now) == MEHR_E_INVALID);
  huge[0] = 0x81;
  CHECK(mehr_link_step(p.b, &event, &now) == MEHR_OK);
  CHECK(info_of(p.b).state == MEHR_LINK_ACTIVE);
  free_pair(&p);
}

/* spec: L0/5.6, L0/5.7 */
void test_close(void) {
  pair p = make_pair(4096);
  mehr_now now = at(1001);
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_CLOSE;
  event.reason = MEHR_CLOSE_POLICY;
  CHECK(mehr_link_step(p.a, &event, &now) == MEHR_OK);
  const mehr_action send = next(p.a);
  CHECK(send.kind == MEHR_ACTION_SEND && send.frame.size == 26);
  uint8_t room[16];
  size_t got = 9;
  CHECK(mehr_link_open(p.b, send.frame, &now, ROOM(room), &got) == MEHR_OK && got == 0);
  const mehr_action closed_a = next(p.a);
  const mehr_action closed_b = next(p.b);
  CHECK(closed_a.kind == MEHR_ACTION_CLOSED && closed_a.reason == MEHR_CLOSE_POLICY);
  CHECK(closed_b.kind == MEHR_ACTION_CLOSED && closed_b.reason == MEHR_CLOSE_POLICY);
  CHECK(closed_b.text != NULL && closed_b.why < 0);
  CHECK(next(p.a).kind == MEHR_ACTION_NONE && next(p.b).kind == MEHR_ACTION_NONE);

  CHECK(info_of(p.a).state == MEHR_LINK_CLOSED);
  CHECK(mehr_link_next_deadline_ms(p.a) == UINT64_MAX);
  uint8_t frame[30] = {0x90, 1, 0};
  CHECK(mehr_link_seal(p.a, VIEW(frame), 0, &now, kQuery, &got) == MEHR_E_WRONG_STATE);
  CHECK(mehr_link_open(p.a, VIEW(frame), &now, ROOM(room), &got) == MEHR_E_WRONG_STATE);
  CHECK(step(p.a, MEHR_EVENT_TIMER, 500000) == MEHR_OK);
  CHECK(step(p.a, MEHR_EVENT_CLOSE, 500000) == MEHR_OK);
  CHECK(next(p.a).kind == MEHR_ACTION_NONE);
  free_pair(&p);

  p = make_pair(4096);
  CHECK(step(p.a, MEHR_EVENT_MEDIUM_LOST, 1001) == MEHR_OK);
  const mehr_action lost = next(p.a);
  CHECK(lost.kind == MEHR_ACTION_CLOSED && lost.reason == MEHR_CLOSE_MEDIUM_LOST);
  free_pair(&p);
}

/* Whom a link is for, and what both sides may ask. spec: L0/5.7, L0/6 */
void test_terms(void) {
  uint8_t byte = 0x55;
  const mehr_random random = constant_random(&byte);
  const mehr_now now = at(5);
  mehr_identity* alice = identity_from(0x00);
  mehr_identity* bob = identity_from(0x20);
  mehr_link* a = NULL;
  mehr_link* b = NULL;
  mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
  CHECK(mehr_identity_node_id(alice, &opts.expected_peer) == MEHR_OK);
  opts.expected_peer.bytes[3] ^= 1;
  REQUIRE(mehr_link_initiate(alice, &random, &opts, &now, &a) == MEHR_OK);
  mehr_identity_free(alice); /* the link keeps its own hold */
  const mehr_action init = next(a);
  CHECK(info_of(a).state == MEHR_LINK_HANDSHAKE && info_of(a).link_id == 1 + 0x5555);
  CHECK(mehr_link_respond(bob, &random, NULL, init.frame, &now, &b) == MEHR_E_WRONG_PEER);
  uint8_t copy[52];
  memcpy(copy, init.frame.data, sizeof copy);
  memset(copy + 4, 0, 16); /* for anybody now, so that bob answers: not whom alice asked for */
  CHECK(mehr_link_respond(bob, &random, &opts, VIEW(copy), &now, &b) == MEHR_E_INVALID);
  REQUIRE(mehr_link_respond(bob, &random, NULL, VIEW(copy), &now, &b) == MEHR_OK);
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_FRAME;
  event.frame = next(b).frame;
  CHECK(mehr_link_step(a, &event, &now) == MEHR_OK);
  const mehr_action closed = next(a);
  CHECK(closed.kind == MEHR_ACTION_CLOSED && closed.reason == MEHR_CLOSE_REJECTED);
  mehr_link_free(b);
  mehr_link_free(a);

  b = NULL;
  copy[1] = 0x20;
  CHECK(mehr_link_respond(bob, &random, NULL, VIEW(copy), &now, &b) == MEHR_E_WRONG_VERSION);
  copy[1] = 0x10;
  copy[2] = copy[3] = 0;
  CHECK(mehr_link_respond(bob, &random, NULL, VIEW(copy), &now, &b) == MEHR_E_BAD_VALUE);
  copy[2] = 1;
  memset(copy + 20, 0, 32); /* a key whose exchange gives zero */
  CHECK(mehr_link_respond(bob, &random, NULL, VIEW(copy), &now, &b) == MEHR_E_BAD_VALUE);
  for (size_t n = 0; n < sizeof copy; ++n) {
    const mehr_bytes part = {copy, n};
    CHECK(mehr_link_respond(bob, &random, NULL, part, &now, &b) == MEHR_E_TRUNCATED);
  }
  uint8_t longer[53] = {0x80, 0x10, 1};
  CHECK(mehr_link_respond(bob, &random, NULL, VIEW(longer), &now, &b) == MEHR_E_TRAILING);
  CHECK(b == NULL);
  mehr_identity_free(bob);
}

/* spec: L0/5.7 timeout, silence; L0/9 */
void test_timers(void) {
  pair p = make_pair(4096);
  CHECK(mehr_link_next_deadline_ms(p.a) == 61000); /* the next Ping */
  CHECK(step(p.a, MEHR_EVENT_TIMER, 61000) == MEHR_OK);
  CHECK(next(p.a).frame.size == 29);
  CHECK(step(p.a, MEHR_EVENT_TIMER, 180999) == MEHR_OK);
  CHECK(next(p.a).kind == MEHR_ACTION_SEND && next(p.a).kind == MEHR_ACTION_NONE);
  CHECK(step(p.a, MEHR_EVENT_TIMER, 181000) == MEHR_OK);
  CHECK(next(p.a).kind == MEHR_ACTION_SEND);
  const mehr_action silent = next(p.a);
  CHECK(silent.kind == MEHR_ACTION_CLOSED && silent.reason == MEHR_CLOSE_IDLE);
  free_pair(&p);

  uint8_t byte = 0x55;
  const mehr_random random = constant_random(&byte);
  const mehr_now now = at(0);
  mehr_identity* alice = identity_from(0x00);
  mehr_link* a = NULL;
  mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
  opts.medium = MEHR_MEDIUM_DATAGRAM;
  REQUIRE(mehr_link_initiate(alice, &random, &opts, &now, &a) == MEHR_OK);
  uint8_t init[52];
  memcpy(init, next(a).frame.data, sizeof init);
  for (uint64_t t = 6000; t <= 12000; t += 6000) { /* two resends, byte for byte */
    CHECK(mehr_link_next_deadline_ms(a) == t);
    CHECK(step(a, MEHR_EVENT_TIMER, t) == MEHR_OK);
    const mehr_action again = next(a);
    CHECK(again.kind == MEHR_ACTION_SEND && same(again.frame.data, init, sizeof init));
  }
  CHECK(step(a, MEHR_EVENT_TIMER, 18000) == MEHR_OK);
  const mehr_action closed = next(a);
  CHECK(closed.kind == MEHR_ACTION_CLOSED && closed.reason == MEHR_CLOSE_TIMEOUT);
  mehr_link_free(a);

  /* Garbage ends a handshake on a stream; on datagrams anybody could have sent it. */
  for (uint32_t medium = 0; medium <= 1; ++medium) {
    opts.medium = medium;
    REQUIRE(mehr_link_initiate(alice, &random, &opts, &now, &a) == MEHR_OK);
    CHECK(next(a).kind == MEHR_ACTION_SEND);
    uint8_t garbage[40] = {0x90};
    size_t got = 0;
    CHECK(mehr_link_open(a, VIEW(garbage), &now, ROOM(init), &got) == MEHR_E_WRONG_STATE);
    const mehr_action how = next(a);
    CHECK(how.kind == (medium ? (uint32_t)MEHR_ACTION_REFUSED : (uint32_t)MEHR_ACTION_CLOSED));
    CHECK(how.why < 0 && how.text != NULL);
    mehr_link_free(a);
  }
  mehr_identity_free(alice);
}

/* spec: L0/5.6, L0 property 10. The links keep talking, so that silence does not end them. */
void test_rekey(void) {
  pair p = make_pair(4096);
  uint64_t now_ms = 1000;
  while (now_ms < 3640000) {
    now_ms += 30000;
    CHECK(step(p.a, MEHR_EVENT_TIMER, now_ms) == MEHR_OK);
    settle(&p, now_ms);
    CHECK(step(p.b, MEHR_EVENT_TIMER, now_ms) == MEHR_OK);
    settle(&p, now_ms);
  }
  CHECK(info_of(p.a).key_epoch == 1 && info_of(p.b).key_epoch == 1);

  /* By bytes: sealing makes the deadline come at once. */
  free_pair(&p);
  uint8_t ones = 0x11;
  uint8_t twos = 0x22;
  const mehr_random random_a = constant_random(&ones);
  const mehr_random random_b = constant_random(&twos);
  const mehr_now now = at(1000);
  mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
  opts.bandwidth_bps = 20000; /* the floor of 1 MB holds */
  memset(&p, 0, sizeof p);
  p.alice = identity_from(0x00);
  p.bob = identity_from(0x20);
  REQUIRE(mehr_link_initiate(p.alice, &random_a, &opts, &now, &p.a) == MEHR_OK);
  REQUIRE(mehr_link_respond(p.bob, &random_b, &opts, next(p.a).frame, &now, &p.b) == MEHR_OK);
  settle(&p, 1000);
  const uint8_t message[4096] = {0x10};
  uint8_t frame[4120];
  size_t size = 0;
  int sealed = 0;
  while (mehr_link_next_deadline_ms(p.a) != 0 && sealed < 1000) {
    CHECK(mehr_link_seal(p.a, VIEW(message), 0, &now, ROOM(frame), &size) == MEHR_OK);
    ++sealed;
  }
  CHECK(sealed == 255); /* 1,048,576 bytes in frames of 4,120, less the Pong's */
  CHECK(step(p.a, MEHR_EVENT_TIMER, 1000) == MEHR_OK);
  CHECK(mehr_link_next_deadline_ms(p.a) != 0);
  settle(&p, 1000);
  CHECK(info_of(p.a).key_epoch == 1 && info_of(p.b).key_epoch == 1);
  free_pair(&p);
}
