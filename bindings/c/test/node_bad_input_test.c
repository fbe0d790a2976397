/* Every call of mehr/l1.h with what must not be given to it. */
#include <string.h>

#include "net.h"

static mehr_status no_send(void* user, uint32_t medium, const mehr_remote* to, mehr_bytes frame) {
  (void)user;
  (void)medium;
  (void)to;
  (void)frame;
  return MEHR_E_IO;
}
static mehr_status no_get(void* user, const char* key, mehr_buf out, size_t* written) {
  (void)user;
  (void)key;
  (void)out;
  (void)written;
  return MEHR_E_NOT_FOUND;
}
static mehr_status no_put(void* user, const mehr_put* batch, size_t count) {
  (void)user;
  (void)batch;
  (void)count;
  return MEHR_OK;
}
static int32_t no_route(void* user, const mehr_route* route) {
  (void)user;
  (void)route;
  return 0;
}
static int32_t no_neighbour(void* user, const mehr_neighbour* neighbour) {
  (void)user;
  (void)neighbour;
  return 0;
}
static void no_message(void* user, const mehr_message* message) {
  (void)user;
  (void)message;
}
static void no_event(void* user, const mehr_node_event* event) {
  (void)user;
  (void)event;
}

static void check_new(mehr_identity* identity) {
  uint8_t byte = 0x55;
  const mehr_random random = constant_random(&byte);
  mehr_random bad_random = random;
  const mehr_now now = at(1000);
  const mehr_now bad_now = at(UINT64_MAX);
  mehr_node* node = NULL;
  bad_random.fill = NULL;
  CHECK(mehr_node_new(NULL, &random, NULL, &now, &node) == MEHR_E_INVALID);
  CHECK(mehr_node_new(identity, NULL, NULL, &now, &node) == MEHR_E_INVALID);
  CHECK(mehr_node_new(identity, &bad_random, NULL, &now, &node) == MEHR_E_INVALID);
  CHECK(mehr_node_new(identity, &random, NULL, NULL, &node) == MEHR_E_INVALID);
  CHECK(mehr_node_new(identity, &random, NULL, &bad_now, &node) == MEHR_E_INVALID);
  CHECK(mehr_node_new(identity, &random, NULL, &now, NULL) == MEHR_E_INVALID);
  const uint32_t wrong[][4] = {{3, 0, 0, 0}, {0, 483, 0, 0}, {0, 65536, 0, 0}, {0, 0, 129, 0}};
  mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    opts.limits = wrong[i][0];
    opts.mtu = wrong[i][1];
    opts.max_hops = wrong[i][2];
    CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_E_INVALID);
  }
  opts = (mehr_node_opts)MEHR_NODE_OPTS_INIT;
  opts.flags = 2;
  CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_E_UNSUPPORTED);
  opts.flags = 0;
  mehr_storage storage = MEHR_STORAGE_INIT;
  opts.storage = &storage;
  storage.get = no_get;
  CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_E_INVALID);
  storage.get = NULL;
  storage.put = no_put;
  CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_E_INVALID);
  storage.get = no_get;
  storage.reserved = 1;
  CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_E_INVALID);
  CHECK(node == NULL);
}

static void check_media(mehr_node* node) {
  mehr_now now = at(1000000);
  CHECK(mehr_node_step(NULL, &now) == MEHR_E_INVALID);
  CHECK(mehr_node_step(node, NULL) == MEHR_E_INVALID);
  now.steady_ms = 999999; /* back */
  CHECK(mehr_node_step(node, &now) == MEHR_E_INVALID);
  now.steady_ms = UINT64_MAX;
  CHECK(mehr_node_step(node, &now) == MEHR_E_INVALID);
  CHECK(mehr_node_next_deadline_ms(NULL) == UINT64_MAX);

  uint32_t id = 0;
  mehr_medium_opts good = MEHR_MEDIUM_OPTS_INIT;
  CHECK(mehr_node_attach(node, &good, &id) == MEHR_E_INVALID); /* no send */
  good.send = no_send;
  CHECK(mehr_node_attach(NULL, &good, &id) == MEHR_E_INVALID);
  CHECK(mehr_node_attach(node, NULL, &id) == MEHR_E_INVALID);
  CHECK(mehr_node_attach(node, &good, NULL) == MEHR_E_INVALID);
  const uint32_t wrong[][5] = {
      {2, 0, 0, 0, 0}, {0, 3, 0, 0, 0}, {0, 0, 65536, 0, 0}, {0, 0, 0, 483, 0}, {0, 0, 0, 0, 3}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    mehr_medium_opts opts = good;
    opts.kind = wrong[i][0];
    opts.mode = wrong[i][1];
    opts.interface_id = wrong[i][2];
    opts.mtu = wrong[i][3];
    opts.half_duplex = wrong[i][4];
    CHECK(mehr_node_attach(node, &opts, &id) == MEHR_E_INVALID);
  }
  good.latency_ms = (uint64_t)UINT32_MAX + 1;
  CHECK(mehr_node_attach(node, &good, &id) == MEHR_E_INVALID && id == 0);
  good.latency_ms = 0;
  REQUIRE(mehr_node_attach(node, &good, &id) == MEHR_OK);
  const mehr_bytes nowhere = {NULL, 1};
  const mehr_bytes empty = {NULL, 0};
  mehr_frame_from from = MEHR_FRAME_FROM_INIT;
  from.reserved = 1;
  CHECK(mehr_node_frame_in(NULL, id, NULL, empty) == MEHR_E_INVALID);
  CHECK(mehr_node_frame_in(node, id, NULL, nowhere) == MEHR_E_INVALID);
  CHECK(mehr_node_frame_in(node, id, &from, empty) == MEHR_E_INVALID);
  CHECK(mehr_node_writable(NULL, id) == MEHR_E_INVALID);
  CHECK(mehr_node_establish(NULL, id, NULL, NULL, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_close(NULL, 1, 0) == MEHR_E_INVALID);
  CHECK(mehr_node_close(NULL, 0, 0) == MEHR_E_INVALID);
  CHECK(mehr_node_detach(NULL, id) == MEHR_E_INVALID);
  CHECK(mehr_node_detach(node, id) == MEHR_OK);
}

static void check_announcing(mehr_node* node) {
  const uint8_t cut[] = {4, 4, 1, 0};
  const uint8_t huge[309] = {0x80, 255};
  const mehr_bytes nowhere = {NULL, 1};
  CHECK(mehr_node_announce_now(NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_set_announcing(NULL, 1) == MEHR_E_INVALID);
  CHECK(mehr_node_set_announcing(node, 2) == MEHR_E_INVALID);
  CHECK(mehr_node_set_max_hops(NULL, 1) == MEHR_E_INVALID);
  CHECK(mehr_node_set_max_hops(node, 0) == MEHR_E_INVALID);
  CHECK(mehr_node_set_max_hops(node, 129) == MEHR_E_INVALID);
  CHECK(mehr_node_set_tlvs(NULL, VIEW(cut)) == MEHR_E_INVALID);
  CHECK(mehr_node_set_tlvs(node, nowhere) == MEHR_E_INVALID);
  CHECK(mehr_node_set_tlvs(node, VIEW(cut)) == MEHR_E_BAD_VALUE);
  CHECK(mehr_node_set_tlvs(node, VIEW(huge)) == MEHR_E_TOO_BIG);
  CHECK(mehr_node_set_tlvs(node, (mehr_bytes){NULL, 0}) == MEHR_OK);
}

static void check_messages(mehr_node* node, const mehr_id* id) {
  const uint8_t body[5000] = {0};
  const mehr_bytes nowhere = {NULL, 1};
  const mehr_bytes view = {body, 5};
  mehr_send_opts opts = MEHR_SEND_OPTS_INIT;
  CHECK(mehr_node_on_message(NULL, 1, no_message, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_on_message(node, 256, no_message, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_on_message(node, 0xF2, no_message, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_on_event(NULL, no_event, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_send(NULL, id, 1, view, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_send(node, NULL, 1, view, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_send(node, id, 256, view, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_send(node, id, 0xF2, view, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_send(node, id, 1, nowhere, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_send(node, id, 1, VIEW(body), NULL) == MEHR_E_TOO_BIG);
  opts.min_mtu = 65536;
  CHECK(mehr_node_send(node, id, 1, view, &opts) == MEHR_E_INVALID);
  opts.min_mtu = 0;
  opts.reserved = 1;
  CHECK(mehr_node_send(node, id, 1, view, &opts) == MEHR_E_INVALID);
  opts.reserved = 0;
  opts.flags = 0x80000000U;
  CHECK(mehr_node_send(node, id, 1, view, &opts) == MEHR_E_UNSUPPORTED);
  CHECK(mehr_node_seek(NULL, id) == MEHR_E_INVALID);
  CHECK(mehr_node_seek(node, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_max_body(NULL, id) == 0 && mehr_node_max_body(node, NULL) == 0);
}

static void check_views(mehr_node* node, const mehr_id* id) {
  mehr_path path = MEHR_PATH_INIT;
  mehr_probe_report found = MEHR_PROBE_REPORT_INIT;
  mehr_public_key key;
  uint8_t room[4];
  size_t size = 0;
  uint64_t value = 0;
  const mehr_buf no_room = {NULL, 4};
  CHECK(mehr_node_path(NULL, id, NULL, &path) == MEHR_E_INVALID);
  CHECK(mehr_node_path(node, NULL, NULL, &path) == MEHR_E_INVALID);
  CHECK(mehr_node_path(node, id, NULL, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_routes(NULL, no_route, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_routes(node, NULL, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_links(NULL, no_neighbour, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_links(node, NULL, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_probed(NULL, id, &found) == MEHR_E_INVALID);
  CHECK(mehr_node_probed(node, NULL, &found) == MEHR_E_INVALID);
  CHECK(mehr_node_probed(node, id, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_tlv(NULL, id, 4, ROOM(room), &size) == MEHR_E_INVALID);
  CHECK(mehr_node_tlv(node, NULL, 4, ROOM(room), &size) == MEHR_E_INVALID);
  CHECK(mehr_node_tlv(node, id, 256, ROOM(room), &size) == MEHR_E_INVALID);
  CHECK(mehr_node_tlv(node, id, 4, no_room, &size) == MEHR_E_INVALID);
  CHECK(mehr_node_tlv(node, id, 4, ROOM(room), NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_key_of(NULL, id, &key) == MEHR_E_INVALID);
  CHECK(mehr_node_key_of(node, NULL, &key) == MEHR_E_INVALID);
  CHECK(mehr_node_key_of(node, id, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_counter(NULL, "l1.sent", &value) == MEHR_E_INVALID);
  CHECK(mehr_node_counter(node, NULL, &value) == MEHR_E_INVALID);
  CHECK(mehr_node_counter(node, "l1.sent", NULL) == MEHR_E_INVALID);
}

static void check_requests(mehr_node* node, const mehr_id* id) {
  mehr_reservation_order order = MEHR_RESERVATION_ORDER_INIT;
  mehr_reservation key = {1, 100000, 0};
  order.estimated_bytes = 1;
  CHECK(mehr_node_probe(NULL, id, 100) == MEHR_E_INVALID);
  CHECK(mehr_node_probe(node, NULL, 100) == MEHR_E_INVALID);
  CHECK(mehr_node_search_mtu(NULL, id) == MEHR_E_INVALID);
  CHECK(mehr_node_search_mtu(node, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_reserve(NULL, id, &order, &key) == MEHR_E_INVALID);
  CHECK(mehr_node_reserve(node, NULL, &order, &key) == MEHR_E_INVALID);
  CHECK(mehr_node_reserve(node, id, NULL, &key) == MEHR_E_INVALID);
  CHECK(mehr_node_reserve(node, id, &order, NULL) == MEHR_E_INVALID);
  order.allow_reroute = 2;
  CHECK(mehr_node_reserve(node, id, &order, &key) == MEHR_E_INVALID);
  CHECK(mehr_node_release(NULL, &key, 0) == MEHR_E_INVALID);
  CHECK(mehr_node_release(node, NULL, 0) == MEHR_E_INVALID);
  CHECK(mehr_node_release(node, &key, 2) == MEHR_E_INVALID);
  CHECK(mehr_node_release(node, &key, 0) == MEHR_E_NOT_FOUND); /* never made */
}

void test_node_bad_arguments(void) {
  net n;
  net_start(&n, 1);
  check_new(n.identities[0]);
  check_media(n.nodes[0]);
  check_announcing(n.nodes[0]);
  check_messages(n.nodes[0], &n.ids[0]);
  check_views(n.nodes[0], &n.ids[0]);
  check_requests(n.nodes[0], &n.ids[0]);
  net_stop(&n);
}

/* A struct_size that cannot be, in every struct that has one. */
static void check_wrong_sizes(net* n, uint32_t wrong) {
  mehr_node* node = n->nodes[0];
  const mehr_random random = seeded_random(&n->chance[0]);
  mehr_now now = at(n->now_ms);
  mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
  mehr_storage storage = MEHR_STORAGE_INIT;
  mehr_medium_opts medium = MEHR_MEDIUM_OPTS_INIT;
  mehr_frame_from from = MEHR_FRAME_FROM_INIT;
  mehr_send_opts send = MEHR_SEND_OPTS_INIT;
  mehr_path path = MEHR_PATH_INIT;
  mehr_probe_report found = MEHR_PROBE_REPORT_INIT;
  mehr_reservation_order order = MEHR_RESERVATION_ORDER_INIT;
  mehr_reservation key;
  mehr_node* made = NULL;
  uint32_t id = 0;
  medium.send = no_send;
  storage.get = no_get;
  storage.put = no_put;
  storage.struct_size = wrong;
  opts.storage = &storage;
  CHECK(mehr_node_new(n->identities[0], &random, &opts, &now, &made) == MEHR_E_INVALID);
  opts.storage = NULL;
  opts.struct_size = medium.struct_size = from.struct_size = send.struct_size = wrong;
  path.struct_size = found.struct_size = order.struct_size = now.struct_size = wrong;
  CHECK(mehr_node_step(node, &now) == MEHR_E_INVALID);
  now = at(n->now_ms);
  CHECK(mehr_node_new(n->identities[0], &random, &opts, &now, &made) == MEHR_E_INVALID);
  CHECK(mehr_node_attach(node, &medium, &id) == MEHR_E_INVALID);
  CHECK(mehr_node_frame_in(node, 1, &from, (mehr_bytes){NULL, 0}) == MEHR_E_INVALID);
  CHECK(mehr_node_send(node, &n->ids[0], 1, (mehr_bytes){NULL, 0}, &send) == MEHR_E_INVALID);
  CHECK(mehr_node_path(node, &n->ids[0], &send, &path) == MEHR_E_INVALID);
  CHECK(mehr_node_path(node, &n->ids[0], NULL, &path) == MEHR_E_INVALID);
  CHECK(mehr_node_probed(node, &n->ids[0], &found) == MEHR_E_INVALID);
  CHECK(mehr_node_reserve(node, &n->ids[0], &order, &key) == MEHR_E_INVALID);
  CHECK(made == NULL && id == 0);
}

/* As far as struct_size goes, and no further. */
void test_node_struct_size(void) {
  net n;
  net_start(&n, 2);
  const uint32_t wrong[] = {0, 3, 1025, UINT32_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) check_wrong_sizes(&n, wrong[i]);

  net_join(&n, 0, 1, 0);
  net_pass(&n, 30000);
  mehr_path path;
  memset(&path, 0xEE, sizeof path);
  path.struct_size = offsetof(mehr_path, cost);
  CHECK(mehr_node_path(n.nodes[0], &n.ids[1], NULL, &path) == MEHR_OK);
  CHECK(path.fresh == 1 && path.cost == 0xEEEEEEEEEEEEEEEEU && path.hops == 0xEEEEEEEEU);
  struct {
    mehr_path known;
    uint64_t later;
  } longer = {MEHR_PATH_INIT, 5};
  longer.known.struct_size = sizeof longer;
  CHECK(mehr_node_path(n.nodes[0], &n.ids[1], NULL, &longer.known) == MEHR_OK);
  CHECK(longer.later == 0 && longer.known.fresh == 1);

  struct {
    mehr_send_opts known;
    uint64_t later;
  } opts = {MEHR_SEND_OPTS_INIT, 0};
  opts.known.struct_size = sizeof opts;
  const mehr_bytes empty = {NULL, 0};
  const uint8_t byte = 1;
  CHECK(mehr_node_send(n.nodes[0], &n.ids[1], kContext, empty, &opts.known) == MEHR_OK);
  opts.later = 1;
  CHECK(mehr_node_send(n.nodes[0], &n.ids[1], kContext, empty, &opts.known) == MEHR_E_UNSUPPORTED);
  opts.known.struct_size = offsetof(mehr_send_opts, flags);
  opts.known.flags = 77; /* behind its end */
  CHECK(mehr_node_send(n.nodes[0], &n.ids[1], kContext, (mehr_bytes){&byte, 1}, &opts.known) ==
        MEHR_OK);
  net_settle(&n);
  CHECK(n.seen[1].messages == 2);
  net_stop(&n);
}
