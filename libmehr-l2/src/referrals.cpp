#include "mehr/l2/referrals.h"

#include "mehr/core/crypto.h"

namespace mehr::l2 {

namespace {

SendOptions proven() {
  SendOptions out;
  out.proven = true;
  return out;
}

constexpr Millis kMemory = kRound * kReferralRounds;
constexpr Millis kSpacing = kRound * kReferralSpacing;

}  // namespace

Referrals::Referrals(Messenger& door, const Reputation& own, const TrustView& trust, Random& random,
                     Clock& clock, std::size_t capacity)
    : door_(door), own_(own), trust_(trust), random_(random), clock_(clock), capacity_(capacity) {
  door_.on(kReferralRequest, [this](const Message& m) { on_request(m); });
  door_.on(kReferralResponse, [this](const Message& m) { on_response(m); });
}

Referrals::~Referrals() {
  door_.on(kReferralRequest, {});
  door_.on(kReferralResponse, {});
}

void Referrals::expire(Millis now) {
  while (!held_.empty() && held_.front().until <= now) held_.pop_front();
  while (!asked_.empty() && asked_.front().at + kSpacing <= now) asked_.pop_front();
}

bool Referrals::asked_lately(const NodeId& subject, const NodeId& peer) const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [&](const Asked& a) { return a.subject == subject && a.peer == peer; });
}

Result<std::size_t> Referrals::ask(const NodeId& subject) {
  if (own_.find(subject) != nullptr) {
    return fail(Errc::wrong_state, "this node has dealt with that one itself");
  }
  const Millis now = clock_.now();
  expire(now);
  std::size_t asked = 0;
  trust_.trusted([&](const NodeId& peer) {
    if (capacity_ == 0 || peer == subject || asked_lately(subject, peer)) return;
    const ReferralRequest question{subject, random_.draw<std::uint64_t>()};
    if (!door_.send(peer, kReferralRequest, encode_fixed(question), proven())) return;
    if (asked_.size() == capacity_) asked_.pop_front();
    asked_.push_back({subject, peer, question.nonce, now, false});
    ++asked;
  });
  counters_.asked += asked;
  return asked;
}

void Referrals::on_request(const Message& message) {
  const auto question = decode<ReferralRequest>(message.body);
  if (!question || !message.sender) return;
  const NodeId from = crypto::node_id_of(*message.sender);
  if (trust_.distance(from) != 1) {
    ++counters_.refused;
    return;
  }
  ReferralResponse answer;
  answer.subject = question->subject;
  answer.nonce = question->nonce;
  if (const PeerReputation* known = own_.find(question->subject)) {
    answer.relay = known->relay;
    answer.storage = known->storage;
    answer.compute = known->compute;
    answer.total = known->total;
  }
  if (door_.send(from, kReferralResponse, encode_fixed(answer), proven())) ++counters_.answered;
}

void Referrals::on_response(const Message& message) {
  const auto answer = decode<ReferralResponse>(message.body);
  if (!answer || !message.sender) return;
  const NodeId from = crypto::node_id_of(*message.sender);
  const Millis now = clock_.now();
  expire(now);
  const auto open = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& a) {
    return !a.answered && a.peer == from && a.subject == answer->subject &&
           a.nonce == answer->nonce;
  });
  const PerService<std::uint16_t> scores{answer->relay, answer->storage, answer->compute};
  const bool sound = std::all_of(scores.begin(), scores.end(),
                                 [](std::uint16_t s) { return s <= kMostReputation; });
  if (open == asked_.end() || answer->total == 0 || !sound || trust_.distance(from) != 1) {
    ++counters_.ignored;
    return;
  }
  open->answered = true;
  std::erase_if(held_,
                [&](const Held& h) { return h.subject == answer->subject && h.referrer == from; });
  if (held_.size() == capacity_) held_.pop_front();
  held_.push_back({answer->subject, from, scores, now + kMemory});
  ++counters_.taken;
}

// spec: TR/6 rules 3 and 4
std::uint16_t Referrals::referred(const NodeId& subject, Service service) const {
  const Millis now = clock_.now();
  const auto at = static_cast<std::size_t>(service);
  std::uint64_t sum = 0;
  for (const Held& h : held_) {
    if (h.subject != subject || h.until <= now) continue;
    const PeerReputation* referrer = own_.find(h.referrer);
    const std::uint64_t weight = referrer == nullptr ? 0 : referrer->score(service);
    sum += mul_div(h.scores[at], weight, kMostReputation) * 3 / 10;
  }
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(sum, kMostReferred));
}

std::uint16_t Referrals::effective(const NodeId& subject, Service service) const {
  const PeerReputation* own = own_.find(subject);
  if (own != nullptr && own->is_first_hand(service)) return own->score(service);
  return std::max(own == nullptr ? std::uint16_t{0} : own->score(service),
                  referred(subject, service));
}

}  // namespace mehr::l2
