/** @file mehr/l0.h
 *  Identities, announces and secure links: layer 0 of libmehr, and the announce of layer 1.
 *
 *  Place: the C face of mehr/l0/ and of mehr/l1/announce.h. A port of the caller's own moves the
 *  frames; this library says which frames to send and what the received ones mean.
 *
 *  Machine: a mehr_link is one link to one neighbour. Give it what happens with
 *  mehr_link_step() and mehr_link_open(), take what is to be done with mehr_link_poll()
 *  until it says MEHR_ACTION_NONE, and step a MEHR_EVENT_TIMER at
 *  mehr_link_next_deadline_ms(). The link calls nothing back but its random callback.
 *
 *  Bounds: a link is of fixed size: at most two keys, 8 waiting actions, one frame of 4,120 bytes.
 *  Whatever a peer sends, it does not grow.
 *
 *  Failure: what a stranger sends is refused with a status or dropped; a bad DATA frame never
 *  ends a link. A broken handshake ends a link on a stream (MEHR_ACTION_CLOSED) and is only
 *  refused on datagrams, where anybody can inject.
 *
 *  Threads, errors, ownership and struct_size: see mehr/core.h.
 *
 *  A link from both ends, each line naming whose it is:
 *
 *      initiator  mehr_link_initiate()            poll: SEND INIT
 *      responder  mehr_frame_inspect(): INIT      mehr_link_respond(), poll: SEND RESP
 *      initiator  step(FRAME RESP)                poll: SEND AUTH, OPENED
 *      responder  step(FRAME AUTH)                poll: OPENED, SEND (a first Ping)
 *      either     mehr_link_seal() -> the medium  the medium -> mehr_link_open()
 *      either     step(CLOSE)                     poll: SEND (CLOSE), CLOSED
 *
 *  Since: ABI 1
 */
#ifndef MEHR_L0_H
#define MEHR_L0_H

#include "mehr/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Identity ------------------------------------------------------------------------------- */

/** One Ed25519 key and what follows from it. Opaque; immutable, so it may be used by several
 *  threads at once. The secret is wiped when the last holder lets go. Spec: L0/1 */
typedef struct mehr_identity mehr_identity;

/** The identity of a stored seed of exactly 32 secret bytes. The caller's copy stays
 *  the caller's to wipe. On success @p out owns a handle for mehr_identity_free().
 *  Spec: L0/1. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL, or a seed of another size */
MEHR_API MEHR_NODISCARD mehr_status mehr_identity_from_seed(mehr_bytes seed,
                                                            mehr_identity** out) MEHR_NOEXCEPT;

/** A fresh identity; draws 32 bytes from @p random. Keep its seed with mehr_identity_seed().
 *  Spec: L0/2 generate_identity. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL, bad struct_size, or no `fill`
 *  @retval MEHR_E_IO      the random callback failed */
MEHR_API MEHR_NODISCARD mehr_status mehr_identity_generate(const mehr_random* random,
                                                           mehr_identity** out) MEHR_NOEXCEPT;

/** Signs @p message with the key, Ed25519, whole as it is given: MEHR_OK, or anything else when it
 *  was not done. What it was for then fails: a link is refused, an announce believed by nobody. */
typedef mehr_status (*mehr_sign_fn)(void* user, mehr_bytes message, mehr_signature* out);
/** X25519 of the key's long-term form (of its seed, as RFC 8032 and RFC 7748 have them) with the 32
 *  bytes of @p peer, into the 32 bytes of @p shared. Likewise. Spec: L0/1 */
typedef mehr_status (*mehr_agree_fn)(void* user, const uint8_t* peer, uint8_t* shared);

/** Whoever keeps a key that does not leave its place: a hardware element, a key service. Copied;
 *  both callbacks are made from the thread of the call that needs them and may call nothing here;
 *  @p user must stay valid as long as anything made with the identity lives. */
typedef struct mehr_signer {
  uint32_t struct_size; /**< set by MEHR_SIGNER_INIT */
  uint32_t reserved;    /**< 0 */
  mehr_sign_fn sign;    /**< required */
  mehr_agree_fn agree;  /**< required */
  void* user;           /**< given back to both */
} mehr_signer;
#define MEHR_SIGNER_INIT \
  { sizeof(mehr_signer), 0, NULL, NULL, NULL }

/** An identity whose key is kept elsewhere. It does what any other does, but has no seed: there is
 *  none to ask for, to seal in a file or to split. Spec: README/7. Since: ABI 4
 *  @retval MEHR_E_BAD_VALUE @p key is no usable key
 *  @retval MEHR_E_INVALID   NULL, bad struct_size, a callback missing */
MEHR_API MEHR_NODISCARD mehr_status mehr_identity_external(const mehr_public_key* key,
                                                           const mehr_signer* signer,
                                                           mehr_identity** out) MEHR_NOEXCEPT;

/** Lets go of the handle; NULL is fine. Links made with it keep their own hold. Since: ABI 1 */
MEHR_API void mehr_identity_free(mehr_identity* identity) MEHR_NOEXCEPT;

/** The NodeID. Spec: L0/1. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_identity_node_id(const mehr_identity* identity,
                                                          mehr_id* out) MEHR_NOEXCEPT;

/** The public key. Spec: L0/1. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_identity_public_key(const mehr_identity* identity,
                                                             mehr_public_key* out) MEHR_NOEXCEPT;

/** The 32 secret bytes, for keeping them where only this node can read. The caller wipes them.
 *  @p written as for every mehr_buf. Since: ABI 1
 *  @retval MEHR_E_UNSUPPORTED the key is kept elsewhere
 *  @retval MEHR_E_INVALID NULL
 *  @retval MEHR_E_TOO_BIG less than 32 bytes of room */
MEHR_API MEHR_NODISCARD mehr_status mehr_identity_seed(const mehr_identity* identity, mehr_buf out,
                                                       size_t* written) MEHR_NOEXCEPT;

/** Signs @p label followed by @p message. @p label is printable ASCII of 1 to 64 characters, ended
 *  by a zero that is not signed; native ones are listed in README/4.7. Spec: README/2.2. Since: ABI
 * 1
 *  @retval MEHR_E_IO      whoever keeps the key did not sign
 *  @retval MEHR_E_INVALID NULL, or a label of another form
 *  @retval MEHR_E_DENIED  label and message are 32 bytes together: such a signature would give the
 *                         key away beside a VRF proof (spec: L2/1) */
MEHR_API MEHR_NODISCARD mehr_status mehr_identity_sign(const mehr_identity* identity,
                                                       const char* label, mehr_bytes message,
                                                       mehr_signature* out) MEHR_NOEXCEPT;

/** Checks what mehr_identity_sign() made, by the strict rules of L2/1. Since: ABI 1
 *  @retval MEHR_OK              @p signature is that of @p key
 *  @retval MEHR_E_BAD_SIGNATURE it is not, or the key is no valid point
 *  @retval MEHR_E_INVALID       NULL, or a label of another form */
MEHR_API MEHR_NODISCARD mehr_status mehr_verify(const mehr_public_key* key, const char* label,
                                                mehr_bytes message,
                                                const mehr_signature* signature) MEHR_NOEXCEPT;

/** NodeID of any public key; the key is not checked. Spec: L0/1. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_id_of(const mehr_public_key* key,
                                                    mehr_id* out) MEHR_NOEXCEPT;

/* ---- Announce ------------------------------------------------------------------------------- */

/** What an announce may carry beside the identity. */
typedef struct mehr_announce_opts {
  uint32_t struct_size; /**< set by MEHR_ANNOUNCE_OPTS_INIT */
  uint32_t max_hops;    /**< links to cross, 1..128; 0 = 128 */
  mehr_bytes tlvs;      /**< extension fields (type, length, data), up to 308 bytes; empty = none */
} mehr_announce_opts;
#define MEHR_ANNOUNCE_OPTS_INIT                \
  {                                            \
    sizeof(mehr_announce_opts), 0, { NULL, 0 } \
  }

/** Makes the announce packet of @p identity: 132 to 440 bytes, to be sealed into each link.
 *  @p emitted must rise with every announce of this identity, across restarts too:
 *  max(previous + 1, node clock). @p opts may be NULL. Spec: L1/3, L1/4. Since: ABI 1
 *  @retval MEHR_E_INVALID   NULL, bad struct_size, max_hops over 128
 *  @retval MEHR_E_BAD_VALUE an extension field runs past the end
 *  @retval MEHR_E_TOO_BIG   over 308 bytes of fields (@p written is then untouched), or too little
 *                           room
 *  @retval MEHR_E_IO whoever keeps the key did not sign */
MEHR_API MEHR_NODISCARD mehr_status mehr_announce_build(const mehr_identity* identity,
                                                        uint64_t emitted,
                                                        const mehr_announce_opts* opts,
                                                        mehr_buf out,
                                                        size_t* written) MEHR_NOEXCEPT;

/** What an announce says. The path cost is not signed: each relay rewrites it. Spec: L1/2 to L1/4
 */
typedef struct mehr_announce {
  uint32_t struct_size;     /**< set by MEHR_ANNOUNCE_INIT */
  uint32_t hops;            /**< header count as received, 0..127 */
  uint64_t emitted;         /**< higher is newer, per origin */
  mehr_id origin;           /**< who announces */
  mehr_public_key key;      /**< its key; origin is the NodeID of it */
  uint32_t version;         /**< protocol version: major << 4 | minor */
  uint32_t path_cost_code;  /**< price: 16 steps per octave of uMHR per byte; 65535 unknown */
  uint32_t path_latency_ms; /**< worst one-way latency of a hop, milliseconds */
  uint32_t path_rate_code;  /**< narrowest hop: 8 steps per octave of bits per second */
  uint32_t path_hops;       /**< Mehr relays passed */
  uint32_t path_mtu_code;   /**< smallest MTU: 4 steps per octave of bytes */
  mehr_bytes tlvs;          /**< points into the packet that was given */
} mehr_announce;
#define MEHR_ANNOUNCE_INIT                                                   \
  {                                                                          \
    sizeof(mehr_announce), 0, 0, {{0}}, {{0}}, 0, 0, 0, 0, 0, 0, { NULL, 0 } \
  }

/** Checks an announce packet: layout, origin against key, signature. @p out may be NULL when only
 *  the verdict matters; otherwise it is filled on success, with views into @p packet.
 *  Spec: L1/3, L1/4. Since: ABI 1
 *  @retval MEHR_E_TRUNCATED, MEHR_E_BAD_VALUE, MEHR_E_TOO_BIG  not an announce
 *  @retval MEHR_E_WRONG_PEER    the destination is not the NodeID of the key inside
 *  @retval MEHR_E_BAD_SIGNATURE not signed by that key
 *  @retval MEHR_E_INVALID       NULL view, bad struct_size */
MEHR_API MEHR_NODISCARD mehr_status mehr_announce_verify(mehr_bytes packet,
                                                         mehr_announce* out) MEHR_NOEXCEPT;

/* ---- Frames --------------------------------------------------------------------------------- */

/** Kinds of frame, and where each goes. Spec: L0/5.1 */
enum {
  MEHR_FRAME_OTHER = 0, /**< not a link frame: a clear packet, beacon, broadcast or nonsense */
  MEHR_FRAME_INIT = 1, /**< mehr_link_respond(), or step() of the link that answers the same INIT */
  MEHR_FRAME_RESP = 2, /**< step() of the link whose own id is link_id */
  MEHR_FRAME_AUTH = 3, /**< step() of the link whose own id is link_id */
  MEHR_FRAME_DATA = 4  /**< open() of the link whose own id is link_id */
};

typedef struct mehr_frame_info {
  uint32_t struct_size; /**< set by MEHR_FRAME_INFO_INIT */
  uint32_t kind;        /**< MEHR_FRAME_* */
  uint32_t link_id;     /**< the receiver's link id; 0 for INIT and OTHER */
} mehr_frame_info;
#define MEHR_FRAME_INFO_INIT \
  { sizeof(mehr_frame_info), 0, 0 }

/** Says what a received frame is and which link it names, so that a caller with many links finds
 *  the right one. Judges the first bytes only. Spec: L0/5.1, L0/5.2. Since: ABI 1
 *  @retval MEHR_E_TRUNCATED the frame ends before its link id, or is empty
 *  @retval MEHR_E_INVALID   NULL, bad struct_size */
MEHR_API MEHR_NODISCARD mehr_status mehr_frame_inspect(mehr_bytes frame,
                                                       mehr_frame_info* out) MEHR_NOEXCEPT;

/* ---- Link ----------------------------------------------------------------------------------- */

/** One link to one neighbour. Opaque; one thread at a time. Spec: L0/5 */
typedef struct mehr_link mehr_link;

/** Feature bits told to the peer; unknown ones are ignored. Spec: L0/5.3 */
enum {
  MEHR_FEATURE_L1_RELAY = 1,
  MEHR_FEATURE_L2_NODE = 2,
  MEHR_FEATURE_GOSSIP = 4,
  MEHR_FEATURE_BRIDGE = 8,
  MEHR_FEATURE_POST_QUANTUM = 16
};

/** What carries the frames. Spec: L0/5.7 */
enum {
  MEHR_MEDIUM_STREAM = 0,  /**< point-to-point, ordered, without loss: nothing is resent */
  MEHR_MEDIUM_DATAGRAM = 1 /**< frames may be lost, repeated, reordered or injected */
};

typedef struct mehr_link_opts {
  uint32_t struct_size;   /**< set by MEHR_LINK_OPTS_INIT */
  uint32_t mtu;           /**< message bytes this side takes, 484..65535; 0 = 4096. Spec: L0/6 */
  uint32_t features;      /**< MEHR_FEATURE_*; 0 = none */
  uint32_t medium;        /**< MEHR_MEDIUM_*; 0 = stream */
  uint64_t bandwidth_bps; /**< nominal, bits per second: sets timeouts and rekeying; 0 = 10^9 */
  uint32_t link_id;  /**< own id, 1..65535, unlike that of any other link; 0 = drawn at random */
  uint32_t reserved; /**< 0 */
  mehr_id expected_peer; /**< who must answer; all zero = anybody. Initiator only */
} mehr_link_opts;
#define MEHR_LINK_OPTS_INIT                     \
  {                                             \
    sizeof(mehr_link_opts), 0, 0, 0, 0, 0, 0, { \
      { 0 }                                     \
    }                                           \
  }

/** Starts a link that this node asks for; MEHR_ACTION_SEND with INIT waits to be polled. Draws 64
 *  bytes from @p random, and before later steps as many as were used. @p opts may be
 *  NULL; @p random is copied; @p identity may be freed at once.
 *  Spec: L0/5.2, L0/5.7. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL, bad struct_size, a field outside its range
 *  @retval MEHR_E_IO      the random callback failed */
MEHR_API MEHR_NODISCARD mehr_status mehr_link_initiate(const mehr_identity* identity,
                                                       const mehr_random* random,
                                                       const mehr_link_opts* opts,
                                                       const mehr_now* now,
                                                       mehr_link** out) MEHR_NOEXCEPT;

/** Answers the INIT in @p init; MEHR_ACTION_SEND with RESP waits to be polled. Count what a source
 *  address may ask for before calling this: every call costs a key agreement and a signature
 *  (spec: L0/5.7 has the limits). Otherwise as mehr_link_initiate(). Since: ABI 1
 *  @retval MEHR_E_TRUNCATED, MEHR_E_TRAILING, MEHR_E_BAD_VALUE  not an INIT, or a degenerate key
 *  @retval MEHR_E_WRONG_VERSION another major protocol version
 *  @retval MEHR_E_WRONG_PEER    meant for another node
 *  @retval MEHR_E_INVALID       as above, or an expected_peer: look at the peer once it is open */
MEHR_API MEHR_NODISCARD mehr_status mehr_link_respond(const mehr_identity* identity,
                                                      const mehr_random* random,
                                                      const mehr_link_opts* opts, mehr_bytes init,
                                                      const mehr_now* now,
                                                      mehr_link** out) MEHR_NOEXCEPT;

/** Forgets the link at once, without a CLOSE; wipes its keys; NULL is fine. No callback and no
 *  access to what was handed in happens afterwards. Since: ABI 1 */
MEHR_API void mehr_link_free(mehr_link* link) MEHR_NOEXCEPT;

/** What can happen to a link. */
enum {
  MEHR_EVENT_FRAME = 1,      /**< a frame came that is not DATA */
  MEHR_EVENT_TIMER = 2,      /**< mehr_link_next_deadline_ms() was reached; early is harmless */
  MEHR_EVENT_CLOSE = 3,      /**< this node wants the link to end */
  MEHR_EVENT_MEDIUM_LOST = 4 /**< the connection below is gone */
};

/** Why a link closed. 0 to 6 travel in CLOSE; those from 128 are local. A reason that came from a
 *  peer may be any number below 128. Spec: L0/5.6 */
enum {
  MEHR_CLOSE_SHUTDOWN = 0,
  MEHR_CLOSE_VERSION = 1,
  MEHR_CLOSE_MTU = 2,
  MEHR_CLOSE_DUPLICATE = 3,
  MEHR_CLOSE_REKEY_FAILED = 4,
  MEHR_CLOSE_POLICY = 5,
  MEHR_CLOSE_IDLE = 6,
  MEHR_CLOSE_MEDIUM_LOST = 128, /**< MEHR_EVENT_MEDIUM_LOST */
  MEHR_CLOSE_TIMEOUT = 129,     /**< the handshake was not finished in time */
  MEHR_CLOSE_REJECTED = 130     /**< the peer failed authentication or broke the handshake */
};

typedef struct mehr_event {
  uint32_t struct_size; /**< set by MEHR_EVENT_INIT */
  uint32_t kind;        /**< MEHR_EVENT_* */
  mehr_bytes frame;     /**< FRAME: one whole frame, borrowed for the call */
  uint32_t reason;      /**< CLOSE: MEHR_CLOSE_*, 0 to 6 */
  uint32_t reserved;    /**< 0 */
} mehr_event;
#define MEHR_EVENT_INIT \
  { sizeof(mehr_event), 0, {NULL, 0}, 0, 0 }

/** Tells the link what happened; what it wants done waits to be polled. A closed link ignores
 *  everything. Spec: L0/5.7. Since: ABI 1
 *  @retval MEHR_OK        taken; a refused frame shows as MEHR_ACTION_REFUSED or _CLOSED
 *  @retval MEHR_E_FULL    fewer than 4 of 8 action places free: poll first. Nothing happened
 *  @retval MEHR_E_INVALID NULL, bad struct_size, unknown kind or reason, a DATA frame
 *  @retval MEHR_E_IO      the random callback failed. Nothing happened */
MEHR_API MEHR_NODISCARD mehr_status mehr_link_step(mehr_link* link, const mehr_event* event,
                                                   const mehr_now* now) MEHR_NOEXCEPT;

/** What a link wants done. */
enum {
  MEHR_ACTION_NONE = 0,       /**< nothing more */
  MEHR_ACTION_SEND = 1,       /**< give `frame` to the medium */
  MEHR_ACTION_OPENED = 2,     /**< the peer is proven and messages may flow */
  MEHR_ACTION_ROUND_TRIP = 3, /**< a Ping was answered after `rtt_ms` */
  MEHR_ACTION_MALFORMED = 4,  /**< the peer sent a broken link message; close with POLICY when five
                                   come within 60 s. Spec: README/2.5 */
  MEHR_ACTION_REFUSED = 5,    /**< a frame was dropped, see `why`; the link goes on */
  MEHR_ACTION_CLOSED = 6      /**< the end, see `reason` and `why`; free the link when convenient */
};

typedef struct mehr_action {
  uint32_t struct_size; /**< set by MEHR_ACTION_INIT */
  uint32_t kind;        /**< MEHR_ACTION_* */
  mehr_bytes frame;     /**< SEND: valid until the next call that may change this link */
  uint64_t rtt_ms;      /**< ROUND_TRIP: milliseconds, without the time the peer held it */
  uint32_t reason;      /**< CLOSED: MEHR_CLOSE_* or a peer's own */
  mehr_status why;      /**< REFUSED, CLOSED: the cause as a code, else 0 */
  const char* text;     /**< REFUSED, CLOSED: the cause in words, static; else NULL */
} mehr_action;
#define MEHR_ACTION_INIT \
  { sizeof(mehr_action), 0, {NULL, 0}, 0, 0, 0, NULL }

/** Takes the next action, in order; MEHR_ACTION_NONE when there is none. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL, bad struct_size (too small for `frame`) */
MEHR_API MEHR_NODISCARD mehr_status mehr_link_poll(mehr_link* link, mehr_action* out) MEHR_NOEXCEPT;

/** Steady milliseconds at which the link wants a MEHR_EVENT_TIMER; 0 means now. UINT64_MAX for
 *  never, and for NULL. May change with every call on the link. Spec: L0/9. Since: ABI 1 */
MEHR_API uint64_t mehr_link_next_deadline_ms(const mehr_link* link) MEHR_NOEXCEPT;

/** How a message is padded before it is sealed. Spec: L0/5.5 */
enum {
  MEHR_PAD_BY_CLASS = 0, /**< packets on links below MTU 1500 to the negotiated MTU, announces and
                              control messages not: what the protocol asks for */
  MEHR_PAD_TO_MTU = 1,   /**< always to the negotiated MTU */
  MEHR_PAD_NONE = 2      /**< never */
};

/** Seals @p message as one DATA frame for the medium: 24 bytes longer than the padded message. A
 *  first byte below 0x80 is a packet, from 0x80 a control message (the link's own, 0x80 to 0x84,
 *  are refused). A size query with {NULL, 0} uses up nothing. @p message and @p out do not overlap.
 *  Spec: L0/5.5. Since: ABI 1
 *  @retval MEHR_E_WRONG_STATE the link is not active, or its key is used up: step a TIMER
 *  @retval MEHR_E_TOO_BIG     over the negotiated MTU (@p written is then untouched), or too little
 *                             room
 *  @retval MEHR_E_INVALID     NULL, an empty message, unknown padding, one of the link's own types
 */
MEHR_API MEHR_NODISCARD mehr_status mehr_link_seal(mehr_link* link, mehr_bytes message,
                                                   uint32_t padding, const mehr_now* now,
                                                   mehr_buf out, size_t* written) MEHR_NOEXCEPT;

/** Opens one DATA frame into @p out. With @p written 0 the message was for the link itself (Ping,
 *  rekey, CLOSE): poll. Room of frame size - 24 is always enough, and is what a size query with
 *  {NULL, 0} stores without opening anything. @p out may be the memory of @p frame.
 *  Spec: L0/5.5. Since: ABI 1
 *  @retval MEHR_E_REPLAYED    its counter was accepted before, or is 1,024 or more behind
 *  @retval MEHR_E_BAD_SEAL    forged or damaged
 *  @retval MEHR_E_WRONG_PEER  not a DATA frame of this link, or of an unknown key
 *  @retval MEHR_E_TRUNCATED, MEHR_E_BAD_VALUE  not a whole DATA frame; no end marker
 *  @retval MEHR_E_WRONG_STATE not active (on a stream that ends a handshake: poll)
 *  @retval MEHR_E_TOO_BIG     over the negotiated MTU, or too little room: then nothing was opened
 *  @retval MEHR_E_FULL        as mehr_link_step(): nothing was opened
 *  @retval MEHR_E_INVALID, MEHR_E_IO  as mehr_link_step() */
MEHR_API MEHR_NODISCARD mehr_status mehr_link_open(mehr_link* link, mehr_bytes frame,
                                                   const mehr_now* now, mehr_buf out,
                                                   size_t* written) MEHR_NOEXCEPT;

/** Where a link stands. */
enum { MEHR_LINK_HANDSHAKE = 1, MEHR_LINK_ACTIVE = 2, MEHR_LINK_CLOSED = 3 };
/** Who began it. */
enum { MEHR_ROLE_INITIATOR = 0, MEHR_ROLE_RESPONDER = 1 };

/** A link and its peer; what the handshake has not shown yet is zero. */
typedef struct mehr_link_info {
  uint32_t struct_size;     /**< set by MEHR_LINK_INFO_INIT */
  uint32_t state;           /**< MEHR_LINK_* */
  uint32_t role;            /**< MEHR_ROLE_* */
  uint32_t link_id;         /**< own id, in frames to this node */
  uint32_t peer_link_id;    /**< in frames to the peer */
  uint32_t mtu;             /**< negotiated, message bytes: at most 4096. Spec: L0/6 */
  uint32_t peer_features;   /**< MEHR_FEATURE_* and unknown bits */
  uint32_t key_epoch;       /**< rises with each rekey, modulo 256 */
  int64_t clock_offset_ms;  /**< peer's node clock minus ours at set-up. Spec: L1/11 */
  mehr_id peer;             /**< proven NodeID */
  mehr_public_key peer_key; /**< its key */
} mehr_link_info;
#define MEHR_LINK_INFO_INIT                                  \
  {                                                          \
    sizeof(mehr_link_info), 0, 0, 0, 0, 0, 0, 0, 0, {{0}}, { \
      { 0 }                                                  \
    }                                                        \
  }

/** Fills @p out. Since: ABI 1
 *  @retval MEHR_E_INVALID NULL, bad struct_size */
MEHR_API MEHR_NODISCARD mehr_status mehr_link_get_info(const mehr_link* link,
                                                       mehr_link_info* out) MEHR_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MEHR_L0_H */
