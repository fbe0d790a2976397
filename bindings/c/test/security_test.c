#include <string.h>

#include "check.h"
#include "mehr/l2.h"

static mehr_public_key key_of(const mehr_identity* identity) {
  mehr_public_key out = {{0}};
  CHECK(mehr_identity_public_key(identity, &out) == MEHR_OK);
  return out;
}

static const mehr_bytes kBody = {(const uint8_t*)"hello mehr", 10};

/* spec: L2/4 */
void test_sealed(void) {
  mehr_identity* a = identity_from(0x00);
  mehr_identity* b = identity_from(0x20);
  const mehr_public_key to = key_of(b);
  uint8_t byte = 0x5A;
  const mehr_random random = constant_random(&byte);
  uint8_t sealed[200];
  uint8_t plain[200];
  size_t size = 0;
  size_t opened = 0;
  mehr_public_key sender;
  CHECK(mehr_seal(&to, 0xE1, NULL, kBody, &random, kQuery, &size) == MEHR_OK && size == 58);
  CHECK(mehr_seal(&to, 0xE1, a, kBody, &random, kQuery, &size) == MEHR_OK && size == 154);
  CHECK(mehr_seal(&to, 0xE1, a, kBody, &random, (mehr_buf){sealed, 153}, &size) == MEHR_E_TOO_BIG);
  REQUIRE(mehr_seal(&to, 0xE1, a, kBody, &random, ROOM(sealed), &size) == MEHR_OK);
  const mehr_bytes view = {sealed, size};
  REQUIRE(mehr_open(b, 0xE1, view, ROOM(plain), &opened, &sender) == MEHR_OK);
  const mehr_public_key mine = key_of(a);
  CHECK(opened == 10 && same(plain, "hello mehr", 10) && same(&sender, &mine, sizeof mine));
  CHECK(mehr_open(b, 0xE2, view, ROOM(plain), &opened, &sender) == MEHR_E_BAD_SEAL);
  CHECK(mehr_open(a, 0xE1, view, ROOM(plain), &opened, &sender) == MEHR_E_BAD_SEAL);
  REQUIRE(mehr_seal(&to, 0, NULL, kBody, &random, ROOM(sealed), &size) == MEHR_OK);
  CHECK(mehr_open(b, 0, (mehr_bytes){sealed, size}, ROOM(plain), &opened, &sender) ==
        MEHR_E_TRUNCATED);
  CHECK(mehr_open(b, 0, (mehr_bytes){sealed, size}, ROOM(plain), &opened, NULL) == MEHR_OK);
  CHECK(mehr_open(b, 0, (mehr_bytes){sealed, 47}, ROOM(plain), &opened, NULL) == MEHR_E_TRUNCATED);
  const mehr_public_key nobody = {{1}};
  CHECK(mehr_seal(&nobody, 0, NULL, kBody, &random, ROOM(sealed), &size) == MEHR_E_BAD_VALUE);
  CHECK(mehr_seal(&to, 256, NULL, kBody, &random, ROOM(sealed), &size) == MEHR_E_INVALID);
  CHECK(mehr_seal(NULL, 0, NULL, kBody, &random, ROOM(sealed), &size) == MEHR_E_INVALID);
  CHECK(mehr_seal(&to, 0, NULL, kBody, NULL, ROOM(sealed), &size) == MEHR_E_INVALID);
  int fails = 1;
  const mehr_random broken = failing_random(&fails);
  CHECK(mehr_seal(&to, 0, NULL, kBody, &broken, ROOM(sealed), &size) == MEHR_E_IO);
  mehr_identity_free(a);
  mehr_identity_free(b);
}

/* spec: L2/6 Key file */
void test_key_file(void) {
  mehr_identity* a = identity_from(0x00);
  mehr_identity* back = NULL;
  uint8_t byte = 0x5A;
  const mehr_random random = constant_random(&byte);
  mehr_key_cost cost = MEHR_KEY_COST_INIT;
  cost.memory_kib = 8192;
  cost.passes = 1;
  const mehr_bytes right = {(const uint8_t*)"right", 5};
  const mehr_bytes wrong = {(const uint8_t*)"wrong", 5};
  uint8_t file[96];
  size_t size = 0;
  CHECK(mehr_key_file_seal(a, right, &cost, &random, kQuery, &size) == MEHR_OK && size == 96);
  REQUIRE(mehr_key_file_seal(a, right, &cost, &random, ROOM(file), &size) == MEHR_OK);
  CHECK(mehr_key_file_open((mehr_bytes){file, 96}, wrong, &back) == MEHR_E_BAD_SEAL);
  CHECK(mehr_key_file_open((mehr_bytes){file, 95}, right, &back) == MEHR_E_TRUNCATED);
  REQUIRE(mehr_key_file_open((mehr_bytes){file, 96}, right, &back) == MEHR_OK);
  const mehr_public_key one = key_of(a);
  const mehr_public_key two = key_of(back);
  CHECK(same(&one, &two, sizeof one));
  mehr_identity_free(back);
  file[0] = 'X';
  CHECK(mehr_key_file_open((mehr_bytes){file, 96}, right, &back) == MEHR_E_BAD_VALUE);
  const mehr_bytes empty = {NULL, 0};
  CHECK(mehr_key_file_seal(a, empty, &cost, &random, ROOM(file), &size) == MEHR_E_INVALID);
  cost.memory_kib = 1;
  CHECK(mehr_key_file_seal(a, right, &cost, &random, ROOM(file), &size) == MEHR_E_BAD_VALUE);
  cost.reserved = 1;
  CHECK(mehr_key_file_seal(a, right, &cost, &random, ROOM(file), &size) == MEHR_E_INVALID);
  mehr_identity_free(a);
}

/* spec: L2/6 Share */
void test_shares(void) {
  mehr_identity* a = identity_from(0x00);
  mehr_identity* back = NULL;
  uint8_t byte = 0x5A;
  const mehr_random random = constant_random(&byte);
  mehr_share shares[3];
  REQUIRE(mehr_shares_split(a, 2, 3, &random, shares) == MEHR_OK);
  CHECK(strlen(shares[0].text) == 85 && strncmp(shares[0].text, "04106-0CX4K-HE", 14) == 0);
  const char* two[] = {shares[2].text, shares[0].text};
  REQUIRE(mehr_shares_combine(two, 2, &back) == MEHR_OK);
  const mehr_public_key one = key_of(a);
  const mehr_public_key other = key_of(back);
  CHECK(same(&one, &other, sizeof one));
  mehr_identity_free(back);
  CHECK(mehr_shares_combine(two, 1, &back) == MEHR_E_TRUNCATED);
  const char* twice[] = {shares[0].text, shares[0].text};
  CHECK(mehr_shares_combine(twice, 2, &back) == MEHR_E_BAD_VALUE);
  shares[2].text[20] = shares[2].text[20] == 'Z' ? 'Y' : 'Z';
  CHECK(mehr_shares_combine(two, 2, &back) == MEHR_E_BAD_VALUE);
  CHECK(mehr_shares_combine(two, 0, &back) == MEHR_E_INVALID);
  CHECK(mehr_shares_split(a, 1, 3, &random, shares) == MEHR_E_BAD_VALUE);
  CHECK(mehr_shares_split(a, 4, 3, &random, shares) == MEHR_E_BAD_VALUE);
  int fails = 1;
  const mehr_random broken = failing_random(&fails);
  CHECK(mehr_shares_split(a, 2, 3, &broken, shares) == MEHR_E_IO);
  mehr_identity_free(a);
}

/* spec: L2/6.1 */
void test_advisories(void) {
  mehr_identity* a = identity_from(0x00);
  mehr_identity* b = identity_from(0x20);
  const mehr_public_key successor = key_of(b);
  const mehr_public_key old = key_of(a);
  uint8_t bytes[209];
  size_t size = 0;
  mehr_advisory told = MEHR_ADVISORY_INIT;
  REQUIRE(mehr_advisory_build(a, b, 7, 8, ROOM(bytes), &size) == MEHR_OK && size == 209);
  REQUIRE(mehr_advisory_verify((mehr_bytes){bytes, size}, &told) == MEHR_OK);
  CHECK(told.signed_by_both == 1 && told.sequence == 7 && told.timestamp == 8);
  CHECK(same(&told.compromised, &old, sizeof old) &&
        same(&told.successor, &successor, sizeof successor));
  bytes[64] ^= 1;
  CHECK(mehr_advisory_verify((mehr_bytes){bytes, size}, NULL) == MEHR_E_BAD_SIGNATURE);
  REQUIRE(mehr_advisory_build(a, NULL, 1, 1, ROOM(bytes), &size) == MEHR_OK && size == 145);
  CHECK(mehr_advisory_verify((mehr_bytes){bytes, 144}, NULL) == MEHR_E_TRUNCATED);
  CHECK(mehr_advisory_build(a, a, 1, 1, ROOM(bytes), &size) == MEHR_E_INVALID);
  REQUIRE(mehr_commitment_build(a, &successor, ROOM(bytes), &size) == MEHR_OK && size == 136);
  CHECK(mehr_commitment_verify((mehr_bytes){bytes, 136}, &successor) == MEHR_OK);
  CHECK(mehr_commitment_verify((mehr_bytes){bytes, 136}, NULL) == MEHR_OK);
  CHECK(mehr_commitment_verify((mehr_bytes){bytes, 136}, &old) == MEHR_E_WRONG_PEER);
  bytes[40] ^= 1;
  CHECK(mehr_commitment_verify((mehr_bytes){bytes, 136}, NULL) == MEHR_E_BAD_SIGNATURE);
  mehr_identity_free(a);
  mehr_identity_free(b);
}

/* spec: L2/5 */
void test_onions(void) {
  mehr_identity* relays[2] = {identity_from(0x40), identity_from(0x60)};
  const mehr_public_key keys[2] = {key_of(relays[0]), key_of(relays[1])};
  const mehr_id to = {{9, 9}};
  uint8_t byte = 0x5A;
  const mehr_random random = constant_random(&byte);
  uint8_t onion[465];
  uint8_t peeled[465];
  size_t size = 0;
  CHECK(mehr_onion_capacity(MEHR_ONION_CONSTRAINED, 3) == 333);
  CHECK(mehr_onion_capacity(3, 3) == 0 && mehr_onion_capacity(0, 9) == 0);
  REQUIRE(mehr_onion_build(MEHR_ONION_CONSTRAINED, keys, 2, &to, 0xE1, kBody, &random, ROOM(onion),
                           &size) == MEHR_OK);
  CHECK(size == 465);
  mehr_onion_relay* first = NULL;
  mehr_onion_relay* second = NULL;
  REQUIRE(mehr_onion_relay_new(relays[0], 0, &random, &first) == MEHR_OK);
  REQUIRE(mehr_onion_relay_new(relays[1], 8, &random, &second) == MEHR_OK);
  mehr_now now = MEHR_NOW_INIT;
  now.steady_ms = 5;
  mehr_peeled what = MEHR_PEELED_INIT;
  CHECK(mehr_onion_peel(second, VIEW(onion), &now, ROOM(peeled), &size, &what) == MEHR_E_BAD_SEAL);
  CHECK(mehr_onion_peel(first, VIEW(onion), &now, (mehr_buf){peeled, 464}, &size, &what) ==
        MEHR_E_TOO_BIG);
  REQUIRE(mehr_onion_peel(first, VIEW(onion), &now, ROOM(peeled), &size, &what) == MEHR_OK);
  mehr_id second_id;
  REQUIRE(mehr_identity_node_id(relays[1], &second_id) == MEHR_OK);
  CHECK(what.kind == MEHR_ONION_FORWARD && same(&what.to, &second_id, sizeof second_id));
  CHECK(mehr_onion_peel(first, VIEW(onion), &now, ROOM(peeled), &size, &what) == MEHR_E_REPLAYED);
  REQUIRE(mehr_onion_peel(second, (mehr_bytes){peeled, 465}, &now, ROOM(onion), &size, &what) ==
          MEHR_OK);
  CHECK(what.kind == MEHR_ONION_EXIT && what.context == 0xE1 && same(&what.to, &to, sizeof to));
  CHECK(size == 10 && same(onion, "hello mehr", 10));
  const mehr_id nobody = {{0}};
  const mehr_bytes nothing = {NULL, 0};
  byte = 0x66; /* another onion */
  REQUIRE(mehr_onion_build(0, keys, 1, &nobody, 0, nothing, &random, ROOM(onion), &size) ==
          MEHR_OK);
  REQUIRE(mehr_onion_peel(first, VIEW(onion), &now, ROOM(peeled), &size, &what) == MEHR_OK);
  CHECK(what.kind == MEHR_ONION_COVER && size == 0);
  CHECK(mehr_onion_build(0, keys, 0, &to, 0, nothing, &random, ROOM(onion), &size) ==
        MEHR_E_BAD_VALUE);
  CHECK(mehr_onion_build(4, keys, 1, &to, 0, nothing, &random, ROOM(onion), &size) ==
        MEHR_E_INVALID);
  mehr_onion_relay_free(first);
  mehr_onion_relay_free(second);
  mehr_onion_relay_free(NULL);
  mehr_identity_free(relays[0]);
  mehr_identity_free(relays[1]);
}
