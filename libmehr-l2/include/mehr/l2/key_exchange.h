// Keys of signers that are not known yet: asked for, one hop away. spec: L2/4.1
//
// Place: L2, a machine of `SealedMessenger`. A structure that names its signer by NodeID alone can
// be checked only with the key; whoever forwarded it keeps that key and is asked.
// Shapes: control 0xA2: KEY_GET 01 with a NodeID, KEY 02 with a public key.
// Machine: a waiting message ASKED -(key known, from wherever)-> handed back; asked again after 2,
// 4 and 8 s; -(30 s)-> dropped. Messages that came by a link are asked about on that link, others
// by asking for a way to the signer, whose announce carries its key. Deadlines: the next question,
// the end of a wait. Bounds: 64 messages wait, the oldest goes first; together of
// `Limits::segment_bytes`; 64 questions are remembered for 5 min, for answers that are late. 10
// answers a second and link. Failure: no answer drops the message; a KEY that nobody asked for on
// that link is the peer's fault, as long as no question had to be forgotten. Threads: one at a
// time.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"
#include "mehr/core/units.h"

namespace mehr::l2 {

inline constexpr std::uint8_t kKeyExchangeType = 0xA2;  ///< control type. spec: README/4.2
inline constexpr std::size_t kMostWaiting = 64;         ///< spec: L2/7
inline constexpr Millis kWaitForKey = Millis::seconds(30);
inline constexpr unsigned kKeyAnswersPerSecond = 10;
/// An answer waits for its budget of gossip, on a slow link for long.
inline constexpr Millis kLateAnswer = Millis::seconds(300);

/// Asks whoever sent a signed structure for its signer's key.
struct KeyGet {
  Constant<kKeyExchangeType> type;
  Constant<std::uint8_t{1}> sub_type;
  NodeId node;
  static constexpr auto wire =
      std::tuple{field("type", &KeyGet::type), field("sub_type", &KeyGet::sub_type),
                 field("node", &KeyGet::node)};
  constexpr bool operator==(const KeyGet&) const = default;
};
static_assert(wire_size<KeyGet> == 2 + 16);

/// The answer. It proves itself: the key's hash is the NodeID that was asked for.
struct KeyAnswer {
  Constant<kKeyExchangeType> type;
  Constant<std::uint8_t{2}> sub_type;
  PublicKey key;
  static constexpr auto wire =
      std::tuple{field("type", &KeyAnswer::type), field("sub_type", &KeyAnswer::sub_type),
                 field("key", &KeyAnswer::key)};
  constexpr bool operator==(const KeyAnswer&) const = default;
};
static_assert(wire_size<KeyAnswer> == 2 + 32);

class KeyExchange {
 public:
  /// Takes a message up again once its signer's key is known.
  using Resume = std::function<void(const PublicKey& signer, MutableBytes message)>;

  /// A message that waits.
  struct Waiting {
    NodeId signer;
    std::uint32_t link = 0;  ///< where it came from; 0: by no link
    Bytes message;           ///< a copy
    Resume resume;           ///< called once at most
  };
  /// Whom to ask for, and where.
  struct Question {
    NodeId signer;
    std::uint32_t link = 0;  ///< 0: ask for a way to the signer
  };

  /// What a waiting message costs besides its bytes.
  static constexpr std::size_t kMessageCost = 256;

  /// Room for answers on so many links, and for @p bytes of waiting messages.
  KeyExchange(std::size_t links, std::size_t bytes) : most_links_(links), most_bytes_(bytes) {}

  /// Keeps @p message until the key of its signer is known.
  void wait(Waiting message, Millis now);
  /// A question that is due, each once; nothing when none is.
  [[nodiscard]] std::optional<Question> next_question(Millis now);
  /// A message that waited for @p signer, oldest first; nothing when none is left.
  [[nodiscard]] std::optional<Waiting> take(const NodeId& signer);
  /// Whether a node was asked for: `maybe` while questions of the last 5 min had to be forgotten.
  enum class Asked : std::uint8_t { yes, maybe, never };
  /// Of @p signer on @p link.
  [[nodiscard]] Asked judge(std::uint32_t link, const NodeId& signer, Millis now);
  /// True while questions of @p link may be answered; counts the answer.
  [[nodiscard]] bool may_answer(std::uint32_t link, Millis now);
  /// Drops messages whose wait is over.
  void expire(Millis now);
  /// When `next_question` or `expire` has something to do.
  [[nodiscard]] Millis next_deadline() const;
  /// Messages that wait.
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  /// Messages that went without a key.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  // A waiting message with its deadlines.
  struct Entry {
    Waiting what;
    Millis until;
    Millis ask_at;
    unsigned asked = 0;  // times
  };
  // A question that may still be answered.
  struct Open {
    NodeId signer;
    std::uint32_t link = 0;
    Millis until;
  };
  // How often a link was answered in a second.
  struct Answers {
    std::uint32_t link = 0;
    std::uint64_t second = 0;
    unsigned count = 0;
  };
  void note_question(const Question& question, Millis now);

  void drop_oldest();

  std::size_t most_links_;
  std::size_t most_bytes_;
  std::size_t cost_ = 0;
  std::deque<Entry> waiting_;  // oldest first
  std::deque<Open> asked_;     // oldest first, as many as messages wait at most
  Millis forgot_until_{0};     // a question that might be answered till then is not remembered
  std::vector<Answers> answers_;
  std::uint64_t dropped_ = 0;
};

}  // namespace mehr::l2
