// What trusted peers say of nodes that this node has not dealt with. spec: TR/6 Referrals
//
// Place: L2, above `Reputation`; speaks through a `Messenger` (context 0xF3, proven), so that the
// sender of a question and of an answer is known.
// Shapes: ReferralRequest 24 bytes, ReferralResponse 34.
// Machine: `ask` sends one question to each trusted peer; an answer is taken when it repeats the
// question's nonce. ASKED -(answer)-> HELD -(500 rounds)-> forgotten. Only trusted peers are asked
// and answered, and only from what was seen at first hand, so no judgement travels further than one
// step. A round is 60 s of steady time.
// Weight: reported score times own score of the referrer, over 10,000, times 3/10; all added, at
// most 5,000. What a node did to this one counts alone after 5 successes or any failure. Bounds:
// `Limits::referrals` answers and as many open questions, all memory taken at construction; the
// oldest goes. Failure: answers nobody asked for, of total 0 or above 10,000 are ignored and
// counted. Threads: one at a time.
#pragma once

#include <deque>

#include "mehr/core/messenger.h"
#include "mehr/core/random.h"
#include "mehr/l2/reputation.h"

namespace mehr::l2 {

inline constexpr Millis kRound = Millis::seconds(60);  ///< spec: README/2.1
inline constexpr std::uint64_t kReferralRounds = 500;  ///< REFERRAL_TTL
inline constexpr std::uint64_t kReferralSpacing = 10;  ///< rounds between questions
inline constexpr std::uint16_t kMostReferred = 5'000;  ///< REFERRAL_CAP
inline constexpr Protocol kReferralRequest{context::kTrust, 0x51};
inline constexpr Protocol kReferralResponse{context::kTrust, 0x52};

/// What is known of @p subject at first hand?
struct ReferralRequest {
  NodeId subject;
  std::uint64_t nonce = 0;
  static constexpr auto wire = std::tuple{field("subject", &ReferralRequest::subject),
                                          field("nonce", &ReferralRequest::nonce)};
  constexpr bool operator==(const ReferralRequest&) const = default;
};
static_assert(wire_size<ReferralRequest> == 24);

/// The answer; all zero when nothing is.
struct ReferralResponse {
  NodeId subject;
  std::uint64_t nonce = 0;
  std::uint16_t relay = 0;
  std::uint16_t storage = 0;
  std::uint16_t compute = 0;
  std::uint32_t total = 0;
  static constexpr auto wire = std::tuple{
      field("subject", &ReferralResponse::subject), field("nonce", &ReferralResponse::nonce),
      field("relay", &ReferralResponse::relay),     field("storage", &ReferralResponse::storage),
      field("compute", &ReferralResponse::compute), field("total", &ReferralResponse::total)};
  constexpr bool operator==(const ReferralResponse&) const = default;
};
static_assert(wire_size<ReferralResponse> == 34);

class Referrals {
 public:
  /// Questions and answers since the start.
  struct Counters {
    std::uint64_t asked = 0;     ///< questions sent
    std::uint64_t answered = 0;  ///< questions of trusted peers
    std::uint64_t taken = 0;     ///< answers that are held
    std::uint64_t refused = 0;   ///< questions of others than trusted peers
    std::uint64_t ignored = 0;   ///< answers unasked, empty or out of range
  };

  /// Listens on @p door until destruction. All references outlive this.
  Referrals(Messenger& door, const Reputation& own, const TrustView& trust, Random& random,
            Clock& clock, std::size_t capacity);
  ~Referrals();
  Referrals(const Referrals&) = delete;
  Referrals& operator=(const Referrals&) = delete;

  /// Asks trusted peers about @p subject, those not asked within 10 rounds. How many were.
  /// Errc::wrong_state when there is first-hand data: nobody is asked then.
  Result<std::size_t> ask(const NodeId& subject);
  /// What @p subject counts as for @p service: first-hand, else the greater of that and `referred`.
  [[nodiscard]] std::uint16_t effective(const NodeId& subject, Service service) const;
  /// What trusted peers' answers of the last 500 rounds add up to.
  [[nodiscard]] std::uint16_t referred(const NodeId& subject, Service service) const;
  /// What happened since the start.
  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// Answers held, expired ones among them until the next call that changes something.
  [[nodiscard]] std::size_t size() const { return held_.size(); }

 private:
  // A question, remembered for as long as it may not be repeated.
  struct Asked {
    NodeId subject;
    NodeId peer;
    std::uint64_t nonce = 0;
    Millis at;
    bool answered = false;
  };
  // What one referrer said of one node.
  struct Held {
    NodeId subject;
    NodeId referrer;
    PerService<std::uint16_t> scores{};
    Millis until;
  };
  void on_request(const Message& message);
  void on_response(const Message& message);
  void expire(Millis now);
  [[nodiscard]] bool asked_lately(const NodeId& subject, const NodeId& peer) const;

  Messenger& door_;
  const Reputation& own_;
  const TrustView& trust_;
  Random& random_;
  Clock& clock_;
  std::size_t capacity_;
  std::deque<Asked> asked_;  // oldest first
  std::deque<Held> held_;    // oldest first
  Counters counters_;
};

}  // namespace mehr::l2
