// What the engine says: one message at a time, made when it can leave.
#include <algorithm>
#include <bit>
#include <gsl/assert>

#include "mehr/l1/gossip.h"

namespace mehr::l1 {

namespace {
constexpr std::uint8_t kFirstTier = 0x01;  // whatever is no item

std::optional<GossipMessage> message_of(const Result<MutableBytes>& encoded) {
  if (!encoded) return std::nullopt;
  return GossipMessage{*encoded, GossipTier::routing};
}
}  // namespace

std::uint8_t Gossip::ready(LinkSlot slot) const {
  const Link& link = links_[slot];
  if (!link.up) return 0;
  std::uint8_t tiers = link.asked.mask != 0 ? kFirstTier : 0;
  switch (link.round.output(wanted(link))) {
    case RoundOutput::none:
      break;
    case RoundOutput::delta:
      if (wanted(link)) {
        for (std::size_t i = 0; i < 4; ++i) {
          if (exchanges_[link.exchange].waiting[i] != 0) {
            tiers = static_cast<std::uint8_t>(tiers | (1U << i));
          }
        }
        break;
      }
      [[fallthrough]];
    case RoundOutput::beat:
    case RoundOutput::beat_reply:
    case RoundOutput::summary:
      tiers |= kFirstTier;
  }
  if (link.answer.left != 0) tiers |= bit_of(link.answer.tier);
  return tiers;
}

LinkSlot Gossip::next_ready(LinkSlot from) const {
  for (std::size_t word = from / 64; word < ready_.size(); ++word) {
    std::uint64_t bits = ready_[word];
    if (word == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
    if (bits != 0)
      return static_cast<LinkSlot>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
  }
  return kNoLink;
}

void Gossip::start_made(Made::What what, LinkSlot slot) {
  made_.what = what;
  made_.link = slot;
  made_.last = made_.equal = made_.certain = false;
  made_.places.clear();
}

std::optional<GossipMessage> Gossip::make(LinkSlot slot, std::uint8_t tiers, MutableBytes out,
                                          Millis now) {
  made_.what = Made::What::nothing;
  const Link& link = links_[slot];
  if (!link.up) return std::nullopt;
  out = out.first(std::min<std::size_t>(out.size(), link.mtu));
  const bool first = (tiers & kFirstTier) != 0;
  std::optional<GossipMessage> message;
  if (first && link.asked.mask != 0) message = make_pull(slot, out);
  const RoundOutput output = link.round.output(wanted(link));
  if (!message && output == RoundOutput::delta) message = make_delta(slot, tiers, out);
  if (!message && first) {
    if (output == RoundOutput::beat) message = make_beat(slot, false, out, now);
    if (output == RoundOutput::beat_reply) message = make_beat(slot, true, out, now);
    if (output == RoundOutput::summary) message = make_summary(slot, out, now);
  }
  if (!message) message = make_answer(slot, tiers, out);
  if (message) {
    made_.bytes = static_cast<std::uint32_t>(message->bytes.size());
    made_.tier = message->tier;
  } else {
    made_.what = Made::What::nothing;
  }
  refresh(slot);
  return message;
}

std::optional<GossipMessage> Gossip::make_beat(LinkSlot slot, bool reply, MutableBytes out,
                                               Millis now) {
  Link& link = links_[slot];
  start_made(reply ? Made::What::beat_reply : Made::What::beat, slot);
  made_.mask = own_mask(link);
  if (reply) made_.mask &= link.their_mask;
  if (!acquire(slot, now)) {
    ++counters_.busy;
    if (!reply) {
      link.round.defer(now + kGossipRetry);
      return std::nullopt;
    }
    made_.mask = 0;  // nothing is to be compared now, yet the neighbour hears that we live
  }
  forget_held(slot);
  const std::uint64_t sum = digest(slot, made_.mask, now);
  made_.certain = made_.mask == 0 || made_.mask == link.their_mask;
  made_.equal = made_.mask == 0 || (made_.certain && sum == link.their_digest);
  GossipBeat beat;
  beat.round = reply ? link.round.round() : link.round.next_round();
  beat.lamport = lamport_.send();
  beat.mask = static_cast<std::uint8_t>(made_.mask | (reply ? kReplyBit : 0));
  beat.digest = sum;
  return message_of(encode(beat, out));
}

std::optional<GossipMessage> Gossip::make_summary(LinkSlot slot, MutableBytes out, Millis now) {
  Link& link = links_[slot];
  start_made(Made::What::summary, slot);
  GossipRound& round = link.round;
  if (!round.summary_begun()) {
    round.begin_summary(link.filter.parts_for(count_held(slot, 0, 1, now)), link.filter.one_part);
    link.salt = fresh_salt();
  }
  const std::size_t count = count_held(slot, round.part(), round.parts(), now);
  const MutableBytes bits = MutableBytes(body_).first(link.filter.bytes_for(count));
  std::fill(bits.begin(), bits.end(), std::uint8_t{0});
  insert_held(slot, bits, now);
  GossipSummary summary;
  summary.round = round.round();
  summary.lamport = lamport_.send();
  summary.mask = static_cast<std::uint8_t>(link.mask | (round.is_starter() ? 0 : kReplyBit));
  summary.hashes = kBloomHashes;
  summary.part = round.part();
  summary.parts = round.parts();
  summary.salt = link.salt;
  summary.size = static_cast<std::uint16_t>(bits.size());
  summary.bits = Tail{bits};
  return message_of(encode(summary, out));
}

bool Gossip::add(LinkSlot slot, const Pick& pick, DeltaWriter& delta) {
  const Owned& owned = owned_at(pick.place);
  const std::size_t place = pick.place - owned.first;
  ItemRef item;
  if (!owned.source->item(place, item)) return true;
  const std::size_t size = owned.source->write(place, slot, MutableBytes(body_).first(item.size));
  if (size == 0) {
    unwant(links_[slot], pick.place, tier_of(item.kind));
    return true;
  }
  if (!delta.add({item.kind, ByteView(body_).first(size)})) return false;
  made_.places.must_push(pick.place);
  made_.end = pick;
  return true;
}

bool Gossip::fill_wanted(LinkSlot slot, GossipTier tier, DeltaWriter& delta) {
  std::optional<Pick> after;
  for (;;) {
    Picks picks;
    pick_wanted(slot, tier, after, picks);
    for (const Pick& pick : picks) {
      if (!add(slot, pick, delta)) return false;
    }
    if (picks.size() < kPicks) return true;
    after = picks[kPicks - 1];
  }
}

std::optional<GossipMessage> Gossip::make_delta(LinkSlot slot, std::uint8_t tiers,
                                                MutableBytes out) {
  Link& link = links_[slot];
  start_made(Made::What::delta, slot);
  DeltaWriter delta(out);
  auto tier = GossipTier::routing;
  if (wanted(link)) {
    auto& waiting = exchanges_[link.exchange].waiting;
    for (std::size_t i = 0; i < 4 && delta.count() == 0; ++i) {
      tier = static_cast<GossipTier>(i + 1);
      if (waiting[i] == 0 || (tiers & bit_of(tier)) == 0) continue;
      const bool complete = fill_wanted(slot, tier, delta);
      if (delta.count() == 0 && !complete) return std::nullopt;  // no room even for one
      if (delta.count() == 0) waiting[i] = 0;                    // what waited is gone
    }
    std::uint32_t left = 0;
    for (const std::uint32_t n : waiting) left += n;
    made_.last = link.round.may_end() && left <= delta.count();
  } else {
    made_.last = link.round.may_end();
  }
  if (delta.count() == 0) {
    if (!made_.last || (tiers & kFirstTier) == 0) return std::nullopt;
    tier = GossipTier::routing;
  }
  const auto bytes = delta.finish(link.round.round(), lamport_.send(), made_.last);
  if (!bytes) return std::nullopt;
  return GossipMessage{*bytes, tier};
}

std::optional<GossipMessage> Gossip::make_answer(LinkSlot slot, std::uint8_t tiers,
                                                 MutableBytes out) {
  Answer& answer = links_[slot].answer;
  if (answer.left == 0 || (tiers & bit_of(answer.tier)) == 0) return std::nullopt;
  start_made(Made::What::answer, slot);
  const bool whole = out.size() >= links_[slot].mtu;  // else a larger buffer may do
  DeltaWriter delta(out.first(std::min<std::size_t>(out.size(), answer.left)));
  Picks picks;
  pick_pulled(slot, answer.tier, answer.after, picks);
  for (const Pick& pick : picks) {
    if (!add(slot, pick, delta)) break;
  }
  if (delta.count() == 0) {
    if (whole) answer.left = 0;
    return std::nullopt;
  }
  const auto bytes = delta.finish(answer.round, lamport_.send(), false);
  if (!bytes) return std::nullopt;
  return GossipMessage{*bytes, answer.tier};
}

std::optional<GossipMessage> Gossip::make_pull(LinkSlot slot, MutableBytes out) {
  const Link& link = links_[slot];
  start_made(Made::What::pull, slot);
  return message_of(
      encode(GossipPull{{}, link.round.round(), link.asked.mask, link.asked.max_bytes}, out));
}

Status Gossip::pull(LinkSlot slot, std::uint8_t tiers, std::uint32_t max_bytes, Millis now) {
  Link& link = links_[slot];
  if (!link.up || now < link.asked.next) {
    return fail(Errc::wrong_state, "a link is asked for items once in 60 s, while it is active");
  }
  link.asked.mask = tiers & carried_ & kAllTiers;
  link.asked.max_bytes = max_bytes;
  link.asked.next = now + kPullSpacing;
  refresh(slot);
  return {};
}

void Gossip::sent_items(LinkSlot slot) {
  counters_.items_sent += made_.places.size();
  for (const std::uint32_t place : made_.places) {
    const Owned& owned = owned_at(place);
    owned.source->sent(place - owned.first, slot);
    unwant(links_[slot], place, made_.tier);
  }
}

RoundOutcome Gossip::sent(Millis now) {
  const LinkSlot slot = made_.link;
  Expects(made_.what != Made::What::nothing);
  Link& link = links_[slot];
  GossipRound& round = link.round;
  RoundOutcome outcome = RoundOutcome::none;
  touch(link, now);
  switch (made_.what) {
    case Made::What::nothing:
      break;
    case Made::What::beat:
      round.sent_beat(now);
      link.mask = made_.mask;
      break;
    case Made::What::beat_reply:
      outcome = round.sent_beat_reply(made_.equal, made_.certain);
      link.mask = made_.mask;
      break;
    case Made::What::summary:
      round.sent_summary();
      break;
    case Made::What::delta:
      sent_items(slot);
      if (made_.last) outcome = round.sent_last_delta();
      break;
    case Made::What::pull:
      link.asked.round = round.round();
      link.asked.due = link.asked.max_bytes;
      link.asked.mask = 0;
      break;
    case Made::What::answer:
      sent_items(slot);
      link.answer.left -= made_.bytes;
      link.answer.after = made_.end;
      find_answer(slot);
      break;
  }
  made_.what = Made::What::nothing;
  note(slot, outcome);
  refresh(slot);
  return outcome;
}

}  // namespace mehr::l1
