/* The few words the C tests need: CHECK counts a failure and goes on, REQUIRE ends the case. */
#ifndef MEHR_TEST_CHECK_H
#define MEHR_TEST_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "mehr/core.h"
#include "mehr/l0.h"

extern int failures;
void report(const char* file, int line, const char* what);

#define CHECK(condition)                                      \
  do {                                                        \
    if (!(condition)) report(__FILE__, __LINE__, #condition); \
  } while (0)
#define REQUIRE(condition)                    \
  do {                                        \
    if (!(condition)) {                       \
      report(__FILE__, __LINE__, #condition); \
      return;                                 \
    }                                         \
  } while (0)

/* A view of an array, of a text, and room in an array. */
#define VIEW(array) ((mehr_bytes){(array), sizeof(array)})
#define ROOM(array) ((mehr_buf){(array), sizeof(array)})
static const mehr_buf kQuery = {NULL, 0};

int same(const void* a, const void* b, size_t size);
/* Bytes of @p hex, as many as @p out holds. */
void from_hex(const char* hex, uint8_t* out, size_t size);

/* Random bytes that are all the same, so that frames are known answers. */
mehr_random constant_random(uint8_t* value);
/* A random callback that fails while *fails is not 0. */
mehr_random failing_random(int* fails);
mehr_now at(uint64_t steady_ms);
/* The identity of the seed first, first + 1, ... */
mehr_identity* identity_from(uint8_t first);

/* Two ends of a link whose frames stay in memory. */
typedef struct pair {
  mehr_identity* alice;
  mehr_identity* bob;
  mehr_link* a;
  mehr_link* b;
  uint8_t resp[166];
  uint8_t auth[131];
  int opened_a;
  int opened_b;
} pair;
/* A finished handshake with link ids 1 and 2 at 1,000 ms; a and b NULL when it failed. */
pair make_pair(uint32_t mtu);
void free_pair(pair* p);
/* Carries every waiting frame across until both ends are quiet. Counts MEHR_ACTION_OPENED. */
void settle(pair* p, uint64_t now_ms);
/* The next action of @p link. */
mehr_action next(mehr_link* link);

void test_core(void);
void test_identity(void);
void test_announce(void);
void test_announce_bad_input(void);
void test_known_handshake(void);
void test_data(void);
void test_padding(void);
void test_forged_frames(void);
void test_close(void);
void test_terms(void);
void test_timers(void);
void test_rekey(void);
void test_random_failure(void);
void test_struct_size(void);
void test_bad_arguments(void);
void test_sealed(void);
void test_key_file(void);
void test_shares(void);
void test_advisories(void);
void test_onions(void);
void test_external_identity(void);
void test_external_node(void);
void test_door(void);
void test_door_prekeys(void);
void test_door_bad_input(void);
void test_node(void);
void test_node_views(void);
void test_node_events(void);
void test_node_probe(void);
void test_node_reserve(void);
void test_node_announcing(void);
void test_node_policies(void);
void test_node_malformed(void);
void test_node_media(void);
void test_node_close(void);
void test_node_busy(void);
void test_node_storage(void);
void test_node_callbacks(void);
void test_node_random_failure(void);
void test_node_limits(void);
void test_node_bad_arguments(void);
void test_node_struct_size(void);

#endif
