/* Nodes whose media are queues in memory, in virtual time. */
#ifndef MEHR_TEST_NET_H
#define MEHR_TEST_NET_H

#include "check.h"
#include "mehr/l1.h"

enum { kNodes = 3, kEnds = 8, kKinds = 17, kKept = 64, kContext = 0xE2 };

struct net;

/* One end of a line between two nodes. */
typedef struct end {
  struct net* net;
  int node;  /* whose it is */
  int other; /* index of the end over there; -1: nobody is there */
  uint32_t medium;
  int closed;      /* how often `close` was called */
  int full;        /* 1: takes nothing */
  int busy;        /* so many frames more find the channel busy */
  int broken;      /* 1: every frame fails */
  int cut;         /* 1: what it takes is lost */
  uint32_t remote; /* first byte of the remote that the last frame was sent to */
} end;

/* What a node's handlers saw. */
typedef struct seen {
  int events[kKinds];
  mehr_node_event last[kKinds];
  int messages;
  uint32_t context;
  size_t size;
  uint8_t body[512]; /* the beginning of the last one */
} seen;

typedef struct net {
  uint64_t now_ms;
  int count;
  mehr_identity* identities[kNodes];
  mehr_id ids[kNodes];
  mehr_node* nodes[kNodes];
  seen seen[kNodes];
  uint64_t chance[kNodes];
  end ends[kEnds];
  int end_count;
  uint8_t hellos;
  uint32_t half_duplex;   /* of the lines that are joined from now on */
  uint64_t bandwidth_bps; /* likewise */
} net;

/* A source of random bytes that differs per node. */
mehr_random seeded_random(uint64_t* state);
/* @p count nodes of MEHR_LIMITS_SMALL with handlers of everything, at 1,000,000 ms. */
void net_start(net* n, int count);
void net_stop(net* n);
mehr_medium_opts line_opts(end* at);
/* A stream between two nodes, dialled by @p a; the index of a's end, b's is one more. */
int net_join(net* n, int a, int b, uint32_t mtu);
/* Its connection breaks. */
void net_cut(net* n, int end_of_a);
/* Carries all frames and wakes everybody who is due, until nothing is left. */
void net_settle(net* n);
/* Lets time pass. */
void net_pass(net* n, uint64_t ms);
/* "hello" and a byte that makes it another message than the one before, from @p a to @p b. */
mehr_status net_hello(net* n, int a, int b);
uint64_t net_counter(const net* n, int node, const char* name);
mehr_path net_path(const net* n, int a, int b);

#endif
