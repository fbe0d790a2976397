#include "net.h"

#include <stdlib.h>
#include <string.h>

typedef struct frame {
  struct frame* next;
  end* to;
  size_t size;
  uint8_t bytes[4120];
} frame;

static frame* first = NULL;
static frame** last = &first;

static int32_t fill_seeded(void* user, uint8_t* out, size_t size) {
  uint64_t* state = user;
  for (size_t i = 0; i < size; ++i) {
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    out[i] = (uint8_t)(*state >> 56);
  }
  return 0;
}

mehr_random seeded_random(uint64_t* state) {
  mehr_random random = MEHR_RANDOM_INIT;
  random.fill = fill_seeded;
  random.user = state;
  return random;
}

static void on_event(void* user, const mehr_node_event* event) {
  seen* s = user;
  CHECK(event->struct_size == sizeof *event && event->kind > 0 && event->kind < kKinds);
  ++s->events[event->kind % kKinds];
  s->last[event->kind % kKinds] = *event;
}

static void on_message(void* user, const mehr_message* message) {
  seen* s = user;
  CHECK(message->struct_size == sizeof *message);
  ++s->messages;
  s->context = message->context;
  s->size = message->body.size;
  const size_t kept = s->size < sizeof s->body ? s->size : sizeof s->body;
  if (kept != 0) memcpy(s->body, message->body.data, kept);
}

static mehr_status line_send(void* user, uint32_t medium, const mehr_remote* to, mehr_bytes bytes) {
  end* at = user;
  CHECK(medium == at->medium && bytes.size <= mehr_l1_frame_bytes());
  at->remote = to->bytes[0];
  if (at->full) return MEHR_E_FULL;
  if (at->busy > 0) {
    --at->busy;
    return MEHR_E_BUSY;
  }
  if (at->broken) return MEHR_E_IO;
  if (at->cut || at->other < 0) return MEHR_OK;
  frame* f = malloc(sizeof *f);
  if (f == NULL) return MEHR_E_IO;
  f->next = NULL;
  f->to = &at->net->ends[at->other];
  f->size = bytes.size;
  memcpy(f->bytes, bytes.data, bytes.size);
  *last = f;
  last = &f->next;
  return MEHR_OK;
}

static void line_close(void* user, uint32_t medium) {
  end* at = user;
  CHECK(medium == at->medium);
  ++at->closed;
}

mehr_medium_opts line_opts(end* at) {
  mehr_medium_opts opts = MEHR_MEDIUM_OPTS_INIT;
  opts.send = line_send;
  opts.close = line_close;
  opts.user = at;
  return opts;
}

static frame* take_frame(void) {
  frame* f = first;
  if (f == NULL) return NULL;
  first = f->next;
  if (first == NULL) last = &first;
  return f;
}

static mehr_now now_of(const net* n) {
  mehr_now now = at(n->now_ms);
  now.node_ms = 1700000000000U + n->now_ms;
  return now;
}

void net_start(net* n, int count) {
  memset(n, 0, sizeof *n);
  n->now_ms = 1000000;
  n->count = count;
  const mehr_now now = now_of(n);
  mehr_node_opts opts = MEHR_NODE_OPTS_INIT;
  opts.limits = MEHR_LIMITS_SMALL;
  for (int i = 0; i < count; ++i) {
    n->chance[i] = 77U + (uint64_t)i;
    n->identities[i] = identity_from((uint8_t)(0x20 * i));
    const mehr_random random = seeded_random(&n->chance[i]);
    CHECK(mehr_identity_node_id(n->identities[i], &n->ids[i]) == MEHR_OK);
    CHECK(mehr_node_new(n->identities[i], &random, &opts, &now, &n->nodes[i]) == MEHR_OK);
    CHECK(mehr_node_on_event(n->nodes[i], on_event, &n->seen[i]) == MEHR_OK);
    CHECK(mehr_node_on_message(n->nodes[i], kContext, on_message, &n->seen[i]) == MEHR_OK);
  }
}

void net_stop(net* n) {
  for (int i = 0; i < n->count; ++i) {
    mehr_node_free(n->nodes[i]);
    mehr_identity_free(n->identities[i]);
  }
  for (frame* f = take_frame(); f != NULL; f = take_frame()) free(f);
}

static int add_end(net* n, int node, uint32_t mtu) {
  const int index = n->end_count++;
  end* at = &n->ends[index];
  memset(at, 0, sizeof *at);
  at->net = n;
  at->node = node;
  at->other = -1;
  mehr_medium_opts opts = line_opts(at);
  opts.mtu = mtu;
  opts.half_duplex = n->half_duplex;
  opts.bandwidth_bps = n->bandwidth_bps;
  CHECK(mehr_node_attach(n->nodes[node], &opts, &at->medium) == MEHR_OK);
  return index;
}

int net_join(net* n, int a, int b, uint32_t mtu) {
  const int at_a = add_end(n, a, mtu);
  const int at_b = add_end(n, b, mtu);
  n->ends[at_a].other = at_b;
  n->ends[at_b].other = at_a;
  uint32_t link = 0;
  CHECK(mehr_node_establish(n->nodes[a], n->ends[at_a].medium, NULL, &n->ids[b], &link) == MEHR_OK);
  CHECK(link != 0);
  net_settle(n);
  return at_a;
}

void net_cut(net* n, int end_of_a) {
  for (int i = end_of_a; i <= end_of_a + 1; ++i) {
    CHECK(mehr_node_detach(n->nodes[n->ends[i].node], n->ends[i].medium) == MEHR_OK);
    n->ends[i].medium = 0;
  }
  net_settle(n);
}

void net_settle(net* n) {
  const mehr_now now = now_of(n);
  for (int turns = 0; turns < 100000; ++turns) {
    int moved = 0;
    frame* f = take_frame();
    if (f != NULL) {
      moved = 1;
      if (f->to->medium != 0) {
        const mehr_bytes bytes = {f->bytes, f->size};
        mehr_node* to = n->nodes[f->to->node];
        CHECK(mehr_node_frame_in(to, f->to->medium, NULL, bytes) == MEHR_OK);
      }
      free(f);
    }
    for (int i = 0; i < n->count && !moved; ++i) {
      if (mehr_node_next_deadline_ms(n->nodes[i]) > n->now_ms) continue;
      CHECK(mehr_node_step(n->nodes[i], &now) == MEHR_OK);
      moved = 1;
    }
    if (!moved) return;
  }
  const int settled = 0;
  CHECK(settled);
}

void net_pass(net* n, uint64_t ms) {
  const uint64_t until = n->now_ms + ms;
  net_settle(n);
  while (n->now_ms < until) {
    uint64_t next = until;
    for (int i = 0; i < n->count; ++i) {
      const uint64_t deadline = mehr_node_next_deadline_ms(n->nodes[i]);
      if (deadline < next) next = deadline;
    }
    n->now_ms = next;
    const mehr_now now = now_of(n);
    for (int i = 0; i < n->count; ++i) CHECK(mehr_node_step(n->nodes[i], &now) == MEHR_OK);
    net_settle(n);
  }
}

mehr_status net_hello(net* n, int a, int b) {
  const uint8_t hello[] = {'h', 'e', 'l', 'l', 'o', ++n->hellos};
  const mehr_bytes body = {hello, sizeof hello};
  return mehr_node_send(n->nodes[a], &n->ids[b], kContext, body, NULL);
}

uint64_t net_counter(const net* n, int node, const char* name) {
  uint64_t value = UINT64_MAX;
  CHECK(mehr_node_counter(n->nodes[node], name, &value) == MEHR_OK);
  return value;
}

mehr_path net_path(const net* n, int a, int b) {
  mehr_path path = MEHR_PATH_INIT;
  CHECK(mehr_node_path(n->nodes[a], &n->ids[b], NULL, &path) == MEHR_OK);
  return path;
}
