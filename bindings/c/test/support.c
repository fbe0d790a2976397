#include <stdio.h>
#include <string.h>

#include "check.h"

int failures = 0;

void report(const char* file, int line, const char* what) {
  ++failures;
  fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
}

int same(const void* a, const void* b, size_t size) { return memcmp(a, b, size) == 0; }

void from_hex(const char* hex, uint8_t* out, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    unsigned value = 0;
    if (sscanf(hex + 2 * i, "%2x", &value) != 1) value = 0;
    out[i] = (uint8_t)value;
  }
}

static int32_t fill_constant(void* user, uint8_t* out, size_t size) {
  memset(out, *(const uint8_t*)user, size);
  return 0;
}

mehr_random constant_random(uint8_t* value) {
  mehr_random random = MEHR_RANDOM_INIT;
  random.fill = fill_constant;
  random.user = value;
  return random;
}

static int32_t fill_or_fail(void* user, uint8_t* out, size_t size) {
  memset(out, 0x33, size / 2);
  if (*(const int*)user != 0) return -1;
  memset(out, 0x33, size);
  return 0;
}

mehr_random failing_random(int* fails) {
  mehr_random random = MEHR_RANDOM_INIT;
  random.fill = fill_or_fail;
  random.user = fails;
  return random;
}

mehr_now at(uint64_t steady_ms) {
  mehr_now now = MEHR_NOW_INIT;
  now.steady_ms = steady_ms;
  now.node_ms = steady_ms;
  return now;
}

mehr_identity* identity_from(uint8_t first) {
  uint8_t seed[32];
  for (size_t i = 0; i < sizeof seed; ++i) seed[i] = (uint8_t)(first + i);
  mehr_identity* identity = NULL;
  CHECK(mehr_identity_from_seed(VIEW(seed), &identity) == MEHR_OK);
  return identity;
}

mehr_action next(mehr_link* link) {
  mehr_action action = MEHR_ACTION_INIT;
  CHECK(mehr_link_poll(link, &action) == MEHR_OK);
  return action;
}

static void give(mehr_link* to, mehr_bytes frame, uint64_t now_ms) {
  const mehr_now now = at(now_ms);
  mehr_frame_info info = MEHR_FRAME_INFO_INIT;
  CHECK(mehr_frame_inspect(frame, &info) == MEHR_OK);
  if (info.kind == MEHR_FRAME_DATA) {
    uint8_t room[4096];
    size_t written = 0;
    CHECK(mehr_link_open(to, frame, &now, ROOM(room), &written) == MEHR_OK);
    return;
  }
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_FRAME;
  event.frame = frame;
  CHECK(mehr_link_step(to, &event, &now) == MEHR_OK);
}

static int carry(pair* p, int from_a, uint64_t now_ms) {
  const mehr_action action = next(from_a ? p->a : p->b);
  if (action.kind == MEHR_ACTION_NONE) return 0;
  if (action.kind == MEHR_ACTION_OPENED) ++*(from_a ? &p->opened_a : &p->opened_b);
  if (action.kind == MEHR_ACTION_SEND) {
    if (action.frame.size == sizeof p->resp) memcpy(p->resp, action.frame.data, sizeof p->resp);
    if (action.frame.size == sizeof p->auth) memcpy(p->auth, action.frame.data, sizeof p->auth);
    give(from_a ? p->b : p->a, action.frame, now_ms);
  }
  return 1;
}

void settle(pair* p, uint64_t now_ms) {
  int moved = 1;
  while (moved) {
    moved = carry(p, 1, now_ms);
    moved += carry(p, 0, now_ms);
  }
}

pair make_pair(uint32_t mtu) {
  static uint8_t ones = 0x11;
  static uint8_t twos = 0x22;
  pair p;
  memset(&p, 0, sizeof p);
  p.alice = identity_from(0x00);
  p.bob = identity_from(0x20);
  const mehr_random random_a = constant_random(&ones);
  const mehr_random random_b = constant_random(&twos);
  const mehr_now now = at(1000);
  mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
  opts.mtu = mtu;
  opts.features = MEHR_FEATURE_L1_RELAY | MEHR_FEATURE_L2_NODE;
  opts.link_id = 1;
  CHECK(mehr_link_initiate(p.alice, &random_a, &opts, &now, &p.a) == MEHR_OK);
  const mehr_action init = next(p.a);
  CHECK(init.kind == MEHR_ACTION_SEND && init.frame.size == 52);
  opts.link_id = 2;
  CHECK(mehr_link_respond(p.bob, &random_b, &opts, init.frame, &now, &p.b) == MEHR_OK);
  settle(&p, 1000);
  return p;
}

void free_pair(pair* p) {
  mehr_link_free(p->a);
  mehr_link_free(p->b);
  mehr_identity_free(p->alice);
  mehr_identity_free(p->bob);
}
