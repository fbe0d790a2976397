/* Nodes and what surrounds them: media, storage, entropy, callbacks that call back. */
#include <string.h>

#include "net.h"

/* A medium that keeps the last frame it was given. */
typedef struct tap {
  uint32_t medium;
  int frames;
  int closed;
  mehr_remote to;
  size_t size;
  uint8_t frame[4120];
} tap;

static mehr_status tap_send(void* user, uint32_t medium, const mehr_remote* to, mehr_bytes frame) {
  tap* t = user;
  (void)medium;
  ++t->frames;
  t->to = *to;
  t->size = frame.size;
  memcpy(t->frame, frame.data, frame.size);
  return MEHR_OK;
}
static void tap_close(void* user, uint32_t medium) {
  tap* t = user;
  CHECK(medium == t->medium);
  ++t->closed;
}
static mehr_medium_opts tap_opts(tap* t, uint32_t kind) {
  mehr_medium_opts opts = MEHR_MEDIUM_OPTS_INIT;
  memset(t, 0, sizeof *t);
  opts.kind = kind;
  opts.send = tap_send;
  opts.close = tap_close;
  opts.user = t;
  return opts;
}

/* A single link of mehr/l0.h, brought up against a node that sees it as a neighbour. */
static mehr_link* link_to_node(net* n, tap* t, mehr_identity* stranger) {
  uint8_t byte = 0x41;
  const mehr_random random = constant_random(&byte);
  const mehr_now now = at(n->now_ms);
  mehr_medium_opts opts = tap_opts(t, MEHR_MEDIUM_STREAM);
  mehr_link* link = NULL;
  CHECK(mehr_node_attach(n->nodes[0], &opts, &t->medium) == MEHR_OK);
  CHECK(mehr_link_initiate(stranger, &random, NULL, &now, &link) == MEHR_OK);
  CHECK(mehr_node_frame_in(n->nodes[0], t->medium, NULL, next(link).frame) == MEHR_OK);
  mehr_event event = MEHR_EVENT_INIT;
  event.kind = MEHR_EVENT_FRAME;
  event.frame = (mehr_bytes){t->frame, t->size};
  CHECK(mehr_link_step(link, &event, &now) == MEHR_OK);
  const mehr_action auth = next(link);
  CHECK(auth.kind == MEHR_ACTION_SEND);
  CHECK(mehr_node_frame_in(n->nodes[0], t->medium, NULL, auth.frame) == MEHR_OK);
  CHECK(next(link).kind == MEHR_ACTION_OPENED);
  return link;
}

/* Five broken messages in 60 s end the link; each is told. spec: README/2.5 */
void test_node_malformed(void) {
  net n;
  tap t;
  net_start(&n, 1);
  mehr_identity* stranger = identity_from(0x80);
  mehr_link* link = link_to_node(&n, &t, stranger);
  CHECK(n.seen[0].events[MEHR_NODE_LINK_UP] == 1);
  const uint8_t broken[] = {0x8D, 1, 2, 3}; /* too short for what it claims to be */
  const mehr_now now = at(n.now_ms);
  for (int i = 1; i <= 5; ++i) {
    uint8_t frame[64];
    size_t size = 0;
    CHECK(mehr_link_seal(link, VIEW(broken), MEHR_PAD_NONE, &now, ROOM(frame), &size) == MEHR_OK);
    CHECK(mehr_node_frame_in(n.nodes[0], t.medium, NULL, (mehr_bytes){frame, size}) == MEHR_OK);
    const mehr_node_event event = n.seen[0].last[MEHR_NODE_MALFORMED];
    CHECK(n.seen[0].events[MEHR_NODE_MALFORMED] == i && event.count == (uint64_t)i);
    CHECK(event.medium == t.medium && event.link == n.seen[0].last[MEHR_NODE_LINK_UP].link);
  }
  net_settle(&n);
  const mehr_node_event down = n.seen[0].last[MEHR_NODE_LINK_DOWN];
  CHECK(n.seen[0].events[MEHR_NODE_LINK_DOWN] == 1 && down.reason == MEHR_CLOSE_POLICY);
  CHECK(down.medium == t.medium && t.closed == 1);
  CHECK(net_counter(&n, 0, "l0.peer_at_fault") == 1);
  CHECK(net_counter(&n, 0, "l1.control_malformed") == 5);
  CHECK(mehr_node_detach(n.nodes[0], t.medium) == MEHR_OK);
  mehr_link_free(link);
  mehr_identity_free(stranger);
  net_stop(&n);
}

/* Datagrams are answered to where they came from; nonsense is refused and told. spec: L0/5.7 */
void test_node_media(void) {
  net n;
  tap t;
  net_start(&n, 1);
  mehr_node* node = n.nodes[0];
  mehr_medium_opts opts = tap_opts(&t, MEHR_MEDIUM_DATAGRAM);
  REQUIRE(mehr_node_attach(node, &opts, &t.medium) == MEHR_OK);
  uint8_t byte = 0x41;
  const mehr_random random = constant_random(&byte);
  const mehr_now now = at(n.now_ms);
  mehr_identity* stranger = identity_from(0x80);
  mehr_link* link = NULL;
  REQUIRE(mehr_link_initiate(stranger, &random, NULL, &now, &link) == MEHR_OK);
  mehr_frame_from from = MEHR_FRAME_FROM_INIT;
  memset(from.remote.bytes, 0x77, sizeof from.remote.bytes);
  CHECK(mehr_node_frame_in(node, t.medium, &from, next(link).frame) == MEHR_OK);
  CHECK(t.frames == 1 && t.frame[0] == 0x81 && same(&t.to, &from.remote, sizeof t.to));
  const uint8_t wrong[] = {0x80, 0x10, 0, 1}; /* an INIT cut short */
  CHECK(mehr_node_frame_in(node, t.medium, &from, VIEW(wrong)) == MEHR_OK);
  const mehr_node_event refused = n.seen[0].last[MEHR_NODE_REFUSED];
  CHECK(n.seen[0].events[MEHR_NODE_REFUSED] == 1 && refused.medium == t.medium);
  CHECK(refused.why == MEHR_E_TRUNCATED && refused.text != NULL);
  CHECK(mehr_node_frame_in(node, t.medium, NULL, (mehr_bytes){NULL, 0}) == MEHR_OK);
  CHECK(net_counter(&n, 0, "l0.empty_frame") == 1 && net_counter(&n, 0, "l0.frames_in") == 3);
  uint8_t huge[4121] = {0x90};
  CHECK(mehr_node_frame_in(node, t.medium, NULL, VIEW(huge)) == MEHR_E_TOO_BIG);
  CHECK(mehr_node_frame_in(node, t.medium, NULL, (mehr_bytes){huge, 4120}) == MEHR_OK);

  /* The half-open link never gets its AUTH: its medium may go all the same. */
  const uint32_t gone = t.medium;
  CHECK(mehr_node_detach(node, gone) == MEHR_OK);
  CHECK(mehr_node_detach(node, gone) == MEHR_E_NOT_FOUND);
  CHECK(mehr_node_frame_in(node, gone, NULL, VIEW(wrong)) == MEHR_E_NOT_FOUND);
  CHECK(mehr_node_writable(node, gone) == MEHR_E_NOT_FOUND);
  CHECK(mehr_node_establish(node, gone, NULL, NULL, NULL) == MEHR_E_NOT_FOUND);
  CHECK(mehr_node_writable(node, 0) == MEHR_E_NOT_FOUND);
  uint32_t ids[64];
  int made = 0;
  while (made < 64 && mehr_node_attach(node, &opts, &ids[made]) == MEHR_OK) ++made;
  CHECK(made == 4 && mehr_node_attach(node, &opts, &t.medium) == MEHR_E_FULL);
  for (int i = 0; i < made; ++i) CHECK(ids[i] != gone);
  CHECK(mehr_node_detach(node, ids[1]) == MEHR_OK);
  CHECK(mehr_node_attach(node, &opts, &t.medium) == MEHR_OK && t.medium != ids[1]);
  CHECK(mehr_node_writable(node, ids[1]) == MEHR_E_NOT_FOUND);
  mehr_link_free(link);
  mehr_identity_free(stranger);
  net_stop(&n);
}

/* Links are closed for a reason, one or all; a medium that breaks ends its link. spec: L0/5.6 */
void test_node_close(void) {
  net n;
  net_start(&n, 3);
  const int first = net_join(&n, 0, 1, 0);
  net_join(&n, 0, 2, 0);
  const uint32_t link = n.seen[1].last[MEHR_NODE_LINK_UP].link;
  CHECK(mehr_node_close(n.nodes[1], link, MEHR_CLOSE_POLICY) == MEHR_OK);
  CHECK(mehr_node_close(n.nodes[1], link, MEHR_CLOSE_POLICY) == MEHR_OK); /* closed already */
  CHECK(mehr_node_close(n.nodes[1], 65536, MEHR_CLOSE_POLICY) == MEHR_OK);
  net_settle(&n);
  CHECK(n.seen[0].last[MEHR_NODE_LINK_DOWN].reason == MEHR_CLOSE_POLICY);
  CHECK(n.seen[1].events[MEHR_NODE_LINK_DOWN] == 1 && n.ends[first + 1].closed == 1);
  CHECK(mehr_node_close(n.nodes[0], 0, MEHR_CLOSE_SHUTDOWN) == MEHR_OK);
  net_settle(&n);
  CHECK(n.seen[0].events[MEHR_NODE_LINK_DOWN] == 2);
  CHECK(n.seen[2].last[MEHR_NODE_LINK_DOWN].reason == MEHR_CLOSE_SHUTDOWN);
  int links = 0;
  CHECK(mehr_node_close(n.nodes[0], 1, 7) == MEHR_E_INVALID && links == 0);
  CHECK(mehr_node_close(n.nodes[0], 0, MEHR_CLOSE_TIMEOUT) == MEHR_E_INVALID);
  net_stop(&n);

  net_start(&n, 2);
  const int broken = net_join(&n, 0, 1, 0);
  n.ends[broken].broken = 1;
  net_pass(&n, 600000);
  CHECK(n.seen[0].last[MEHR_NODE_LINK_DOWN].reason == MEHR_CLOSE_MEDIUM_LOST);
  net_stop(&n);
}

/* A channel that is listened to first: whoever finds it busy tries again. spec: L1/10.1 */
void test_node_busy(void) {
  net n;
  net_start(&n, 2);
  n.half_duplex = 2;
  n.bandwidth_bps = 100000;
  const int line = net_join(&n, 0, 1, 0);
  net_pass(&n, 30000);
  CHECK(n.seen[0].events[MEHR_NODE_LINK_UP] == 1);
  n.ends[line].busy = 3;
  CHECK(net_hello(&n, 0, 1) == MEHR_OK);
  net_pass(&n, 10000);
  CHECK(n.ends[line].busy == 0 && n.seen[1].messages == 1);
  n.ends[line].busy = 10000; /* for ever: given up, and counted */
  CHECK(net_hello(&n, 0, 1) == MEHR_OK);
  net_pass(&n, 60000);
  CHECK(n.seen[1].messages == 1 && n.ends[line].busy > 0);
  net_stop(&n);
}

/* ---- Storage ---- */

typedef struct disk {
  int gets;
  int puts;
  int fails;
  size_t size;
  uint8_t value[600];
} disk;

static mehr_status disk_get(void* user, const char* key, mehr_buf out, size_t* written) {
  disk* d = user;
  CHECK(strcmp(key, "l1/emitted") == 0);
  ++d->gets;
  if (d->fails) return MEHR_E_IO;
  if (d->size == 0) return MEHR_E_NOT_FOUND;
  *written = d->size;
  if (out.size < d->size) return MEHR_E_TOO_BIG;
  memcpy(out.data, d->value, d->size);
  return MEHR_OK;
}
static mehr_status disk_put(void* user, const mehr_put* batch, size_t count) {
  disk* d = user;
  ++d->puts;
  if (d->fails) return MEHR_E_IO;
  CHECK(count == 1 && strcmp(batch->key, "l1/emitted") == 0);
  d->size = batch->value.size;
  memcpy(d->value, batch->value.data, d->size);
  return MEHR_OK;
}

static uint64_t announced(const mehr_identity* identity, disk* d, uint64_t node_ms) {
  mehr_storage storage = MEHR_STORAGE_INIT;
  storage.get = disk_get;
  storage.put = disk_put;
  storage.user = d;
  mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
  opts.limits = MEHR_LIMITS_SMALL;
  opts.storage = &storage;
  uint64_t chance = 5;
  const mehr_random random = seeded_random(&chance);
  mehr_now now = at(0);
  now.node_ms = node_ms;
  mehr_node* node = NULL;
  uint64_t emitted = 0;
  CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_OK);
  CHECK(mehr_node_announce_now(node) == MEHR_OK);
  for (size_t i = 0; i < 8 && i < d->size; ++i) emitted |= (uint64_t)d->value[i] << (8 * i);
  uint64_t failed = 0;
  CHECK(mehr_node_counter(node, "l1.storage_failed", &failed) == MEHR_OK);
  CHECK(failed == (d->fails ? 2U : 0U)); /* once read, once written */
  mehr_node_free(node);
  return emitted;
}

/* What a node tells of itself rises across restarts, whatever its clock says. spec: L1/4 */
void test_node_storage(void) {
  mehr_identity* identity = identity_from(0);
  disk d;
  memset(&d, 0, sizeof d);
  CHECK(announced(identity, &d, 5000) == 5000 && d.gets == 1 && d.puts == 1);
  CHECK(announced(identity, &d, 10) == 5001 && announced(identity, &d, 9000) == 9000);
  d.fails = 1;
  CHECK(announced(identity, &d, 1) == 9000 && d.puts == 4);
  d.fails = 0;
  d.size = sizeof d.value; /* longer than expected: asked for again, with room */
  d.gets = 0;
  CHECK(announced(identity, &d, 1) == 9001 && d.gets == 2);
  mehr_identity_free(identity);
}

/* ---- Callbacks that call back ---- */

typedef struct meddler {
  net* n;
  int calls;
  int wrong_state;
} meddler;

static void count_refusals(meddler* m, const mehr_status* answers, size_t count) {
  for (size_t i = 0; i < count; ++i) m->wrong_state += answers[i] == MEHR_E_WRONG_STATE;
  ++m->calls;
}

static mehr_status outermost_calls(meddler* m) {
  mehr_node* node = m->n->nodes[0];
  const mehr_now now = at(m->n->now_ms);
  end spare = {0};
  const mehr_medium_opts opts = line_opts(&spare);
  uint32_t id = 0;
  const mehr_status answers[] = {
      mehr_node_step(node, &now),
      mehr_node_attach(node, &opts, &id),
      mehr_node_detach(node, m->n->ends[0].medium),
      mehr_node_frame_in(node, m->n->ends[0].medium, NULL, (mehr_bytes){NULL, 0}),
      mehr_node_writable(node, m->n->ends[0].medium),
      mehr_node_establish(node, m->n->ends[0].medium, NULL, NULL, NULL),
      mehr_node_close(node, 0, MEHR_CLOSE_SHUTDOWN)};
  count_refusals(m, answers, sizeof answers / sizeof *answers);
  return MEHR_OK;
}

static void meddle_message(void* user, const mehr_message* message) {
  meddler* m = user;
  (void)message;
  (void)outermost_calls(m);
  mehr_path path = MEHR_PATH_INIT;
  CHECK(mehr_node_path(m->n->nodes[0], &m->n->ids[1], NULL, &path) == MEHR_OK);
  CHECK(net_hello(m->n, 0, 1) == MEHR_OK);
  CHECK(mehr_node_announce_now(m->n->nodes[0]) == MEHR_OK);
  CHECK(mehr_node_on_message(m->n->nodes[0], kContext, NULL, NULL) == MEHR_OK); /* itself */
}

static void meddle_event(void* user, const mehr_node_event* event) {
  meddler* m = user;
  if (event->kind != MEHR_NODE_LINK_DOWN) return;
  (void)outermost_calls(m);
  CHECK(mehr_node_on_event(m->n->nodes[0], NULL, NULL) == MEHR_OK); /* itself */
}

static mehr_status meddle_send(void* user, uint32_t medium, const mehr_remote* to,
                               mehr_bytes frame) {
  meddler* m = user;
  mehr_node* node = m->n->nodes[0];
  (void)medium;
  (void)to;
  (void)frame;
  (void)outermost_calls(m);
  mehr_path path = MEHR_PATH_INIT;
  const mehr_status answers[] = {mehr_node_path(node, &m->n->ids[1], NULL, &path),
                                 mehr_node_announce_now(node), net_hello(m->n, 0, 1)};
  count_refusals(m, answers, 3);
  return MEHR_OK;
}

static int32_t meddle_visit(void* user, const mehr_route* route) {
  meddler* m = user;
  (void)route;
  (void)outermost_calls(m);
  CHECK(net_hello(m->n, 0, 1) == MEHR_OK);
  return 0;
}

void test_node_callbacks(void) {
  net n;
  net_start(&n, 2);
  const int line = net_join(&n, 0, 1, 0);
  net_pass(&n, 30000);
  meddler m = {&n, 0, 0};
  CHECK(mehr_node_on_message(n.nodes[0], kContext, meddle_message, &m) == MEHR_OK);
  CHECK(net_hello(&n, 1, 0) == MEHR_OK && net_hello(&n, 1, 0) == MEHR_OK);
  net_settle(&n);
  CHECK(m.calls == 1 && m.wrong_state == 7 && n.seen[1].messages == 1);
  CHECK(net_counter(&n, 0, "l1.no_handler") == 1);

  m.calls = m.wrong_state = 0;
  CHECK(mehr_node_routes(n.nodes[0], meddle_visit, &m) == MEHR_OK);
  CHECK(m.calls == 1 && m.wrong_state == 7);
  net_settle(&n);
  CHECK(n.seen[1].messages == 2);

  m.calls = m.wrong_state = 0;
  CHECK(mehr_node_on_event(n.nodes[0], meddle_event, &m) == MEHR_OK);
  net_cut(&n, line);
  CHECK(m.calls == 1 && m.wrong_state == 7);

  m.calls = m.wrong_state = 0;
  mehr_medium_opts opts = MEHR_MEDIUM_OPTS_INIT;
  uint32_t medium = 0;
  opts.send = meddle_send;
  opts.user = &m;
  CHECK(mehr_node_attach(n.nodes[0], &opts, &medium) == MEHR_OK);
  CHECK(mehr_node_establish(n.nodes[0], medium, NULL, NULL, NULL) == MEHR_OK);
  CHECK(m.calls == 2 && m.wrong_state == 10);
  net_stop(&n);
}

/* A failing source of entropy fails the call before anything happens; the next one works. */
void test_node_random_failure(void) {
  int fails = 1;
  const mehr_random random = failing_random(&fails);
  const mehr_now now = at(1000);
  mehr_identity* identity = identity_from(0);
  mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
  opts.limits = MEHR_LIMITS_SMALL;
  mehr_node* node = NULL;
  tap t;
  mehr_medium_opts medium = tap_opts(&t, MEHR_MEDIUM_STREAM);
  CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_E_IO && node == NULL);
  fails = 0;
  REQUIRE(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_OK);
  CHECK(mehr_node_attach(node, &medium, &t.medium) == MEHR_OK);
  fails = 1;
  CHECK(mehr_node_establish(node, t.medium, NULL, NULL, NULL) == MEHR_E_IO && t.frames == 0);
  fails = 0;
  CHECK(mehr_node_establish(node, t.medium, NULL, NULL, NULL) == MEHR_OK && t.frames == 1);
  fails = 1;
  const uint64_t deadline = mehr_node_next_deadline_ms(node);
  CHECK(mehr_node_step(node, &now) == MEHR_E_IO);
  CHECK(mehr_node_next_deadline_ms(node) == deadline && t.frames == 1);
  CHECK(mehr_node_announce_now(node) == MEHR_OK); /* needs little, and nothing fresh */
  CHECK(mehr_node_detach(node, t.medium) == MEHR_OK);
  fails = 0;
  CHECK(mehr_node_step(node, &now) == MEHR_OK);
  mehr_node_free(node);
  mehr_node_free(NULL);
  mehr_identity_free(identity);
}

static int stop_at_once(void* user, const mehr_route* route) {
  (void)route;
  return ++*(int*)user;
}

/* Sizes, limits, names of counters; a walk that ends early. */
void test_node_limits(void) {
  CHECK(mehr_l1_remote_bytes() == sizeof(mehr_remote) && mehr_l1_remote_bytes() == 20);
  CHECK(mehr_l1_source_bytes() == sizeof(mehr_source) && mehr_l1_source_bytes() == 16);
  CHECK(mehr_l1_frame_bytes() == 4120 && mehr_l1_tlvs_bytes() == 308);
  CHECK(mehr_l1_body_bytes() > 4000 && mehr_l1_body_bytes() < 4096);
  CHECK(mehr_l1_links_max(MEHR_LIMITS_SMALL) == 16 && mehr_l1_links_max(3) == 0);
  CHECK(mehr_l1_routes_max(MEHR_LIMITS_STANDARD) > mehr_l1_routes_max(MEHR_LIMITS_SMALL));
  CHECK(mehr_l1_routes_max(MEHR_LIMITS_MINIMAL) > 0 && mehr_l1_routes_max(3) == 0);

  net n;
  net_start(&n, 3);
  size_t count = 0;
  for (const char* name = NULL; (name = mehr_node_counter_name(count)) != NULL; ++count) {
    uint64_t value = 1;
    CHECK(mehr_node_counter(n.nodes[0], name, &value) == MEHR_OK && value == 0);
  }
  CHECK(count > 80 && mehr_node_counter_name(count + 1) == NULL);
  uint64_t value = 7;
  CHECK(mehr_node_counter(n.nodes[0], "l1.", &value) == MEHR_E_NOT_FOUND && value == 7);
  net_join(&n, 0, 1, 0);
  net_join(&n, 1, 2, 0);
  net_pass(&n, 30000);
  int shown = 0;
  CHECK(mehr_node_routes(n.nodes[0], stop_at_once, &shown) == MEHR_OK && shown == 1);
  net_stop(&n);

  /* Every preset, once. */
  uint64_t chance = 1;
  const mehr_random random = seeded_random(&chance);
  const mehr_now now = at(0);
  mehr_identity* identity = identity_from(0);
  mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
  for (opts.limits = 0; opts.limits <= MEHR_LIMITS_MINIMAL; ++opts.limits) {
    mehr_node* node = NULL;
    CHECK(mehr_node_new(identity, &random, &opts, &now, &node) == MEHR_OK);
    CHECK(mehr_node_next_deadline_ms(node) > 0);
    mehr_node_free(node);
  }
  mehr_identity_free(identity);
}
