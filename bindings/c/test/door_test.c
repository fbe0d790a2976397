/* The sealed door of a node: what a program sends and receives with. spec: L2/4, L2/5, README/3 */
#include <stdlib.h>
#include <string.h>

#include "mehr/l2.h"
#include "net.h"

enum { kPort = 7, kProven = 0x8007, kMessages = 0xF5, kSubType = 8 };

/* What came out of a door. */
typedef struct opened {
  int count;
  uint32_t context;
  uint32_t port;
  uint32_t proven;
  uint32_t link;
  mehr_public_key sender;
  size_t size;
  uint8_t last; /* byte of the body */
} opened;

static void on_sealed(void* user, const mehr_sealed_message* m) {
  opened* const out = user;
  CHECK(m->struct_size == sizeof *m && m->reserved == 0);
  ++out->count;
  out->context = m->context;
  out->port = m->port;
  out->proven = m->proven;
  out->link = m->link;
  out->sender = m->sender;
  out->size = m->body.size;
  out->last = m->body.size == 0 ? 0 : m->body.data[m->body.size - 1];
}

/* Three nodes in a line that know each other, all doors open; what carol's opens is in @p out. */
static void start(net* n, opened* out) {
  net_start(n, 3);
  net_join(n, 0, 1, 0);
  net_join(n, 1, 2, 0);
  net_pass(n, 30000);
  mehr_door_opts opts = MEHR_DOOR_OPTS_INIT;
  opts.onion_hops = 1;
  for (int i = 0; i < 3; ++i) CHECK(mehr_node_open_door(n->nodes[i], &opts) == MEHR_OK);
  memset(out, 0, sizeof *out);
  CHECK(mehr_node_on_sealed(n->nodes[2], 0xE1, kPort, on_sealed, out) == MEHR_OK);
  CHECK(mehr_node_on_sealed(n->nodes[2], 0xE1, kProven, on_sealed, out) == MEHR_OK);
  CHECK(mehr_node_on_sealed(n->nodes[2], kMessages, kSubType, on_sealed, out) == MEHR_OK);
}

static mehr_status send(net* n, int a, uint32_t context, uint32_t port, size_t size,
                        uint32_t flags) {
  uint8_t* const body = calloc(size + 1, 1);
  if (size > 0) body[size - 1] = ++n->hellos;
  mehr_send_opts opts = MEHR_SEND_OPTS_INIT;
  opts.flags = flags;
  const mehr_status sent = mehr_node_send_sealed(n->nodes[a], &n->ids[2], context, port,
                                                 (mehr_bytes){body, size}, &opts);
  free(body);
  net_settle(n);
  return sent;
}

static int is_from(const opened* got, const net* n, int who) {
  mehr_public_key key;
  CHECK(mehr_identity_public_key(n->identities[who], &key) == MEHR_OK);
  return got->proven == 1 && same(&got->sender, &key, sizeof key);
}

void test_door(void) {
  net n;
  opened got;
  start(&n, &got);
  CHECK(send(&n, 0, 0xE1, kPort, 100, 0) == MEHR_OK);
  CHECK(got.count == 1 && got.context == 0xE1 && got.port == kPort && got.proven == 0);
  CHECK(got.size == 100 && got.last == n.hellos && got.link != 0);
  CHECK(send(&n, 0, 0xE1, kProven, 100, MEHR_SEND_PAD_TO_MTU) == MEHR_OK);
  CHECK(got.count == 2 && got.port == kProven && is_from(&got, &n, 0));
  /* The relay saw what it cannot open, and passed it on. */
  CHECK(net_counter(&n, 1, "l1.forwarded") == 2 && net_counter(&n, 1, "l2.opened") == 0);
  CHECK(net_counter(&n, 2, "l2.opened") == 2 && net_counter(&n, 0, "l2.sealed") == 2);

  CHECK(send(&n, 0, kMessages, kSubType, 20000, 0) == MEHR_OK); /* in segments */
  CHECK(got.count == 3 && got.size == 20000 && got.last == n.hellos && got.proven == 0);
  CHECK(send(&n, 0, kMessages, kSubType, 10, MEHR_SEND_PROVEN) == MEHR_OK);
  CHECK(got.count == 4 && is_from(&got, &n, 0));
  CHECK(send(&n, 1, kMessages, kSubType, 10, MEHR_SEND_ONE_HOP) == MEHR_OK);
  net_pass(&n, 60000);
  CHECK(got.count == 5 && is_from(&got, &n, 1));
  CHECK(send(&n, 0, kMessages, kSubType, 10, MEHR_SEND_ONE_HOP) == MEHR_E_NO_ROUTE);

  CHECK(send(&n, 0, 0xE1, kPort, 50, MEHR_SEND_ONION) == MEHR_OK);
  CHECK(got.count == 6 && got.size == 50 && got.last == n.hellos);
  CHECK(net_counter(&n, 0, "l2.onions.built") == 1 && net_counter(&n, 1, "l2.onions.exited") == 1);

  const size_t longest = mehr_node_max_sealed(n.nodes[0], &n.ids[2]);
  CHECK(longest > 200 && send(&n, 0, 0xE1, kProven, longest, 0) == MEHR_OK && got.count == 7);
  CHECK(send(&n, 0, 0xE1, kProven, longest + 1, 0) == MEHR_E_TOO_BIG);
  CHECK(mehr_node_on_sealed(n.nodes[2], 0xE1, kPort, NULL, NULL) == MEHR_OK);
  CHECK(send(&n, 0, 0xE1, kPort, 100, 0) == MEHR_OK && got.count == 7);
  CHECK(net_counter(&n, 2, "l2.dropped_unhandled") == 1);

  CHECK(mehr_node_set_cover(n.nodes[0], 1) == MEHR_OK);
  net_pass(&n, 61000); /* one relay besides the node at the end: one hop is enough */
  CHECK(mehr_node_set_cover(n.nodes[0], 0) == MEHR_OK);
  net_stop(&n);
}

void test_door_prekeys(void) {
  net n;
  opened got;
  start(&n, &got);
  uint8_t bundle[132];
  size_t size = 0;
  CHECK(mehr_node_rotate_prekey(n.nodes[2], (mehr_buf){NULL, 0}, &size) == MEHR_OK && size == 132);
  CHECK(mehr_node_rotate_prekey(n.nodes[2], (mehr_buf){bundle, 131}, &size) == MEHR_E_TOO_BIG);
  CHECK(mehr_node_rotate_prekey(n.nodes[2], (mehr_buf){bundle, 132}, &size) == MEHR_OK);
  CHECK(bundle[32] == 1); /* neither question made one */
  bundle[60] ^= 1;
  CHECK(mehr_node_learn_prekey(n.nodes[0], (mehr_bytes){bundle, 132}) == MEHR_E_BAD_SIGNATURE);
  bundle[60] ^= 1;
  CHECK(mehr_node_learn_prekey(n.nodes[0], (mehr_bytes){bundle, 131}) == MEHR_E_TRUNCATED);
  CHECK(mehr_node_learn_prekey(n.nodes[0], (mehr_bytes){bundle, 132}) == MEHR_OK);
  CHECK(mehr_node_learn_prekey(n.nodes[0], (mehr_bytes){bundle, 132}) == MEHR_E_REPLAYED);
  CHECK(send(&n, 0, 0xE1, kPort, 100, 0) == MEHR_OK && got.count == 1);
  CHECK(net_counter(&n, 0, "l2.sealed_forward") == 1);
  net_stop(&n);
}

/* What a node that knows nobody answers. */
static void check_refused(const net* n) {
  const mehr_bytes body = {(const uint8_t*)"x", 1};
  static const struct {
    uint32_t context;
    uint32_t port;
    uint32_t flags;
    mehr_status answer;
  } kCalls[] = {
      {0xDF, 1, 0, MEHR_E_INVALID},
      {0xE4, 1, 0, MEHR_E_INVALID},
      {0xE1, 65536, 0, MEHR_E_INVALID},
      {0xF5, 0, 0, MEHR_E_INVALID},
      {0xF5, 256, 0, MEHR_E_INVALID},
      {0x1F5, 1, 0, MEHR_E_INVALID},
      {0xE1, 1, MEHR_SEND_PROVEN, MEHR_E_INVALID},
      {0xE1, 1, MEHR_SEND_ONE_HOP, MEHR_E_INVALID},
      {0xF5, 1, MEHR_SEND_ONE_HOP | MEHR_SEND_ONION, MEHR_E_INVALID},
      {0xF5, 1, 16, MEHR_E_UNSUPPORTED},
      {0xE1, 1, 0, MEHR_E_NO_KEY},
      {0xF5, 1, 0, MEHR_E_NO_KEY},
      {0xF5, 1, MEHR_SEND_ONION, MEHR_E_NOT_FOUND},
  };
  for (size_t i = 0; i < sizeof kCalls / sizeof *kCalls; ++i) {
    mehr_send_opts how = MEHR_SEND_OPTS_INIT;
    how.flags = kCalls[i].flags;
    CHECK(mehr_node_send_sealed(n->nodes[0], &n->ids[1], kCalls[i].context, kCalls[i].port, body,
                                &how) == kCalls[i].answer);
  }
}

void test_door_bad_input(void) {
  net n;
  opened got;
  net_start(&n, 3);
  const mehr_bytes body = {(const uint8_t*)"x", 1};
  mehr_node* const alone = n.nodes[0];
  CHECK(mehr_node_on_sealed(alone, 0xE1, kPort, on_sealed, &got) == MEHR_E_WRONG_STATE);
  CHECK(mehr_node_send_sealed(alone, &n.ids[1], 0xE1, kPort, body, NULL) == MEHR_E_WRONG_STATE);
  CHECK(mehr_node_set_cover(alone, 1) == MEHR_E_WRONG_STATE);
  CHECK(mehr_node_max_sealed(alone, &n.ids[1]) == 0 && mehr_node_max_sealed(NULL, NULL) == 0);
  mehr_door_opts opts = MEHR_DOOR_OPTS_INIT;
  opts.onion_hops = 9;
  CHECK(mehr_node_open_door(alone, &opts) == MEHR_E_INVALID);
  opts.onion_hops = 8;
  opts.cover = 2;
  CHECK(mehr_node_open_door(alone, &opts) == MEHR_E_INVALID);
  opts.cover = 0;
  opts.struct_size = 3;
  CHECK(mehr_node_open_door(alone, &opts) == MEHR_E_INVALID);
  CHECK(mehr_node_open_door(NULL, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_open_door(alone, NULL) == MEHR_OK);
  CHECK(mehr_node_open_door(alone, NULL) == MEHR_E_WRONG_STATE);
  /* The contexts are the door's from now on. */
  CHECK(mehr_node_on_message(alone, 0xE4, NULL, NULL) == MEHR_E_WRONG_STATE);
  CHECK(mehr_node_on_message(alone, 0xF9, NULL, NULL) == MEHR_E_WRONG_STATE);
  CHECK(mehr_node_on_message(alone, 0xFA, NULL, NULL) == MEHR_OK);

  check_refused(&n);
  CHECK(mehr_node_send_sealed(alone, NULL, 0xE1, 1, body, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_send_sealed(alone, &n.ids[1], 0xE1, 1, (mehr_bytes){NULL, 1}, NULL) ==
        MEHR_E_INVALID);
  CHECK(mehr_node_on_sealed(alone, 0xF5, 256, on_sealed, &got) == MEHR_E_INVALID);
  CHECK(mehr_node_set_cover(alone, 2) == MEHR_E_INVALID);
  size_t size = 0;
  CHECK(mehr_node_rotate_prekey(alone, (mehr_buf){NULL, 9}, &size) == MEHR_E_INVALID);
  CHECK(mehr_node_rotate_prekey(alone, (mehr_buf){NULL, 0}, NULL) == MEHR_E_INVALID);
  CHECK(mehr_node_learn_prekey(alone, (mehr_bytes){NULL, 4}) == MEHR_E_INVALID);
  net_stop(&n);
}
