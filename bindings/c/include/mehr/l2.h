/** @file mehr/l2.h
 *  Layer 2: messages sealed from end to end, key files under a passphrase, keys in shares, notices
 *  of compromised keys, and onions.
 *
 *  Place: the C face of mehr/l2/sealed_messenger.h over a mehr_node, which is what a program that
 *  sends and receives wants; and of envelope.h, signed_body.h, key_file.h, share.h, advisory.h and
 *  onion.h as pure functions over the caller's buffers.
 *
 *  Entropy comes from the caller's mehr_random, which is asked before anything is written.
 *
 *  Threads, errors, ownership, struct_size and the rules of mehr_buf: see mehr/core.h.
 *  Since: ABI 3
 */
#ifndef MEHR_L2_H
#define MEHR_L2_H

#include "mehr/core.h"
#include "mehr/l0.h"
#include "mehr/l1.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Messages sealed from end to end -------------------------------------------------------- */

/** Seals @p body to the node with @p recipient so that it alone opens it, for @p context (0 for
 *  anything stored or nested). With @p sender the message carries that identity's proof, bound to
 *  this recipient and envelope; NULL: it says nothing of its sender. The result is 48 bytes longer
 *  than the body, 144 with a proof. Spec: L2/4 E1, SignedBody. Since: ABI 3
 *  @retval MEHR_E_BAD_VALUE @p recipient is no usable key
 *  @retval MEHR_E_TOO_BIG   @p out is too small; the size needed is stored
 *  @retval MEHR_E_IO        the random callback failed
 *  @retval MEHR_E_INVALID   NULL, bad struct_size, a context above 255 */
MEHR_API MEHR_NODISCARD mehr_status mehr_seal(const mehr_public_key* recipient, uint32_t context,
                                              const mehr_identity* sender, mehr_bytes body,
                                              const mehr_random* random, mehr_buf out,
                                              size_t* written) MEHR_NOEXCEPT;

/** Opens what mehr_seal() made for @p identity and @p context. With @p sender not NULL the message
 *  must carry a proof, and whose it is is stored there; with NULL it must carry none: whoever reads
 *  a message knows which kind it is. Whether it was opened before is for the caller to remember, by
 *  its first 16 bytes. Spec: L2/4. Since: ABI 3
 *  @retval MEHR_E_TRUNCATED     shorter than an envelope, or than the proof in it
 *  @retval MEHR_E_BAD_SEAL      not for this identity and context, or changed
 *  @retval MEHR_E_BAD_SIGNATURE the proof does not belong to this message
 *  @retval MEHR_E_BAD_VALUE     a degenerate envelope
 *  @retval MEHR_E_TOO_BIG       @p out is too small; the size needed is stored */
MEHR_API MEHR_NODISCARD mehr_status mehr_open(const mehr_identity* identity, uint32_t context,
                                              mehr_bytes envelope, mehr_buf out, size_t* written,
                                              mehr_public_key* sender) MEHR_NOEXCEPT;

/* ---- Key files ------------------------------------------------------------------------------ */

/** What one guess at the passphrase of a key file costs. Spec: L2/6 */
typedef struct mehr_key_cost {
  uint32_t struct_size; /**< set by MEHR_KEY_COST_INIT */
  uint32_t memory_kib;  /**< 8,192 to 4,194,304; 0 = 262,144 */
  uint32_t passes;      /**< 1 to 64; 0 = 3 */
  uint32_t reserved;    /**< 0 */
} mehr_key_cost;
#define MEHR_KEY_COST_INIT \
  { sizeof(mehr_key_cost), 0, 0, 0 }

/** Seals @p identity under @p passphrase (UTF-8, 1 to 1,024 bytes): 96 bytes to keep in a file.
 *  Takes the memory and the time that @p cost says; NULL: the defaults. Spec: L2/6. Since: ABI 3
 *  @retval MEHR_E_BAD_VALUE a cost out of range
 *  @retval MEHR_E_UNSUPPORTED the identity's key is kept elsewhere
 *  @retval MEHR_E_FULL      that much memory cannot be had
 *  @retval MEHR_E_IO        the random callback failed
 *  @retval MEHR_E_INVALID   NULL, bad struct_size, an empty or too long passphrase */
MEHR_API MEHR_NODISCARD mehr_status mehr_key_file_seal(const mehr_identity* identity,
                                                       mehr_bytes passphrase,
                                                       const mehr_key_cost* cost,
                                                       const mehr_random* random, mehr_buf out,
                                                       size_t* written) MEHR_NOEXCEPT;

/** The identity in a key file. What the file may cost is judged before any work. Since: ABI 3
 *  @retval MEHR_E_TRUNCATED, MEHR_E_TRAILING not 96 bytes
 *  @retval MEHR_E_BAD_VALUE no key file, or one whose costs are out of range
 *  @retval MEHR_E_BAD_SEAL  the passphrase is wrong, or the file is damaged
 *  @retval MEHR_E_FULL      the memory it asks for cannot be had */
MEHR_API MEHR_NODISCARD mehr_status mehr_key_file_open(mehr_bytes file, mehr_bytes passphrase,
                                                       mehr_identity** out) MEHR_NOEXCEPT;

/* ---- Shares --------------------------------------------------------------------------------- */

/** One share as people write it down: 85 characters and a zero. It is a secret. In an array this
 *  struct never grows. Spec: L2/6 Share */
typedef struct mehr_share {
  char text[88]; /**< zero-terminated */
} mehr_share;

/** Makes @p total shares of @p identity, any @p needed of which give it back and fewer nothing.
 *  The caller wipes them. Since: ABI 3
 *  @retval MEHR_E_BAD_VALUE not 2 <= needed <= total <= 255
 *  @retval MEHR_E_UNSUPPORTED the identity's key is kept elsewhere
 *  @retval MEHR_E_IO        the random callback failed */
MEHR_API MEHR_NODISCARD mehr_status mehr_shares_split(const mehr_identity* identity,
                                                      uint32_t needed, uint32_t total,
                                                      const mehr_random* random,
                                                      mehr_share* out) MEHR_NOEXCEPT;

/** The identity that @p count shares, as texts, were made of; case, blanks and hyphens do not
 *  matter. Since: ABI 3
 *  @retval MEHR_E_TRUNCATED too few shares, or one that is too short
 *  @retval MEHR_E_TRAILING  one that is too long
 *  @retval MEHR_E_BAD_VALUE a typing mistake, shares of different keys, or one twice
 *  @retval MEHR_E_BAD_SEAL  they do not fit each other
 *  @retval MEHR_E_INVALID   NULL, no or over 255 shares */
MEHR_API MEHR_NODISCARD mehr_status mehr_shares_combine(const char* const* texts, size_t count,
                                                        mehr_identity** out) MEHR_NOEXCEPT;

/* ---- Compromised keys ----------------------------------------------------------------------- */

/** What an advisory says. Spec: L2/6.1 */
typedef struct mehr_advisory {
  uint32_t struct_size;        /**< set by MEHR_ADVISORY_INIT */
  uint32_t signed_by_both;     /**< 1: the successor signed too */
  mehr_public_key compromised; /**< the key it is about */
  mehr_public_key successor;   /**< zero: none is named */
  uint64_t sequence;           /**< a later one replaces an earlier */
  uint64_t timestamp;          /**< as its maker had it; informational */
} mehr_advisory;
#define MEHR_ADVISORY_INIT \
  { sizeof(mehr_advisory), 0, {{0}}, {{0}}, 0, 0 }

/** Signs that @p compromised is in other hands; with @p successor both sign that it follows.
 *  209 bytes with a successor, else 145. Since: ABI 3
 *  @retval MEHR_E_INVALID NULL, or a successor that is the key itself
 *  @retval MEHR_E_IO whoever keeps the key did not sign */
MEHR_API MEHR_NODISCARD mehr_status mehr_advisory_build(const mehr_identity* compromised,
                                                        const mehr_identity* successor,
                                                        uint64_t sequence, uint64_t timestamp,
                                                        mehr_buf out,
                                                        size_t* written) MEHR_NOEXCEPT;

/** Reads an advisory and checks its signatures; @p out may be NULL. Since: ABI 3
 *  @retval MEHR_E_TRUNCATED, MEHR_E_TRAILING, MEHR_E_BAD_VALUE no advisory
 *  @retval MEHR_E_BAD_SIGNATURE not signed by the keys it names */
MEHR_API MEHR_NODISCARD mehr_status mehr_advisory_verify(mehr_bytes advisory,
                                                         mehr_advisory* out) MEHR_NOEXCEPT;

/** Commits @p owner to the key that will follow it: 136 bytes to publish at once. Since: ABI 3
 *  @retval MEHR_E_IO whoever keeps the key did not sign */
MEHR_API MEHR_NODISCARD mehr_status mehr_commitment_build(const mehr_identity* owner,
                                                          const mehr_public_key* next, mehr_buf out,
                                                          size_t* written) MEHR_NOEXCEPT;

/** Checks a commitment, and with @p next not NULL that it is to that key. Since: ABI 3
 *  @retval MEHR_E_BAD_SIGNATURE not signed by its owner
 *  @retval MEHR_E_WRONG_PEER    to another key */
MEHR_API MEHR_NODISCARD mehr_status
mehr_commitment_verify(mehr_bytes commitment, const mehr_public_key* next) MEHR_NOEXCEPT;

/* ---- Onions --------------------------------------------------------------------------------- */

/** Sizes of onion packets, by the narrowest link of their way. Spec: L2/5 */
enum {
  MEHR_ONION_CONSTRAINED = 0, /**< 465 bytes */
  MEHR_ONION_STANDARD = 1,    /**< 1,481 bytes */
  MEHR_ONION_BULK = 2         /**< 4,077 bytes */
};

/** Longest data of an onion of that size through @p hops relays; 0 for what is none. Since: ABI 3
 */
MEHR_API size_t mehr_onion_capacity(uint32_t size, size_t hops) MEHR_NOEXCEPT;

/** Wraps @p data for @p destination, as DATA of @p context, in a layer for each of the @p hops
 *  relays, 1 to 8. The result goes to the first relay as DATA of context 0xE4. Choosing relays is
 *  the caller's matter. Since: ABI 3
 *  @retval MEHR_E_BAD_VALUE no relay, over 8, or an unusable key
 *  @retval MEHR_E_TOO_BIG   more data than fits, or @p out is too small
 *  @retval MEHR_E_IO        the random callback failed */
MEHR_API MEHR_NODISCARD mehr_status mehr_onion_build(uint32_t size, const mehr_public_key* relays,
                                                     size_t hops, const mehr_id* destination,
                                                     uint32_t context, mehr_bytes data,
                                                     const mehr_random* random, mehr_buf out,
                                                     size_t* written) MEHR_NOEXCEPT;

/** A relay's memory of the layers it has taken off. Opaque; one thread at a time. */
typedef struct mehr_onion_relay mehr_onion_relay;

/** A relay that remembers @p layers of them for an hour; 0 = 4,096. It holds the identity itself.
 *  Since: ABI 3
 *  @retval MEHR_E_INVALID NULL, over 1,000,000 layers
 *  @retval MEHR_E_IO      the random callback failed */
MEHR_API MEHR_NODISCARD mehr_status mehr_onion_relay_new(const mehr_identity* identity,
                                                         size_t layers, const mehr_random* random,
                                                         mehr_onion_relay** out) MEHR_NOEXCEPT;
/** NULL is fine. Since: ABI 3 */
MEHR_API void mehr_onion_relay_free(mehr_onion_relay* relay) MEHR_NOEXCEPT;

/** What came out of a layer. */
enum {
  MEHR_ONION_FORWARD = 0, /**< an onion of the same size, for `to`, context 0xE4 */
  MEHR_ONION_EXIT = 1,    /**< data for `to`, of `context` */
  MEHR_ONION_COVER = 2    /**< nothing: it was cover traffic */
};
typedef struct mehr_peeled {
  uint32_t struct_size; /**< set by MEHR_PEELED_INIT */
  uint32_t kind;        /**< MEHR_ONION_FORWARD, _EXIT or _COVER */
  mehr_id to;           /**< zero for cover */
  uint32_t context;     /**< of the data at the exit */
  uint32_t reserved;    /**< 0 */
} mehr_peeled;
#define MEHR_PEELED_INIT \
  { sizeof(mehr_peeled), 0, {{0}}, 0, 0 }

/** Takes this relay's layer off. @p out needs as much room as @p onion has. Since: ABI 3
 *  @retval MEHR_E_BAD_VALUE no onion's size, another version, or nonsense inside
 *  @retval MEHR_E_BAD_SEAL  not for this relay, or changed
 *  @retval MEHR_E_REPLAYED  seen within the hour
 *  @retval MEHR_E_TOO_BIG   @p out is smaller than @p onion */
MEHR_API MEHR_NODISCARD mehr_status mehr_onion_peel(mehr_onion_relay* relay, mehr_bytes onion,
                                                    const mehr_now* now, mehr_buf out,
                                                    size_t* written,
                                                    mehr_peeled* what) MEHR_NOEXCEPT;

/* ---- A node's sealed door ------------------------------------------------------------------- */

typedef struct mehr_door_opts {
  uint32_t struct_size; /**< set by MEHR_DOOR_OPTS_INIT */
  uint32_t onion_hops;  /**< relays of MEHR_SEND_ONION, 1 to 8; 0 = 3 */
  uint32_t cover;       /**< 1: as mehr_node_set_cover(node, 1) */
  uint32_t last_prekey; /**< highest prekey id of an earlier run, kept by the caller; 0 = none */
} mehr_door_opts;
#define MEHR_DOOR_OPTS_INIT \
  { sizeof(mehr_door_opts), 0, 0, 0 }

/** Opens the node's sealed door: from here on it takes contexts 0xE0 to 0xE4 and 0xF3 to 0xF9 of
 *  mehr_node_on_message(), opens what is sealed to the node, and relays onions. @p opts may be
 * NULL. Outermost. Spec: L2/4, L2/5, README/3. Since: ABI 4
 *  @retval MEHR_E_WRONG_STATE it is open already
 *  @retval MEHR_E_INVALID     NULL, bad struct_size, a field outside its range
 *  @retval MEHR_E_IO          the random callback failed */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_open_door(mehr_node* node,
                                                        const mehr_door_opts* opts) MEHR_NOEXCEPT;

/** A message that was sealed to this node, opened, and never seen before. */
typedef struct mehr_sealed_message {
  uint32_t struct_size;   /**< set by the library: what it knows of this struct */
  uint32_t context;       /**< as its sender chose it */
  uint32_t port;          /**< port of a datagram, sub-type of a message */
  uint32_t proven;        /**< 1: `sender` is proven; 0: it says nothing of its sender */
  uint32_t link;          /**< by which it came; a relay's, unless it was sent one hop */
  uint32_t reserved;      /**< 0 */
  mehr_public_key sender; /**< zero unless proven */
  mehr_bytes body;        /**< as it was sent */
} mehr_sealed_message;

typedef void (*mehr_sealed_fn)(void* user, const mehr_sealed_message* message);

/** Messages of @p context and @p port go to @p handler from now on, in place of an earlier one;
 * NULL ends that. Contexts 0xE0 to 0xE3 carry datagrams with ports 0 to 65535, those from 32768 on
 * with a proof of their sender; 0xF3 to 0xF9 carry messages with sub-types 1 to 255. Since: ABI 4
 *  @retval MEHR_E_WRONG_STATE the door is not open
 *  @retval MEHR_E_INVALID     NULL node, another context or port */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_on_sealed(mehr_node* node, uint32_t context,
                                                        uint32_t port, mehr_sealed_fn handler,
                                                        void* user) MEHR_NOEXCEPT;

/** Bits of mehr_send_opts.flags that mehr_node_send_sealed() knows besides MEHR_SEND_PAD_TO_MTU. */
enum {
  MEHR_SEND_PROVEN = 2,  /**< the message proves its sender inside the seal */
  MEHR_SEND_ONE_HOP = 4, /**< to a neighbour, inside its link */
  MEHR_SEND_ONION = 8    /**< through relays that do not know both ends */
};

/** Seals @p body so that @p to alone opens it, to a prekey where one is known, and sends it. @p
 * opts is as for mehr_node_send(), may be NULL, and knows three flags more: of messages on 0xF3 to
 * 0xF9 MEHR_SEND_PROVEN and MEHR_SEND_ONE_HOP, and MEHR_SEND_ONION, which cannot go with the
 * latter. Messages may be longer than a packet: they go in segments, and arrive whole or not at
 * all. Since: ABI 4
 *  @retval MEHR_E_NO_KEY      the key of @p to is not known: mehr_node_seek() asks for it
 *  @retval MEHR_E_NO_ROUTE    no link leads towards it
 *  @retval MEHR_E_NOT_FOUND   too few relays are known for an onion
 *  @retval MEHR_E_TOO_BIG     over mehr_node_max_sealed(), of messages over 65,386 bytes
 *  @retval MEHR_E_FULL        queues are full: MEHR_NODE_WRITABLE comes
 *  @retval MEHR_E_WRONG_STATE the door is not open
 *  @retval MEHR_E_INVALID     NULL, another context or port, flags that do not go together or with
 *                             the context; else as mehr_node_send()
 *  @retval MEHR_E_UNSUPPORTED an unknown flag */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_send_sealed(mehr_node* node, const mehr_id* to,
                                                          uint32_t context, uint32_t port,
                                                          mehr_bytes body,
                                                          const mehr_send_opts* opts) MEHR_NOEXCEPT;

/** Longest body of a datagram that surely fits on the way to @p to now; 0 without a route, without
 *  an open door, and for NULL. Since: ABI 4 */
MEHR_API size_t mehr_node_max_sealed(const mehr_node* node, const mehr_id* to) MEHR_NOEXCEPT;

/** With @p cover 1 the node sends an onion a minute to a random relay that drops it; 0 ends that.
 *  Since: ABI 4
 *  @retval MEHR_E_WRONG_STATE the door is not open
 *  @retval MEHR_E_INVALID     NULL, neither 0 nor 1 */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_set_cover(mehr_node* node,
                                                        uint32_t cover) MEHR_NOEXCEPT;

/** Makes a new prekey and gives its bundle, 132 bytes, to hand to whoever writes to this node: what
 *  they seal to it stays closed when the node's key is stolen later. Due every 7 days; the last
 * four are understood for 14 days after they were replaced, and not after a restart. Asking for the
 * size makes none. Outermost. Spec: L2/4 PrekeyBundle. Since: ABI 4
 *  @retval MEHR_E_WRONG_STATE the door is not open
 *  @retval MEHR_E_TOO_BIG     too little room; nothing was made
 *  @retval MEHR_E_IO          the random callback failed
 *  @retval MEHR_E_INVALID     NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_rotate_prekey(mehr_node* node, mehr_buf out,
                                                            size_t* written) MEHR_NOEXCEPT;

/** Takes another node's bundle up. Since: ABI 4
 *  @retval MEHR_E_BAD_SIGNATURE its own identity did not sign it
 *  @retval MEHR_E_REPLAYED      one with this or a higher id is known
 *  @retval MEHR_E_BAD_VALUE     an unusable key
 *  @retval MEHR_E_TRUNCATED, MEHR_E_TRAILING not 132 bytes
 *  @retval MEHR_E_WRONG_STATE   the door is not open */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_learn_prekey(mehr_node* node,
                                                           mehr_bytes bundle) MEHR_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MEHR_L2_H */
