/** @file mehr/l1.h
 *  A whole node of layers 0 and 1: links over media of the caller's own, routed datagrams over
 *  those links, and what is known of paths.
 *
 *  Place: the C face of mehr/l0/links.h and mehr/l1/network.h in one handle. A program that wants
 *  to run single links itself uses mehr/l0.h; the two do not mix.
 *
 *  Machine: a mehr_node. Tell it the time with mehr_node_step(), what came from a medium with
 *  mehr_node_frame_in() and mehr_node_writable(), and step it again at
 *  mehr_node_next_deadline_ms(). It answers through callbacks, and only while a call on it runs:
 *  frames go to the medium's `send`, messages to the handler of their context, everything else
 *  worth knowing to one handler of events.
 *
 *      wait       until next_deadline_ms, or until a socket has something
 *      step       first of all, so that what follows happens at the right time
 *      frame_in   for every frame that came; writable for every medium that has room again
 *
 *  Callbacks: those of messages, events and visitors may make any call on the node that is not
 *  marked "outermost". Those of the world (`send`, `close`, `get`, `put`, `fill`) may make none.
 *  Either mistake is answered with MEHR_E_WRONG_STATE. A C++ exception out of a callback ends
 *  there; the node finishes its work and the call on it returns MEHR_E_INTERNAL or
 *  MEHR_E_NO_MEMORY.
 *
 *  Bounds: every table, queue and cache has the size of the chosen MEHR_LIMITS_* from the start.
 *  What strangers send is bounded, counted and dropped.
 *
 *  Privacy: no packet names its sender, so no handler learns one. Bodies travel as they are given:
 *  the node's sealed door in mehr/l2.h seals them end to end.
 *
 *  Threads, errors, ownership and struct_size: see mehr/core.h. What a callback is given is
 * borrowed until it returns. Since: ABI 2
 */
#ifndef MEHR_L1_H
#define MEHR_L1_H

#include "mehr/core.h"
#include "mehr/l0.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A node. Opaque; one thread at a time. Spec: L0, L1 */
typedef struct mehr_node mehr_node;

/* ---- What the caller supplies --------------------------------------------------------------- */

/** One value to keep. In a batch this struct never grows. */
typedef struct mehr_put {
  const char* key;  /**< a short text, "l1/emitted" */
  mehr_bytes value; /**< what it is replaced with */
} mehr_put;

/** The value of @p key, by the rules of mehr_buf: MEHR_OK and its length, MEHR_E_TOO_BIG and its
 *  length, MEHR_E_NOT_FOUND, or MEHR_E_IO. */
typedef mehr_status (*mehr_get_fn)(void* user, const char* key, mehr_buf out, size_t* written);
/** Replaces all keys of the batch or none; durable when it returns MEHR_OK. Else MEHR_E_IO: the
 *  node counts that (counter "l1.storage_failed") and goes on. */
typedef mehr_status (*mehr_put_fn)(void* user, const mehr_put* batch, size_t count);

/** What survives a restart: a few bytes, written when the node announces itself. Copied; @p user
 *  must stay valid as long as the node lives. */
typedef struct mehr_storage {
  uint32_t struct_size; /**< set by MEHR_STORAGE_INIT */
  uint32_t reserved;    /**< 0 */
  mehr_get_fn get;      /**< required; called by mehr_node_new() only */
  mehr_put_fn put;      /**< required */
  void* user;           /**< given back to both */
} mehr_storage;
#define MEHR_STORAGE_INIT \
  { sizeof(mehr_storage), 0, NULL, NULL, NULL }

/** How large a node's tables are; see mehr_l1_links_max(), mehr_l1_routes_max(). */
enum {
  MEHR_LIMITS_STANDARD = 0, /**< a server, desktop or single-board computer */
  MEHR_LIMITS_SMALL = 1,    /**< a gateway board with room for a village */
  MEHR_LIMITS_MINIMAL = 2   /**< a radio board */
};

/** Bits of mehr_node_opts.flags. */
enum {
  MEHR_NODE_SILENT = 1 /**< begins as after mehr_node_set_announcing(node, 0) */
};

typedef struct mehr_node_opts {
  uint32_t struct_size; /**< set by MEHR_NODE_OPTS_INIT */
  uint32_t limits;      /**< MEHR_LIMITS_* */
  uint32_t mtu;         /**< message bytes this node takes, 484..65535; 0 = 4096. Spec: L0/6 */
  uint32_t features;    /**< MEHR_FEATURE_*; 0 = L1_RELAY and GOSSIP, what this handle does */
  uint32_t max_hops;    /**< as mehr_node_set_max_hops(); 0 = 128 */
  uint32_t flags;       /**< MEHR_NODE_* */
  const mehr_storage* storage; /**< copied; NULL: nothing survives a restart but the node clock */
} mehr_node_opts;
#define MEHR_NODE_OPTS_INIT \
  { sizeof(mehr_node_opts), 0, 0, 0, 0, 0, NULL }

/** Makes a node without media. It holds the identity itself: the caller's handle may be freed.
 *  @p random is copied; 32 bytes are drawn from it now, and before a step, frame or establish when
 *  any were used since, and are expanded as needed. @p opts may be NULL. Since: ABI 2
 *  @retval MEHR_E_INVALID     NULL, bad struct_size, a field outside its range
 *  @retval MEHR_E_UNSUPPORTED an unknown flag
 *  @retval MEHR_E_IO          the random callback failed */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_new(const mehr_identity* identity,
                                                  const mehr_random* random,
                                                  const mehr_node_opts* opts, const mehr_now* now,
                                                  mehr_node** out) MEHR_NOEXCEPT;

/** Forgets everything at once, wipes keys; NULL is fine. No callback runs then or later. Peers
 *  notice by silence: mehr_node_close() tells them. Never from within a callback. Since: ABI 2 */
MEHR_API void mehr_node_free(mehr_node* node) MEHR_NOEXCEPT;

/* ---- Time ----------------------------------------------------------------------------------- */

/** Sets the node's clocks to @p now and does what is due, a bounded amount of it: when more is
 *  left, mehr_node_next_deadline_ms() is not later than @p now. All other calls happen at the time
 *  of the last step. Outermost. Spec: README/2.3. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL, bad struct_size, a steady_ms below the one before
 *  @retval MEHR_E_IO      the random callback failed. Nothing happened */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_step(mehr_node* node,
                                                   const mehr_now* now) MEHR_NOEXCEPT;

/** Steady milliseconds at which the node wants to be stepped. UINT64_MAX for never, and for NULL.
 *  May change with every call on the node. Since: ABI 2 */
MEHR_API uint64_t mehr_node_next_deadline_ms(const mehr_node* node) MEHR_NOEXCEPT;

/* ---- Media ---------------------------------------------------------------------------------- */

/** Who is at the other end of a datagram medium, in bytes that only the caller reads; all zero
 *  means everyone, and on a stream the one other end. */
typedef struct mehr_remote {
  uint8_t bytes[20];
} mehr_remote;

/** What rate limits count by: the host of a remote, without its port. Zero: no addresses. */
typedef struct mehr_source {
  uint8_t bytes[16];
} mehr_source;

/** Which frames a medium carries. Spec: L0/4 */
enum {
  MEHR_MODE_NATIVE = 0, /**< link frames; clear packets are dropped */
  MEHR_MODE_RNS = 1,    /**< clear packets only */
  MEHR_MODE_DUAL = 2    /**< both, judged frame by frame */
};

/** Takes one frame to @p to, for good or not at all: MEHR_OK, MEHR_E_FULL (nothing was taken; the
 *  caller owes a mehr_node_writable()), MEHR_E_BUSY (likewise, see half_duplex; the node tries
 * again by itself), or MEHR_E_IO (three in a row end the link). Borrowed until return. */
typedef mehr_status (*mehr_frame_out_fn)(void* user, uint32_t medium, const mehr_remote* to,
                                         mehr_bytes frame);
/** The node is done with a stream: end it when what was taken has left, then mehr_node_detach(). */
typedef void (*mehr_medium_close_fn)(void* user, uint32_t medium);

typedef struct mehr_medium_opts {
  uint32_t struct_size;   /**< set by MEHR_MEDIUM_OPTS_INIT */
  uint32_t kind;          /**< MEHR_MEDIUM_STREAM or _DATAGRAM */
  uint32_t mode;          /**< MEHR_MODE_* */
  uint32_t interface_id;  /**< 0..65535; the connections of one listener and one radio share one:
                               a second link to the same peer there replaces the first */
  uint32_t mtu;           /**< message bytes a frame can carry, 484..65535; 0 = 4096 */
  uint32_t half_duplex;   /**< 1: a shared channel, one speaker at a time; 2: and `send` listens
                               first, so that it may answer MEHR_E_BUSY. Spec: L1/10.1 */
  uint64_t bandwidth_bps; /**< nominal, bits per second; 0 = 10^9 */
  uint64_t latency_ms;    /**< nominal, one way, milliseconds; 0 = 50 */
  mehr_frame_out_fn send; /**< required */
  mehr_medium_close_fn close; /**< may be NULL */
  void* user;                 /**< given back to both; stays valid until mehr_node_detach() */
} mehr_medium_opts;
#define MEHR_MEDIUM_OPTS_INIT \
  { sizeof(mehr_medium_opts), 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL }

/** Attaches a medium; @p medium names it and no other later. A stream over which neither end asks
 *  for a link soon is closed. Outermost. Spec: L0/7. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL, bad struct_size, no `send`, a field outside its range
 *  @retval MEHR_E_FULL    as many media as MEHR_LIMITS_* allows */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_attach(mehr_node* node, const mehr_medium_opts* opts,
                                                     uint32_t* medium) MEHR_NOEXCEPT;

/** Forgets a medium, e.g. one whose connection is gone; its links go down. No callback with it
 *  comes afterwards. Outermost. Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND no such medium
 *  @retval MEHR_E_INVALID   NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_detach(mehr_node* node,
                                                     uint32_t medium) MEHR_NOEXCEPT;

/** Where a frame came from. */
typedef struct mehr_frame_from {
  uint32_t struct_size; /**< set by MEHR_FRAME_FROM_INIT */
  mehr_remote remote;   /**< given back to `send`; zero on a stream */
  mehr_source source;   /**< the sender's host; zero where there are no addresses */
  uint32_t reserved;    /**< 0 */
} mehr_frame_from;
#define MEHR_FRAME_FROM_INIT \
  { sizeof(mehr_frame_from), {{0}}, {{0}}, 0 }

/** One whole frame came by @p medium, without the medium's own framing. What is wrong with it is
 *  the node's matter: MEHR_OK, and a counter rises. @p from may be NULL on a stream. Outermost.
 *  Spec: L0/5. Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND no such medium
 *  @retval MEHR_E_TOO_BIG   over mehr_l1_frame_bytes(): no frame of this protocol
 *  @retval MEHR_E_INVALID   NULL, bad struct_size
 *  @retval MEHR_E_IO        the random callback failed. The frame was not looked at */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_frame_in(mehr_node* node, uint32_t medium,
                                                       const mehr_frame_from* from,
                                                       mehr_bytes frame) MEHR_NOEXCEPT;

/** @p medium has room again after its `send` returned MEHR_E_FULL. Outermost. Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND no such medium
 *  @retval MEHR_E_INVALID   NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_writable(mehr_node* node,
                                                       uint32_t medium) MEHR_NOEXCEPT;

/** Asks for a link over @p medium; MEHR_NODE_LINK_UP tells when it is up, MEHR_NODE_REFUSED when it
 *  will not be. @p to NULL: everyone, or the stream's other end. @p expected NULL: anybody may
 *  answer. @p link, which may be NULL, gets its id. Outermost. Spec: L0/2. Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND   no such medium
 *  @retval MEHR_E_FULL        as many links as MEHR_LIMITS_* allows
 *  @retval MEHR_E_WRONG_STATE the stream has its link already, or the mode is RNS
 *  @retval MEHR_E_INVALID, MEHR_E_IO  as mehr_node_frame_in() */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_establish(mehr_node* node, uint32_t medium,
                                                        const mehr_remote* to,
                                                        const mehr_id* expected,
                                                        uint32_t* link) MEHR_NOEXCEPT;

/** Closes a link, or with @p link 0 all of them, for a reason of MEHR_CLOSE_SHUTDOWN to _IDLE, and
 *  tells the peers. MEHR_NODE_LINK_DOWN follows, at the latest from the next step. A link that is
 *  not there is closed already. With 0: outermost. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL, another reason */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_close(mehr_node* node, uint32_t link,
                                                    uint32_t reason) MEHR_NOEXCEPT;

/** Sizes in bytes: of mehr_remote and mehr_source, for bindings that cannot evaluate sizeof; of the
 * longest frame sent or taken; of the longest message body on any path; of all extension fields of
 * an announce together. Since: ABI 2 */
MEHR_API size_t mehr_l1_remote_bytes(void) MEHR_NOEXCEPT;
MEHR_API size_t mehr_l1_source_bytes(void) MEHR_NOEXCEPT;
MEHR_API size_t mehr_l1_frame_bytes(void) MEHR_NOEXCEPT;
MEHR_API size_t mehr_l1_body_bytes(void) MEHR_NOEXCEPT;
MEHR_API size_t mehr_l1_tlvs_bytes(void) MEHR_NOEXCEPT;
/** How many links, and how many destinations, a node of @p limits knows at most; 0 for an unknown
 *  MEHR_LIMITS_*. Since: ABI 2 */
MEHR_API size_t mehr_l1_links_max(uint32_t limits) MEHR_NOEXCEPT;
MEHR_API size_t mehr_l1_routes_max(uint32_t limits) MEHR_NOEXCEPT;

/* ---- Announcing ----------------------------------------------------------------------------- */

/** Announces this node on every link at once. It does so by itself at its first link and twice an
 *  hour. Spec: L1/4. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_announce_now(mehr_node* node) MEHR_NOEXCEPT;

/** 0: a silent node, which relays and learns but does not say who it is; only its neighbours can
 *  reach it. 1, as from the start: it speaks again from its next link or refresh on. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL, another number */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_set_announcing(mehr_node* node,
                                                             uint32_t announcing) MEHR_NOEXCEPT;

/** How many links own announces cross, 1..128, from the next one on. Spec: L1/4. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL, another number */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_set_max_hops(mehr_node* node,
                                                           uint32_t max_hops) MEHR_NOEXCEPT;

/** Extension fields (type, length, data) of own announces from the next one on, presence among
 *  them; copied. Spec: L1/3, README/4.5. Since: ABI 2
 *  @retval MEHR_E_BAD_VALUE a field runs past the end
 *  @retval MEHR_E_TOO_BIG   over mehr_l1_tlvs_bytes()
 *  @retval MEHR_E_INVALID   NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_set_tlvs(mehr_node* node,
                                                       mehr_bytes tlvs) MEHR_NOEXCEPT;

/** Data of the first extension field of @p type, 0..255, in the newest announce of @p of, which
 *  signed it. Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND no announce of that node is known, or none with that field
 *  @retval MEHR_E_TOO_BIG   too little room
 *  @retval MEHR_E_INVALID   NULL, another type */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_tlv(const mehr_node* node, const mehr_id* of,
                                                  uint32_t type, mehr_buf out,
                                                  size_t* written) MEHR_NOEXCEPT;

/** The public key of @p of, from its announce, or proven by its link. Since: ABI 2
 *  @retval MEHR_E_NO_KEY  not known
 *  @retval MEHR_E_INVALID NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_key_of(const mehr_node* node, const mehr_id* of,
                                                     mehr_public_key* out) MEHR_NOEXCEPT;

/* ---- Messages ------------------------------------------------------------------------------- */

/** A message for this node. */
typedef struct mehr_message {
  uint32_t struct_size; /**< set by the library: what it knows of this struct */
  uint32_t context;     /**< what it is about, 0..255. Spec: README/4.4 */
  mehr_bytes body;      /**< as it was sent */
} mehr_message;

typedef void (*mehr_message_fn)(void* user, const mehr_message* message);

/** Messages of @p context go to @p handler from now on, in place of an earlier one; NULL ends that.
 *  Without a handler they are dropped and counted. Since: ABI 2
 *  @retval MEHR_E_WRONG_STATE the context belongs to the node's sealed door, mehr/l2.h
 *  @retval MEHR_E_INVALID NULL node, a context over 255, or 0xF2, which belongs to probes */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_on_message(mehr_node* node, uint32_t context,
                                                         mehr_message_fn handler,
                                                         void* user) MEHR_NOEXCEPT;

/** What the first hop is chosen by. Spec: L1/6.1 */
enum {
  MEHR_POLICY_BALANCED = 0, /**< by the three weights */
  MEHR_POLICY_CHEAPEST = 1,
  MEHR_POLICY_FASTEST = 2,
  MEHR_POLICY_MOST_RELIABLE = 3,
  MEHR_POLICY_LARGEST_MTU = 4
};

/** Bits of mehr_send_opts.flags. */
enum {
  MEHR_SEND_PAD_TO_MTU = 1 /**< every frame of the first hop is filled up. Spec: L0/5.5 */
};

typedef struct mehr_send_opts {
  uint32_t struct_size;        /**< set by MEHR_SEND_OPTS_INIT */
  uint32_t policy;             /**< MEHR_POLICY_* */
  uint32_t min_mtu;            /**< bytes of a packet that the path should take, 0..65535; 0 = any.
                                    Where none does, see MEHR_NODE_VIOLATION. Spec: L1/6.2 */
  uint32_t flags;              /**< MEHR_SEND_* */
  uint32_t cost_weight;        /**< BALANCED: what counts how much, in proportion; all 0 = alike */
  uint32_t latency_weight;     /**< likewise */
  uint32_t reliability_weight; /**< likewise */
  uint32_t reserved;           /**< 0 */
} mehr_send_opts;
#define MEHR_SEND_OPTS_INIT \
  { sizeof(mehr_send_opts), 0, 0, 0, 0, 0, 0, 0 }

/** Sends @p body towards @p to; this node itself is a destination too. It may be lost, doubled or
 *  overtaken on its way, and one that equals an earlier one byte for byte counts as its double:
 * number them. Asks the neighbours for a way when none, or no good one, is known. @p opts may be
 * NULL. Spec: L1/6. Since: ABI 2
 *  @retval MEHR_E_NO_ROUTE    no link leads towards it
 *  @retval MEHR_E_TOO_BIG     over mehr_node_max_body()
 *  @retval MEHR_E_FULL        queues are full: MEHR_NODE_WRITABLE comes
 *  @retval MEHR_E_INVALID     NULL, a context over 255 or 0xF2, bad struct_size, a field outside
 *                             its range, weights beside another policy than BALANCED
 *  @retval MEHR_E_UNSUPPORTED an unknown flag */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_send(mehr_node* node, const mehr_id* to,
                                                   uint32_t context, mehr_bytes body,
                                                   const mehr_send_opts* opts) MEHR_NOEXCEPT;

/** Asks the neighbours for a way to @p to; MEHR_NODE_ROUTE_APPEARED tells if there is one.
 *  Spec: L1/4.3. Since: ABI 2
 *  @retval MEHR_E_DENIED  that was asked within the last 20 s
 *  @retval MEHR_E_INVALID NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_seek(mehr_node* node,
                                                   const mehr_id* to) MEHR_NOEXCEPT;

/** Longest body that a message to @p to can carry now; 0 without a route, and for NULL.
 *  Since: ABI 2 */
MEHR_API size_t mehr_node_max_body(const mehr_node* node, const mehr_id* to) MEHR_NOEXCEPT;

/* ---- Paths ---------------------------------------------------------------------------------- */

/** The way a message would take now. Spec: L1/5 */
typedef struct mehr_path {
  uint32_t struct_size;   /**< set by MEHR_PATH_INIT */
  uint32_t fresh;         /**< 1: heard of within the lifetime of an announce */
  mehr_id next_hop;       /**< the neighbour it would be given to */
  uint64_t cost;          /**< uMHR per byte over the whole path; UINT64_MAX unknown */
  uint64_t latency_ms;    /**< largest one-way latency of a hop, milliseconds */
  uint64_t bandwidth_bps; /**< of the narrowest hop, bits per second */
  uint64_t age_ms;        /**< since it was last heard of, milliseconds */
  uint32_t mtu;           /**< longest packet it takes, bytes */
  uint32_t hops;          /**< relays in between; 0 is a neighbour */
  uint32_t reliability;   /**< 0 unknown, 1 worst, 255 perfect */
  uint32_t reserved;      /**< 0 */
} mehr_path;
#define MEHR_PATH_INIT \
  { sizeof(mehr_path), 0, {{0}}, 0, 0, 0, 0, 0, 0, 0, 0 }

/** The path that mehr_node_send() with the same @p opts would choose; of these only the policy and
 *  its weights count, and NULL is balanced. Since: ABI 2
 *  @retval MEHR_E_NO_ROUTE none is known, or @p to is this node
 *  @retval MEHR_E_INVALID, MEHR_E_UNSUPPORTED  NULL, bad struct_size, opts as mehr_node_send() */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_path(const mehr_node* node, const mehr_id* to,
                                                   const mehr_send_opts* opts,
                                                   mehr_path* out) MEHR_NOEXCEPT;

/** A route as people see it: the best way to one destination. Spec: L1/5 */
typedef struct mehr_route {
  uint32_t struct_size;   /**< set by the library: what it knows of this struct */
  uint32_t link;          /**< that it leads over; 0 while that link is down */
  mehr_id destination;    /**< who announced itself */
  mehr_id next_hop;       /**< the neighbour at the other end of `link` */
  uint64_t cost;          /**< as in mehr_path, and so the next three */
  uint64_t latency_ms;    /**< milliseconds */
  uint64_t bandwidth_bps; /**< bits per second */
  uint64_t age_ms;        /**< since its announce came */
  uint64_t emitted;       /**< of its newest announce: higher is newer */
  uint32_t mtu;           /**< bytes */
  uint32_t hops;          /**< relays in between */
  uint32_t reliability;   /**< 0 unknown, 255 perfect */
  uint32_t fresh;         /**< 1: within the lifetime of an announce */
  uint32_t ways;          /**< links that lead there */
  uint32_t reserved;      /**< 0 */
} mehr_route;

/** Returns 0 to be shown the next one, anything else to end the walk. */
typedef int32_t (*mehr_route_fn)(void* user, const mehr_route* route);

/** Shows every route to @p visit, in no particular order, as they are when the call begins; they
 *  are copied first. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL node or visit */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_routes(const mehr_node* node, mehr_route_fn visit,
                                                     void* user) MEHR_NOEXCEPT;

/** An active link and the neighbour at its other end. */
typedef struct mehr_neighbour {
  uint32_t struct_size;    /**< set by the library: what it knows of this struct */
  uint32_t link;           /**< its id */
  uint32_t medium;         /**< that it runs over */
  uint32_t role;           /**< MEHR_ROLE_* */
  mehr_id peer;            /**< proven NodeID */
  mehr_public_key key;     /**< its key */
  uint64_t bandwidth_bps;  /**< what can be sent to it: measured, else nominal */
  uint64_t latency_ms;     /**< one way: half the round trip, else nominal */
  uint64_t rtt_us;         /**< smoothed round trip, microseconds; 0 before the first answer */
  uint64_t price;          /**< what it pays this node, uMHR per byte */
  int64_t clock_offset_ms; /**< its node clock minus ours. Spec: L1/11 */
  uint64_t since_ms;       /**< steady time it came up */
  uint64_t user_bytes;     /**< sent to it since then, frames with all overhead: packets */
  uint64_t gossip_bytes;   /**< likewise: gossip and announces */
  uint64_t control_bytes;  /**< likewise: urgent control */
  uint64_t waiting;        /**< packets that wait for it now */
  uint64_t rounds_good;    /**< gossip rounds since it is up */
  uint64_t rounds_failed;  /**< likewise */
  uint32_t mtu;            /**< negotiated, message bytes */
  uint32_t features;       /**< MEHR_FEATURE_* of the peer */
  uint32_t conduct;        /**< points held against it, 0..256; malformed messages among them */
  uint32_t half_duplex;    /**< 1: its medium is a shared channel */
} mehr_neighbour;

typedef int32_t (*mehr_neighbour_fn)(void* user, const mehr_neighbour* neighbour);

/** Shows every active link to @p visit, as mehr_node_routes() does routes. Since: ABI 2
 *  @retval MEHR_E_INVALID NULL node or visit */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_links(const mehr_node* node, mehr_neighbour_fn visit,
                                                    void* user) MEHR_NOEXCEPT;

/* ---- Probes --------------------------------------------------------------------------------- */

/** Sends one probe of @p size bytes, 32..4096, on the way to @p to. MEHR_NODE_PROBE_ANSWERED or
 *  _FAILED tells what came of it. Spec: L1/7. Since: ABI 2
 *  @retval MEHR_E_NO_ROUTE    no way is known
 *  @retval MEHR_E_TOO_BIG     over what the first link takes
 *  @retval MEHR_E_DENIED      one was sent there within 60 s
 *  @retval MEHR_E_UNSUPPORTED the way is too slow for probes
 *  @retval MEHR_E_WRONG_STATE a probe or a search is under way there
 *  @retval MEHR_E_FULL        too many destinations are probed at once, or the queue is full
 *  @retval MEHR_E_BAD_VALUE   another size
 *  @retval MEHR_E_INVALID     NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_probe(mehr_node* node, const mehr_id* to,
                                                    uint32_t size) MEHR_NOEXCEPT;

/** Searches the largest packet that passes to @p to, one probe a minute, in the background.
 *  MEHR_NODE_SEARCH_FINISHED ends it. Errors as mehr_node_probe(), except MEHR_E_DENIED: a search
 *  waits. Since: ABI 2 */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_search_mtu(mehr_node* node,
                                                         const mehr_id* to) MEHR_NOEXCEPT;

/** What probing found out. */
typedef struct mehr_probe_report {
  uint32_t struct_size;     /**< set by MEHR_PROBE_REPORT_INIT */
  uint32_t answered;        /**< probes so far; 0: what follows is not known */
  uint32_t failed;          /**< probes without answer */
  uint32_t responder_mtu;   /**< of the last link of the way */
  uint64_t rtt_ms;          /**< of the last answer, milliseconds */
  uint64_t throughput_bps;  /**< as that answer shows it, bits per second */
  uint64_t measured_bps;    /**< what the destination says of its link; 0 unknown */
  uint64_t age_ms;          /**< since the last answer */
  uint32_t largest_passed;  /**< bytes; 0: none was answered */
  uint32_t smallest_failed; /**< bytes; 0: none failed */
  uint32_t searching;       /**< 1: mehr_node_search_mtu() is at work */
  uint32_t searched;        /**< 1: it has ended; `largest_passed` is the path's MTU */
} mehr_probe_report;
#define MEHR_PROBE_REPORT_INIT \
  { sizeof(mehr_probe_report), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** Results stay until the route is lost. Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND nothing is known
 *  @retval MEHR_E_INVALID   NULL, bad struct_size */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_probed(const mehr_node* node, const mehr_id* to,
                                                     mehr_probe_report* out) MEHR_NOEXCEPT;

/* ---- Reservations --------------------------------------------------------------------------- */

/** Names a reservation of this node; never another one later. */
typedef struct mehr_reservation {
  uint64_t number;   /**< of the library */
  uint32_t place;    /**< of the library */
  uint32_t reserved; /**< 0 */
} mehr_reservation;

typedef struct mehr_reservation_order {
  uint32_t struct_size;        /**< set by MEHR_RESERVATION_ORDER_INIT */
  uint32_t allow_reroute;      /**< 1: a better path may be taken midway */
  uint64_t estimated_bytes;    /**< of message bodies, at least 1 */
  uint64_t max_cost_per_byte;  /**< uMHR, over the whole path */
  uint32_t min_throughput_bps; /**< bits per second; 0 = whatever there is */
  uint32_t valid_for_seconds;  /**< 1..86400; 0 = 3600 */
} mehr_reservation_order;
#define MEHR_RESERVATION_ORDER_INIT \
  { sizeof(mehr_reservation_order), 0, 0, 0, 0, 0 }

/** Asks for bandwidth to @p to, hop by hop; events MEHR_NODE_RESERVATION_* tell what becomes of it.
 *  Messages to @p to then ride on it. Spec: L1/8. Since: ABI 2
 *  @retval MEHR_E_NO_ROUTE  no way is known
 *  @retval MEHR_E_DENIED    the way is too slow or too dear
 *  @retval MEHR_E_FULL      too many reservations
 *  @retval MEHR_E_BAD_VALUE a field outside its range
 *  @retval MEHR_E_INVALID   NULL, bad struct_size */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_reserve(mehr_node* node, const mehr_id* to,
                                                      const mehr_reservation_order* order,
                                                      mehr_reservation* out) MEHR_NOEXCEPT;

/** Ends a reservation: everything was sent (@p complete 1), or not (0). No event follows.
 *  Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND it is over
 *  @retval MEHR_E_INVALID   NULL, another number */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_release(mehr_node* node,
                                                      const mehr_reservation* reservation,
                                                      uint32_t complete) MEHR_NOEXCEPT;

/* ---- Events --------------------------------------------------------------------------------- */

/** What a node tells. A later library may tell more: ignore what is not known. */
enum {
  MEHR_NODE_LINK_UP = 1,          /**< node, link, medium */
  MEHR_NODE_LINK_DOWN = 2,        /**< node, link, medium, reason: MEHR_CLOSE_* or a peer's own */
  MEHR_NODE_REFUSED = 3,          /**< a link did not come about: medium, why, text */
  MEHR_NODE_MALFORMED = 4,        /**< a neighbour sent nonsense: node, link, count since it is up;
                                       five in 60 s end the link. Spec: README/2.5 */
  MEHR_NODE_ROUTE_APPEARED = 5,   /**< node is the destination, next_hop */
  MEHR_NODE_ROUTE_CHANGED = 6,    /**< likewise, another next_hop */
  MEHR_NODE_ROUTE_LOST = 7,       /**< node is the destination */
  MEHR_NODE_PROBE_ANSWERED = 8,   /**< node, mtu: its size; see mehr_node_probed() */
  MEHR_NODE_PROBE_FAILED = 9,     /**< likewise */
  MEHR_NODE_SEARCH_FINISHED = 10, /**< node, mtu: largest packet that passed, or 0 */
  MEHR_NODE_VIOLATION = 11, /**< a message to node went by a path below its min_mtu: mtu asked for,
                                 best_mtu that there is. Spec: L1/6.2 */
  MEHR_NODE_WRITABLE = 12,  /**< after MEHR_E_FULL: mehr_node_send() may succeed again */
  MEHR_NODE_RESERVATION_COMMITTED = 13, /**< reservation, rate_bps, cost; reason 1: a part only */
  MEHR_NODE_RESERVATION_REFUSED = 14,   /**< reservation, which is over; reason 2: too dear, 3: no
                                             route, 4: too little bandwidth. Spec: L1/8 */
  MEHR_NODE_RESERVATION_SLOW = 15,      /**< reservation: too slow, asked anew for the rest */
  MEHR_NODE_RESERVATION_ENDED =
      16 /**< reservation, which is over; reason: README/4.2; count: bytes */
};

/** One event; fields that its kind does not name are zero. */
typedef struct mehr_node_event {
  uint32_t struct_size;         /**< set by the library: what it knows of this struct */
  uint32_t kind;                /**< MEHR_NODE_* */
  mehr_id node;                 /**< whom it is about */
  mehr_id next_hop;             /**< the neighbour that leads there */
  uint32_t link;                /**< id of the link */
  uint32_t medium;              /**< as mehr_node_attach() named it */
  uint32_t reason;              /**< see the kind */
  mehr_status why;              /**< REFUSED: the cause as a code */
  uint32_t mtu;                 /**< bytes, see the kind */
  uint32_t best_mtu;            /**< bytes, see the kind */
  const char* text;             /**< REFUSED: the cause in words, static; else NULL */
  uint64_t count;               /**< see the kind */
  uint64_t rate_bps;            /**< committed, bits per second */
  uint64_t cost;                /**< uMHR per byte over the whole path */
  mehr_reservation reservation; /**< as mehr_node_reserve() named it */
} mehr_node_event;

typedef void (*mehr_node_event_fn)(void* user, const mehr_node_event* event);

/** Events go to @p handler from now on, in place of an earlier one; NULL ends that. They come after
 *  what they tell of, in its order, from within the call that brought it about. Routes known before
 *  are not told: see mehr_node_routes(). Since: ABI 2
 *  @retval MEHR_E_INVALID NULL node */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_on_event(mehr_node* node, mehr_node_event_fn handler,
                                                       void* user) MEHR_NOEXCEPT;

/* ---- Counters ------------------------------------------------------------------------------- */

/** The name of counter @p index, "l1.delivered"; NULL behind the last. Static. Which counters there
 *  are is no part of the ABI. Since: ABI 2 */
MEHR_API const char* mehr_node_counter_name(size_t index) MEHR_NOEXCEPT;

/** What the counter of @p name stands at; counters only rise. Since: ABI 2
 *  @retval MEHR_E_NOT_FOUND this library has none of that name
 *  @retval MEHR_E_INVALID   NULL */
MEHR_API MEHR_NODISCARD mehr_status mehr_node_counter(const mehr_node* node, const char* name,
                                                      uint64_t* out) MEHR_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MEHR_L1_H */
