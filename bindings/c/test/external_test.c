/* An identity whose key is kept elsewhere: here by another identity of the test's. spec: README/7
 */
#include <openssl/evp.h>
#include <string.h>

#include "mehr/l2.h"
#include "net.h"

/* The keeper: it signs and agrees for one key, and counts. */
typedef struct keeper {
  mehr_identity* key;
  int signs;
  int agrees;
  int refuses; /* 1: nothing is done */
} keeper;

static mehr_status sign(void* user, mehr_bytes message, mehr_signature* out) {
  keeper* const k = user;
  ++k->signs;
  if (k->refuses) return MEHR_E_DENIED;
  uint8_t seed[32];
  size_t size = 0;
  CHECK(mehr_identity_seed(k->key, (mehr_buf){seed, sizeof seed}, &size) == MEHR_OK);
  EVP_PKEY* const key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  size_t length = sizeof out->bytes;
  const int good = EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                   EVP_DigestSign(context, out->bytes, &length, message.data, message.size) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return good ? MEHR_OK : MEHR_E_IO;
}

/* The first half of the seed's SHA-512 is the scalar. */
static mehr_status agree(void* user, const uint8_t* peer, uint8_t* shared) {
  keeper* const k = user;
  ++k->agrees;
  if (k->refuses) return MEHR_E_DENIED;
  uint8_t seed[32];
  uint8_t scalar[64];
  size_t size = 0;
  CHECK(mehr_identity_seed(k->key, (mehr_buf){seed, sizeof seed}, &size) == MEHR_OK);
  CHECK(EVP_Digest(seed, sizeof seed, scalar, NULL, EVP_sha512(), NULL) == 1);
  EVP_PKEY* const own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, 32);
  EVP_PKEY* const other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, 32);
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new(own, NULL);
  size_t length = 32;
  const int good = EVP_PKEY_derive_init(context) == 1 &&
                   EVP_PKEY_derive_set_peer(context, other) == 1 &&
                   EVP_PKEY_derive(context, shared, &length) == 1;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(other);
  EVP_PKEY_free(own);
  return good ? MEHR_OK : MEHR_E_IO;
}

static mehr_identity* external(keeper* k) {
  mehr_signer signer = MEHR_SIGNER_INIT;
  signer.sign = sign;
  signer.agree = agree;
  signer.user = k;
  mehr_public_key key;
  CHECK(mehr_identity_public_key(k->key, &key) == MEHR_OK);
  mehr_identity* out = NULL;
  CHECK(mehr_identity_external(&key, &signer, &out) == MEHR_OK);
  return out;
}

static void check_refused(mehr_public_key key) {
  mehr_signer half = MEHR_SIGNER_INIT;
  mehr_identity* none = NULL;
  CHECK(mehr_identity_external(&key, &half, &none) == MEHR_E_INVALID);
  half.sign = sign;
  CHECK(mehr_identity_external(&key, &half, &none) == MEHR_E_INVALID);
  half.agree = agree;
  half.struct_size = 8;
  CHECK(mehr_identity_external(&key, &half, &none) == MEHR_E_INVALID);
  half.struct_size = sizeof half;
  CHECK(mehr_identity_external(NULL, &half, &none) == MEHR_E_INVALID);
  CHECK(mehr_identity_external(&key, NULL, &none) == MEHR_E_INVALID);
  memset(&key, 0, sizeof key);
  CHECK(mehr_identity_external(&key, &half, &none) == MEHR_E_BAD_VALUE && none == NULL);
}

void test_external_identity(void) {
  keeper k = {identity_from(0), 0, 0, 0};
  mehr_identity* const mine = external(&k);
  mehr_id a;
  mehr_id b;
  CHECK(mehr_identity_node_id(mine, &a) == MEHR_OK && mehr_identity_node_id(k.key, &b) == MEHR_OK);
  CHECK(same(&a, &b, sizeof a));

  /* It signs as the key itself does, and opens what is sealed to it. */
  const mehr_bytes text = {(const uint8_t*)"a text", 6};
  mehr_signature s;
  mehr_signature t;
  CHECK(mehr_identity_sign(mine, "mehr-test", text, &s) == MEHR_OK && k.signs == 1);
  CHECK(mehr_identity_sign(k.key, "mehr-test", text, &t) == MEHR_OK && same(&s, &t, sizeof s));
  mehr_public_key key;
  CHECK(mehr_identity_public_key(mine, &key) == MEHR_OK);
  uint8_t value = 0x42;
  const mehr_random random = constant_random(&value);
  uint8_t sealed[256];
  uint8_t plain[256];
  size_t size = 0;
  size_t opened = 0;
  mehr_public_key sender;
  CHECK(mehr_seal(&key, 7, mine, text, &random, (mehr_buf){sealed, sizeof sealed}, &size) ==
        MEHR_OK);
  CHECK(mehr_open(mine, 7, (mehr_bytes){sealed, size}, (mehr_buf){plain, sizeof plain}, &opened,
                  &sender) == MEHR_OK);
  CHECK(opened == 6 && same(plain, "a text", 6) && same(&sender, &key, sizeof key));
  CHECK(k.agrees == 1);

  /* There is no seed to take, to keep or to split. */
  mehr_share shares[3];
  CHECK(mehr_identity_seed(mine, (mehr_buf){plain, sizeof plain}, &size) == MEHR_E_UNSUPPORTED);
  CHECK(mehr_key_file_seal(mine, text, NULL, &random, (mehr_buf){plain, sizeof plain}, &size) ==
        MEHR_E_UNSUPPORTED);
  CHECK(mehr_shares_split(mine, 2, 3, &random, shares) == MEHR_E_UNSUPPORTED);

  /* What the keeper does not do fails, and says so. */
  k.refuses = 1;
  CHECK(mehr_open(mine, 7, (mehr_bytes){sealed, size}, (mehr_buf){plain, sizeof plain}, &opened,
                  &sender) < 0);
  CHECK(mehr_identity_sign(mine, "mehr-test", text, &s) == MEHR_E_IO);
  CHECK(mehr_seal(&key, 7, mine, text, &random, (mehr_buf){plain, sizeof plain}, &opened) ==
        MEHR_E_IO);
  CHECK(mehr_advisory_build(mine, NULL, 1, 1, (mehr_buf){plain, sizeof plain}, &opened) ==
        MEHR_E_IO);
  CHECK(mehr_commitment_build(mine, &key, (mehr_buf){plain, sizeof plain}, &opened) == MEHR_E_IO);
  uint8_t announce[1024];
  CHECK(mehr_announce_build(mine, 1, NULL, (mehr_buf){announce, sizeof announce}, &opened) ==
        MEHR_E_IO);
  mehr_identity_free(mine);
  mehr_identity_free(k.key);

  check_refused(key);
}

/* A whole node on such a key: its links, its announce, its sealed door. */
void test_external_node(void) {
  keeper k = {NULL, 0, 0, 0};
  net n;
  net_start(&n, 2);
  k.key = n.identities[1];
  mehr_identity* const mine = external(&k);
  mehr_node_free(n.nodes[1]);
  const mehr_random random = seeded_random(&n.chance[1]);
  const mehr_now now = at(n.now_ms);
  CHECK(mehr_node_new(mine, &random, NULL, &now, &n.nodes[1]) == MEHR_OK);
  mehr_identity_free(mine);
  net_join(&n, 0, 1, 0);
  net_pass(&n, 30000);
  CHECK(n.seen[0].events[MEHR_NODE_LINK_UP] == 1);
  CHECK(n.seen[0].events[MEHR_NODE_ROUTE_APPEARED] == 1);
  CHECK(k.signs >= 2 && k.agrees == 0);
  CHECK(mehr_node_open_door(n.nodes[0], NULL) == MEHR_OK);
  CHECK(mehr_node_open_door(n.nodes[1], NULL) == MEHR_OK);
  CHECK(mehr_node_send_sealed(n.nodes[0], &n.ids[1], 0xE1, 5, (mehr_bytes){NULL, 0}, NULL) ==
        MEHR_OK);
  net_settle(&n);
  CHECK(k.agrees == 1 && net_counter(&n, 1, "l2.dropped_unhandled") == 1);
  /* A prekey that cannot be signed is not installed. */
  uint8_t bundle[132];
  size_t size = 0;
  k.refuses = 1;
  CHECK(mehr_node_rotate_prekey(n.nodes[1], (mehr_buf){bundle, 132}, &size) == MEHR_E_IO);
  k.refuses = 0;
  CHECK(mehr_node_rotate_prekey(n.nodes[1], (mehr_buf){bundle, 132}, &size) == MEHR_OK);
  CHECK(bundle[32] == 1);
  net_stop(&n);
}
