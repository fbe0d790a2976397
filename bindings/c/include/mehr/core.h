/** @file mehr/core.h
 *  What every header of libmehr's C ABI shares: status codes, views of bytes, ids, hashes, and the
 *  entropy and time that the caller hands in.
 *
 *  Place: the stable face of the C++ core (mehr/core/) for C and for every language that can call
 *  C. Nothing here opens a socket, reads a clock, starts a thread or draws entropy.
 *
 *  Threads: functions without a handle may run anywhere at once. A handle belongs to one thread at
 *  a time; different handles are independent. There is no global set-up or tear-down.
 *
 *  Errors: each function that can fail returns a mehr_status. On failure nothing is written to an
 *  output, except a needed size where the function says so. No C++ exception leaves the library: it
 *  becomes MEHR_E_INTERNAL.
 *
 *  Ownership: views (mehr_bytes, mehr_buf) are borrowed until the call returns, unless a function
 *  says longer. A handle from a *_new-like call ends in its *_free, which takes NULL too; using a
 *  handle after that is undefined and not detected.
 *
 *  Growth: structs that may grow start with `struct_size`, which the matching MEHR_*_INIT sets. The
 *  library reads and writes no further than it says; a field that lies beyond counts as zero, and
 *  zero means the default. Fields are only ever appended. A struct longer than the library knows is
 *  taken when what it does not know is zero (an older library under a newer program), else
 *  MEHR_E_UNSUPPORTED.
 *
 *  All integers are in the machine's own order. Byte layouts on the wire are the library's matter.
 *  Since: ABI 1
 */
#ifndef MEHR_CORE_H
#define MEHR_CORE_H

#include <stddef.h>
#include <stdint.h>

/** Marks what libmehr.so exports. MEHR_BUILDING is set while the library itself is compiled. */
#if defined(_WIN32) && defined(MEHR_BUILDING)
#define MEHR_API __declspec(dllexport)
#elif defined(_WIN32)
#define MEHR_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MEHR_API __attribute__((visibility("default")))
#else
#define MEHR_API
#endif

/** A result that must be looked at. */
#if defined(__GNUC__)
#define MEHR_NODISCARD __attribute__((warn_unused_result))
#else
#define MEHR_NODISCARD
#endif

/** Tells a C++ caller that nothing is thrown. Empty in C. */
#ifdef __cplusplus
#define MEHR_NOEXCEPT noexcept
extern "C" {
#else
#define MEHR_NOEXCEPT
#endif

/* ---- Version -------------------------------------------------------------------------------- */

/** Number of the ABI these headers describe. It rises with every change to them; what was there
 *  before keeps its meaning as long as the library's SONAME stays the same. */
#define MEHR_ABI_VERSION 4

/** The ABI number of the library that was loaded; compare it with MEHR_ABI_VERSION: lower means
 *  that functions of these headers may be missing. Since: ABI 1 */
MEHR_API uint32_t mehr_abi_version(void) MEHR_NOEXCEPT;

/* ---- Status --------------------------------------------------------------------------------- */

/** 0 or one of the negative MEHR_E_* codes. Numbers never change their meaning; a later library may
 *  return codes that these headers do not list, so test `< 0`. Spec: README/2.5 */
typedef int32_t mehr_status;

enum {
  MEHR_OK = 0,
  MEHR_E_TRUNCATED = -1,      /**< input ends before the structure does */
  MEHR_E_TRAILING = -2,       /**< bytes after a complete structure */
  MEHR_E_BAD_VALUE = -3,      /**< a field of the input is outside its allowed range */
  MEHR_E_TOO_BIG = -4,        /**< longer than the layout, the link or the given buffer allows */
  MEHR_E_FULL = -5,           /**< a table or queue is at its limit; try again later */
  MEHR_E_NOT_FOUND = -6,      /**< nothing known under that name */
  MEHR_E_NO_ROUTE = -7,       /**< no link leads towards the destination */
  MEHR_E_NO_KEY = -8,         /**< the public key of that node is not known */
  MEHR_E_BAD_SIGNATURE = -9,  /**< a signature or a key does not verify */
  MEHR_E_BAD_SEAL = -10,      /**< an authenticated ciphertext does not open */
  MEHR_E_REPLAYED = -11,      /**< seen before, or too old to tell */
  MEHR_E_WRONG_STATE = -12,   /**< not possible in the present state */
  MEHR_E_WRONG_VERSION = -13, /**< a protocol version this library does not speak */
  MEHR_E_WRONG_PEER = -14,    /**< somebody else than the one asked for */
  MEHR_E_DENIED = -15,        /**< refused by policy */
  MEHR_E_IO = -16,            /**< the caller's random callback or medium failed */
  MEHR_E_UNSUPPORTED = -17,   /**< not offered by this library */
  MEHR_E_BUSY = -18,          /**< the channel is busy: others speak. Since: ABI 2 */
  MEHR_E_INVALID = -1001,     /**< the caller's mistake: NULL, a bad struct_size, a bad argument */
  MEHR_E_INTERNAL = -1002,    /**< an exception was caught; the call had no effect on its outputs */
  MEHR_E_NO_MEMORY = -1003    /**< an allocation failed */
};

/** A short English sentence about @p status, for logs. Never NULL, static, not to be freed; codes
 *  this library does not know give a sentence that says so. Since: ABI 1 */
MEHR_API const char* mehr_status_text(mehr_status status) MEHR_NOEXCEPT;

/* ---- Views and ids -------------------------------------------------------------------------- */

/** Bytes that the library may read. @p data may be NULL only when @p size is 0. */
typedef struct mehr_bytes {
  const uint8_t* data; /**< borrowed */
  size_t size;         /**< bytes */
} mehr_bytes;

/** Room that the library may write to. Where a function fills one, it stores the length of the
 *  result through `size_t* written`. Given {NULL, 0}, it writes nothing, stores the size that is
 *  enough and returns MEHR_OK. Given too little, it stores that size and returns MEHR_E_TOO_BIG. */
typedef struct mehr_buf {
  uint8_t* data; /**< borrowed */
  size_t size;   /**< bytes of room */
} mehr_buf;

/** NodeID: the first 16 bytes of BLAKE2b-256 of a public key; also a destination. Spec: L0/1 */
typedef struct mehr_id {
  uint8_t bytes[16];
} mehr_id;

/** Ed25519 public key. Spec: L0/1 */
typedef struct mehr_public_key {
  uint8_t bytes[32];
} mehr_public_key;

/** Ed25519 signature. Spec: README/2.2 */
typedef struct mehr_signature {
  uint8_t bytes[64];
} mehr_signature;

/** A 256-bit digest. Spec: README/2.2 */
typedef struct mehr_hash {
  uint8_t bytes[32];
} mehr_hash;

/** The sizes above in bytes, for bindings that cannot evaluate sizeof. Since: ABI 1 */
MEHR_API size_t mehr_id_bytes(void) MEHR_NOEXCEPT;
MEHR_API size_t mehr_public_key_bytes(void) MEHR_NOEXCEPT;
MEHR_API size_t mehr_signature_bytes(void) MEHR_NOEXCEPT;
MEHR_API size_t mehr_hash_bytes(void) MEHR_NOEXCEPT;
/** Size of the secret that an identity is made from: 32. Since: ABI 1 */
MEHR_API size_t mehr_seed_bytes(void) MEHR_NOEXCEPT;

/* ---- What the caller supplies --------------------------------------------------------------- */

/** Where random bytes come from. Copied by each function that takes it; @p user must stay valid as
 *  long as a handle made with it lives, and is not touched afterwards. */
typedef struct mehr_random {
  uint32_t struct_size; /**< set by MEHR_RANDOM_INIT */
  uint32_t reserved;    /**< 0 */
  /** Fills all @p size bytes of @p out with cryptographic random bytes and returns 0. Any other
   *  return, or a C++ exception, makes the call that wanted them fail with MEHR_E_IO or
   *  MEHR_E_INTERNAL and without effect. Called on the caller's thread, within library calls only;
   *  it must not call back into the handle at work. Required. */
  int32_t (*fill)(void* user, uint8_t* out, size_t size);
  void* user; /**< given back to @p fill */
} mehr_random;
#define MEHR_RANDOM_INIT \
  { sizeof(mehr_random), 0, NULL, NULL }

/** The caller's clocks at the moment of a call: time is an argument, the library never asks for it.
 *  Spec: README/2.3 */
typedef struct mehr_now {
  uint32_t struct_size; /**< set by MEHR_NOW_INIT */
  uint32_t reserved;    /**< 0 */
  /** Milliseconds of a clock that never steps and never goes back; its start does not matter. Runs
   *  every timer. UINT64_MAX is not a time: MEHR_E_INVALID. */
  uint64_t steady_ms;
  /** Milliseconds of the node clock, which is told to peers: max(value kept from the last run, Unix
   *  time if known, 0) at start, then in step with @p steady_ms. */
  uint64_t node_ms;
} mehr_now;
#define MEHR_NOW_INIT \
  { sizeof(mehr_now), 0, 0, 0 }

/* ---- Hashes --------------------------------------------------------------------------------- */

/** BLAKE3-256 of @p message: content. Spec: README/2.2 `H`. Since: ABI 1
 *  @retval MEHR_E_INVALID @p out or the view is NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_blake3(mehr_bytes message, mehr_hash* out) MEHR_NOEXCEPT;

/** Unkeyed BLAKE2b with a 32-byte digest: addresses, link keys. Spec: README/2.2 `B2`. Since: ABI 1
 *  @retval MEHR_E_INVALID @p out or the view is NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_b2(mehr_bytes message, mehr_hash* out) MEHR_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MEHR_CORE_H */
