#include <string.h>

#include "check.h"

void test_core(void) {
  CHECK(mehr_abi_version() == MEHR_ABI_VERSION);
  CHECK(mehr_id_bytes() == sizeof(mehr_id) && mehr_id_bytes() == 16);
  CHECK(mehr_public_key_bytes() == sizeof(mehr_public_key) && mehr_public_key_bytes() == 32);
  CHECK(mehr_signature_bytes() == sizeof(mehr_signature) && mehr_signature_bytes() == 64);
  CHECK(mehr_hash_bytes() == sizeof(mehr_hash) && mehr_hash_bytes() == 32);
  CHECK(mehr_seed_bytes() == 32);

  const char* unknown = mehr_status_text(-99);
  for (mehr_status status = 0; status >= MEHR_E_BUSY; --status) {
    CHECK(mehr_status_text(status) != unknown);
  }
  for (mehr_status status = MEHR_E_INVALID; status >= MEHR_E_NO_MEMORY; --status) {
    CHECK(mehr_status_text(status) != unknown);
  }
  CHECK(mehr_status_text(1) == unknown && strlen(unknown) > 0);

  uint8_t expected[32];
  mehr_hash digest;
  const mehr_bytes empty = {NULL, 0};
  CHECK(mehr_blake3(empty, &digest) == MEHR_OK);
  from_hex("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", expected, 32);
  CHECK(same(digest.bytes, expected, 32));
  CHECK(mehr_b2(empty, &digest) == MEHR_OK);
  from_hex("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8", expected, 32);
  CHECK(same(digest.bytes, expected, 32));
  CHECK(mehr_b2((mehr_bytes){(const uint8_t*)"abc", 3}, &digest) == MEHR_OK);
  from_hex("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319", expected, 32);
  CHECK(same(digest.bytes, expected, 32));
}

/* spec: L0 property 1 */
void test_identity(void) {
  uint8_t expected[32];
  mehr_identity* identity = identity_from(0x00);
  mehr_id id;
  mehr_public_key key;
  CHECK(mehr_identity_node_id(identity, &id) == MEHR_OK);
  from_hex("9d24e2eeaf27c2a088a564a32fc03a88", expected, 16);
  CHECK(same(id.bytes, expected, 16));
  CHECK(mehr_identity_public_key(identity, &key) == MEHR_OK);
  CHECK(key.bytes[0] == 0x03 && key.bytes[1] == 0xa1 && key.bytes[30] == 0x31);
  mehr_id again;
  CHECK(mehr_node_id_of(&key, &again) == MEHR_OK && same(&id, &again, sizeof id));

  uint8_t seed[32] = {0};
  size_t written = 0;
  CHECK(mehr_identity_seed(identity, kQuery, &written) == MEHR_OK && written == 32);
  written = 0;
  CHECK(mehr_identity_seed(identity, (mehr_buf){seed, 31}, &written) == MEHR_E_TOO_BIG);
  CHECK(written == 32 && seed[1] == 0);
  CHECK(mehr_identity_seed(identity, ROOM(seed), &written) == MEHR_OK);
  CHECK(seed[0] == 0 && seed[31] == 31);

  const mehr_bytes message = {(const uint8_t*)"a message", 9};
  mehr_signature signature;
  CHECK(mehr_identity_sign(identity, "test-label", message, &signature) == MEHR_OK);
  CHECK(mehr_verify(&key, "test-label", message, &signature) == MEHR_OK);
  CHECK(mehr_verify(&key, "test-labem", message, &signature) == MEHR_E_BAD_SIGNATURE);
  CHECK(mehr_verify(&key, "test-label", (mehr_bytes){message.data, 8}, &signature) ==
        MEHR_E_BAD_SIGNATURE);
  signature.bytes[5] ^= 1;
  CHECK(mehr_verify(&key, "test-label", message, &signature) == MEHR_E_BAD_SIGNATURE);

  /* spec: L2/1, nobody signs exactly 32 bytes; one more or one less is fine. */
  uint8_t long_message[23] = {0};
  memset(&signature, 0, sizeof signature);
  CHECK(mehr_identity_sign(identity, "test-label", (mehr_bytes){long_message, 22}, &signature) ==
        MEHR_E_DENIED);
  CHECK(signature.bytes[0] == 0 && signature.bytes[63] == 0);
  CHECK(mehr_identity_sign(identity, "test-label", (mehr_bytes){long_message, 21}, &signature) ==
        MEHR_OK);
  CHECK(mehr_identity_sign(identity, "test-label", (mehr_bytes){long_message, 23}, &signature) ==
        MEHR_OK);
  CHECK(mehr_identity_sign(identity, "abcdefghijklmnopqrstuvwxyz012345", (mehr_bytes){NULL, 0},
                           &signature) == MEHR_E_DENIED);
  mehr_identity_free(identity);

  uint8_t value = 0x42;
  const mehr_random random = constant_random(&value);
  REQUIRE(mehr_identity_generate(&random, &identity) == MEHR_OK);
  CHECK(mehr_identity_seed(identity, ROOM(seed), &written) == MEHR_OK && seed[31] == 0x42);
  mehr_identity_free(identity);
  mehr_identity_free(NULL);
}
