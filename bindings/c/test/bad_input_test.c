#include <string.h>

#include "check.h"

/* A failing source of entropy fails the call, which has then no effect; the next one works. */
void test_random_failure(void) {
  int fails = 1;
  const mehr_random random = failing_random(&fails);
  const mehr_now now = at(1000);
  mehr_identity* identity = NULL;
  mehr_link* link = NULL;
  CHECK(mehr_identity_generate(&random, &identity) == MEHR_E_IO && identity == NULL);
  identity = identity_from(0x00);
  CHECK(mehr_link_initiate(identity, &random, NULL, &now, &link) == MEHR_E_IO && link == NULL);

  pair p = make_pair(4096);
  mehr_link_free(p.b);
  p.b = NULL;
  fails = 0;
  REQUIRE(mehr_link_initiate(identity, &random, NULL, &now, &link) == MEHR_OK);
  fails = 1;
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_CLOSE;
  CHECK(mehr_link_step(link, &event, &now) == MEHR_E_IO);
  mehr_link_info info = MEHR_LINK_INFO_INIT;
  CHECK(mehr_link_get_info(link, &info) == MEHR_OK && info.state == MEHR_LINK_HANDSHAKE);
  fails = 0;
  CHECK(mehr_link_step(link, &event, &now) == MEHR_OK);
  CHECK(mehr_link_get_info(link, &info) == MEHR_OK && info.state == MEHR_LINK_CLOSED);
  mehr_link_free(link);
  mehr_link_free(NULL);
  mehr_identity_free(identity);
  free_pair(&p);
}

/* Outputs: written up to struct_size, zeroed beyond what the library knows. */
static void check_outputs(const mehr_link* link) {
  mehr_link_info info;
  memset(&info, 0xEE, sizeof info);
  info.struct_size = offsetof(mehr_link_info, link_id);
  CHECK(mehr_link_get_info(link, &info) == MEHR_OK);
  CHECK(info.state == MEHR_LINK_HANDSHAKE && info.role == MEHR_ROLE_INITIATOR);
  CHECK(info.link_id == 0xEEEEEEEE && info.struct_size == offsetof(mehr_link_info, link_id));
  struct {
    mehr_frame_info known;
    uint32_t later;
  } wide = {MEHR_FRAME_INFO_INIT, 5};
  const uint8_t data[] = {0x9F, 0x34, 0x12, 0};
  wide.known.struct_size = sizeof wide;
  CHECK(mehr_frame_inspect(VIEW(data), &wide.known) == MEHR_OK);
  CHECK(wide.known.kind == MEHR_FRAME_DATA && wide.known.link_id == 0x1234 && wide.later == 0);
}

/* Zero, too small, absurd: in each struct alone. */
static void check_wrong_sizes(mehr_identity* identity, mehr_link* link, uint32_t wrong) {
  uint8_t byte = 0x55;
  const mehr_random random = constant_random(&byte);
  const mehr_now now = at(1000);
  mehr_random bad_random = random;
  mehr_now bad_now = now;
  mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
  mehr_event event = MEHR_EVENT_INIT;
  mehr_event bad_event = MEHR_EVENT_INIT;
  mehr_action action = MEHR_ACTION_INIT;
  mehr_link_info info = MEHR_LINK_INFO_INIT;
  mehr_frame_info frame = MEHR_FRAME_INFO_INIT;
  mehr_announce announce = MEHR_ANNOUNCE_INIT;
  mehr_announce_opts announce_opts = MEHR_ANNOUNCE_OPTS_INIT;
  mehr_identity* made = NULL;
  mehr_link* other = NULL;
  uint8_t packet[132];
  size_t size = 0;
  event.kind = bad_event.kind = MEHR_EVENT_TIMER;
  CHECK(mehr_announce_build(identity, 1, NULL, ROOM(packet), &size) == MEHR_OK);
  bad_random.struct_size = bad_now.struct_size = bad_event.struct_size = opts.struct_size = wrong;
  action.struct_size = info.struct_size = frame.struct_size = wrong;
  announce.struct_size = announce_opts.struct_size = wrong;
  CHECK(mehr_identity_generate(&bad_random, &made) == MEHR_E_INVALID && made == NULL);
  CHECK(mehr_link_initiate(identity, &bad_random, NULL, &now, &other) == MEHR_E_INVALID);
  CHECK(mehr_link_initiate(identity, &random, &opts, &now, &other) == MEHR_E_INVALID);
  CHECK(mehr_link_initiate(identity, &random, NULL, &bad_now, &other) == MEHR_E_INVALID);
  CHECK(other == NULL);
  CHECK(mehr_link_step(link, &bad_event, &now) == MEHR_E_INVALID);
  CHECK(mehr_link_step(link, &event, &bad_now) == MEHR_E_INVALID);
  CHECK(mehr_link_poll(link, &action) == MEHR_E_INVALID);
  CHECK(mehr_link_get_info(link, &info) == MEHR_E_INVALID);
  CHECK(mehr_frame_inspect(VIEW(packet), &frame) == MEHR_E_INVALID);
  CHECK(mehr_announce_verify(VIEW(packet), &announce) == MEHR_E_INVALID);
  CHECK(mehr_announce_build(identity, 1, &announce_opts, ROOM(packet), &size) == MEHR_E_INVALID);
}

/* The library reads and writes as far as struct_size says; what is missing counts as zero. */
void test_struct_size(void) {
  uint8_t byte = 0x55;
  mehr_random random = constant_random(&byte);
  mehr_now now = at(1000);
  mehr_identity* identity = identity_from(0x00);
  mehr_link* link = NULL;

  /* A short struct: the poison behind its end is not read. */
  mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
  opts.medium = 77;
  opts.reserved = 77;
  opts.struct_size = offsetof(mehr_link_opts, medium);
  opts.mtu = 500;
  CHECK(mehr_link_initiate(identity, &random, &opts, &now, &link) == MEHR_OK);
  mehr_link_free(link);
  opts.struct_size = sizeof opts;
  CHECK(mehr_link_initiate(identity, &random, &opts, &now, &link) == MEHR_E_INVALID);
  now.struct_size = offsetof(mehr_now, node_ms);
  CHECK(mehr_link_initiate(identity, &random, NULL, &now, &link) == MEHR_OK);
  now.struct_size = sizeof now;

  /* A longer struct of a newer program: fine while what is new is zero. */
  struct {
    mehr_link_opts known;
    uint64_t later;
  } longer = {MEHR_LINK_OPTS_INIT, 0};
  mehr_link* other = NULL;
  longer.known.struct_size = sizeof longer;
  CHECK(mehr_link_initiate(identity, &random, &longer.known, &now, &other) == MEHR_OK);
  mehr_link_free(other);
  longer.later = 1;
  CHECK(mehr_link_initiate(identity, &random, &longer.known, &now, &other) == MEHR_E_UNSUPPORTED);

  check_outputs(link);
  const uint32_t wrong[] = {0, 3, 1025, UINT32_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    check_wrong_sizes(identity, link, wrong[i]);
  }
  mehr_link_free(link);
  mehr_identity_free(identity);
}

static void check_link_arguments(mehr_identity* identity) {
  uint8_t byte = 0x55;
  const mehr_random random = constant_random(&byte);
  const mehr_now now = at(1000);
  mehr_link* link = NULL;
  mehr_random bad_random = random;
  bad_random.fill = NULL;
  mehr_now bad_now = at(UINT64_MAX);
  CHECK(mehr_link_initiate(NULL, &random, NULL, &now, &link) == MEHR_E_INVALID);
  CHECK(mehr_link_initiate(identity, NULL, NULL, &now, &link) == MEHR_E_INVALID);
  CHECK(mehr_link_initiate(identity, &bad_random, NULL, &now, &link) == MEHR_E_INVALID);
  CHECK(mehr_link_initiate(identity, &random, NULL, NULL, &link) == MEHR_E_INVALID);
  CHECK(mehr_link_initiate(identity, &random, NULL, &bad_now, &link) == MEHR_E_INVALID);
  CHECK(mehr_link_initiate(identity, &random, NULL, &now, NULL) == MEHR_E_INVALID);
  const mehr_bytes nowhere = {NULL, 52};
  CHECK(mehr_link_respond(identity, &random, NULL, nowhere, &now, &link) == MEHR_E_INVALID);
  CHECK(mehr_link_respond(NULL, &random, NULL, nowhere, &now, &link) == MEHR_E_INVALID);
  const uint32_t wrong[][3] = {{483, 0, 0}, {65536, 0, 0}, {0, 2, 0}, {0, 0, 65536}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    mehr_link_opts opts = MEHR_LINK_OPTS_INIT;
    opts.mtu = wrong[i][0];
    opts.medium = wrong[i][1];
    opts.link_id = wrong[i][2];
    CHECK(mehr_link_initiate(identity, &random, &opts, &now, &link) == MEHR_E_INVALID);
  }
  CHECK(link == NULL);
}

static void check_traffic_arguments(void) {
  pair p = make_pair(4096);
  const mehr_now now = at(1000);
  mehr_now bad_now = at(UINT64_MAX);
  uint8_t bytes[64] = {0x90};
  size_t size = 0;
  const mehr_buf no_room = {NULL, 64};
  const mehr_bytes nowhere = {NULL, 64};
  CHECK(mehr_link_seal(NULL, VIEW(bytes), 0, &now, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_seal(p.a, nowhere, 0, &now, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_seal(p.a, (mehr_bytes){bytes, 0}, 0, &now, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_seal(p.a, VIEW(bytes), 3, &now, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_seal(p.a, VIEW(bytes), 0, NULL, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_seal(p.a, VIEW(bytes), 0, &now, no_room, &size) == MEHR_E_INVALID);
  CHECK(mehr_link_seal(p.a, VIEW(bytes), 0, &now, ROOM(bytes), NULL) == MEHR_E_INVALID);
  for (uint8_t type = 0x80; type <= 0x84; ++type) { /* the link's own messages */
    CHECK(mehr_link_seal(p.a, (mehr_bytes){&type, 1}, 0, &now, kQuery, &size) == MEHR_E_INVALID);
  }
  CHECK(mehr_link_open(NULL, VIEW(bytes), &now, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_open(p.a, nowhere, &now, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_open(p.a, VIEW(bytes), &bad_now, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_link_open(p.a, VIEW(bytes), &now, no_room, &size) == MEHR_E_INVALID);
  CHECK(mehr_link_open(p.a, VIEW(bytes), &now, ROOM(bytes), NULL) == MEHR_E_INVALID);

  mehr_event event = MEHR_EVENT_INIT;
  CHECK(mehr_link_step(p.a, &event, &now) == MEHR_E_INVALID); /* no kind */
  event.kind = 5;
  CHECK(mehr_link_step(p.a, &event, &now) == MEHR_E_INVALID);
  event.kind = MEHR_EVENT_CLOSE;
  event.reason = 7;
  CHECK(mehr_link_step(p.a, &event, &now) == MEHR_E_INVALID);
  event.kind = MEHR_EVENT_FRAME;
  event.frame = nowhere;
  CHECK(mehr_link_step(p.a, &event, &now) == MEHR_E_INVALID);
  CHECK(mehr_link_step(p.a, NULL, &now) == MEHR_E_INVALID);
  CHECK(mehr_link_step(NULL, &event, &now) == MEHR_E_INVALID);
  mehr_action action = MEHR_ACTION_INIT;
  mehr_link_info info = MEHR_LINK_INFO_INIT;
  CHECK(mehr_link_poll(NULL, &action) == MEHR_E_INVALID);
  CHECK(mehr_link_poll(p.a, NULL) == MEHR_E_INVALID);
  CHECK(mehr_link_get_info(NULL, &info) == MEHR_E_INVALID);
  CHECK(mehr_link_get_info(p.a, NULL) == MEHR_E_INVALID);
  CHECK(mehr_link_next_deadline_ms(NULL) == UINT64_MAX);
  free_pair(&p);
}

/* More repeats of INIT than places for the answers. */
static void check_full_queue(mehr_identity* identity) {
  uint8_t byte = 0x55;
  const mehr_random random = constant_random(&byte);
  const mehr_now now = at(1000);
  mehr_link* a = NULL;
  mehr_link* b = NULL;
  mehr_identity* bob = identity_from(0x20);
  REQUIRE(mehr_link_initiate(identity, &random, NULL, &now, &a) == MEHR_OK);
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_FRAME;
  event.frame = next(a).frame;
  REQUIRE(mehr_link_respond(bob, &random, NULL, event.frame, &now, &b) == MEHR_OK);
  for (int i = 0; i < 4; ++i) CHECK(mehr_link_step(b, &event, &now) == MEHR_OK);
  CHECK(mehr_link_step(b, &event, &now) == MEHR_E_FULL);
  int frames = 0;
  while (next(b).kind == MEHR_ACTION_SEND) ++frames;
  CHECK(frames == 5);
  CHECK(mehr_link_step(b, &event, &now) == MEHR_OK);
  mehr_link_free(a);
  mehr_link_free(b);
  mehr_identity_free(bob);
}

void test_bad_arguments(void) {
  mehr_identity* identity = identity_from(0x00);
  mehr_identity* other = NULL;
  mehr_id id;
  mehr_public_key key;
  mehr_signature signature = {{0}};
  mehr_hash hash;
  uint8_t bytes[200] = {0};
  size_t size = 0;
  const mehr_bytes nowhere = {NULL, 1};
  const mehr_buf no_room = {NULL, 1};
  const mehr_bytes view = VIEW(bytes);
  CHECK(mehr_blake3(nowhere, &hash) == MEHR_E_INVALID && mehr_b2(nowhere, &hash) < 0);
  CHECK(mehr_blake3(view, NULL) == MEHR_E_INVALID && mehr_b2(view, NULL) == MEHR_E_INVALID);
  CHECK(mehr_identity_from_seed((mehr_bytes){bytes, 31}, &other) == MEHR_E_INVALID);
  CHECK(mehr_identity_from_seed((mehr_bytes){bytes, 33}, &other) == MEHR_E_INVALID);
  CHECK(mehr_identity_from_seed((mehr_bytes){NULL, 32}, &other) == MEHR_E_INVALID);
  CHECK(mehr_identity_from_seed((mehr_bytes){bytes, 32}, NULL) == MEHR_E_INVALID);
  CHECK(mehr_identity_generate(NULL, &other) == MEHR_E_INVALID && other == NULL);
  CHECK(mehr_identity_node_id(NULL, &id) < 0 && mehr_identity_node_id(identity, NULL) < 0);
  CHECK(mehr_identity_public_key(NULL, &key) < 0 && mehr_identity_public_key(identity, NULL) < 0);
  CHECK(mehr_identity_seed(NULL, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_identity_seed(identity, ROOM(bytes), NULL) == MEHR_E_INVALID);
  CHECK(mehr_identity_seed(identity, no_room, &size) == MEHR_E_INVALID);
  REQUIRE(mehr_identity_public_key(identity, &key) == MEHR_OK);
  CHECK(mehr_node_id_of(NULL, &id) < 0 && mehr_node_id_of(&key, NULL) < 0);

  char long_label[66];
  memset(long_label, 'a', 65);
  long_label[65] = 0;
  const char* wrong[] = {NULL, "", "caf\xC3\xA9", "tab\t", long_label};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    CHECK(mehr_identity_sign(identity, wrong[i], view, &signature) == MEHR_E_INVALID);
    CHECK(mehr_verify(&key, wrong[i], view, &signature) == MEHR_E_INVALID);
  }
  CHECK(mehr_identity_sign(identity, long_label + 1, view, &signature) == MEHR_OK);
  CHECK(mehr_identity_sign(NULL, "l", view, &signature) == MEHR_E_INVALID);
  CHECK(mehr_identity_sign(identity, "l", nowhere, &signature) == MEHR_E_INVALID);
  CHECK(mehr_identity_sign(identity, "l", view, NULL) == MEHR_E_INVALID);
  CHECK(mehr_verify(NULL, "l", view, &signature) == MEHR_E_INVALID);
  CHECK(mehr_verify(&key, "l", nowhere, &signature) == MEHR_E_INVALID);
  CHECK(mehr_verify(&key, "l", view, NULL) == MEHR_E_INVALID);

  CHECK(mehr_announce_build(NULL, 1, NULL, ROOM(bytes), &size) == MEHR_E_INVALID);
  CHECK(mehr_announce_build(identity, 1, NULL, no_room, &size) == MEHR_E_INVALID);
  CHECK(mehr_announce_build(identity, 1, NULL, ROOM(bytes), NULL) == MEHR_E_INVALID);
  CHECK(mehr_announce_verify(nowhere, NULL) == MEHR_E_INVALID);
  mehr_frame_info info = MEHR_FRAME_INFO_INIT;
  CHECK(mehr_frame_inspect(view, NULL) == MEHR_E_INVALID);
  CHECK(mehr_frame_inspect(nowhere, &info) == MEHR_E_INVALID);
  CHECK(mehr_frame_inspect((mehr_bytes){NULL, 0}, &info) == MEHR_E_TRUNCATED);
  const uint8_t resp[] = {0x81, 0x10, 7};
  CHECK(mehr_frame_inspect(VIEW(resp), &info) == MEHR_E_TRUNCATED);
  CHECK(mehr_frame_inspect(view, &info) == MEHR_OK && info.kind == MEHR_FRAME_OTHER);

  check_link_arguments(identity);
  check_traffic_arguments();
  check_full_queue(identity);
  mehr_identity_free(identity);
}
