// What the engine is told: links, messages, verdicts, time. What it says is in gossip_output.cpp,
// how it looks at items in gossip_items.cpp.
#include "mehr/l1/gossip.h"

#include <algorithm>
#include <bit>
#include <gsl/assert>

#include "mehr/l1/announce_item.h"

namespace mehr::l1 {

Gossip::Gossip(const GossipConfig& config, const NodeId& self, Random& random)
    : self_(self),
      secret_(HashSalt::draw(random)),
      links_(config.links),
      exchanges_(config.exchanges),
      ready_((config.links + 63) / 64),
      deadlines_(config.links),
      refused_(config.refused_ids, config.links, HashSalt::draw(random)),
      body_(config.body_bytes) {
  Expects(config.links > 0 && config.links < kNoLink);
  Expects(config.exchanges > 0 && config.exchanges < kNoExchange);
}

void Gossip::add_source(ItemSource& source) {
  sources_.push_back({&source, places_});
  places_ += static_cast<std::uint32_t>(source.capacity());
  carried_ |= source.tiers();
  // Places of earlier sources keep their bits, so rounds under way are not disturbed.
  for (Exchange& exchange : exchanges_) exchange.wanted.resize((places_ + 63) / 64);
}

void Gossip::let_go(const ItemRef& item, Millis now) {
  refused_.remember(item, RefusedIds::kEveryLink, now);
}

// ---- Links

void Gossip::link_up(LinkSlot slot, const GossipLink& info, Millis now) {
  Link& link = links_[slot];
  release(link);
  if (link.peer != info.peer) refused_.forget_link(slot);
  link.up = true;
  link.peer = info.peer;
  link.mtu = info.mtu.bytes;
  link.limit = static_cast<std::uint16_t>(item_limit(info.mtu));
  link.filter = filter_size(info.mtu, info.rate);
  link.asked = {};
  link.answer = {};
  link.round.link_up(self_ < info.peer, now);
  refresh(slot);
}

void Gossip::link_down(LinkSlot slot) {
  Link& link = links_[slot];
  link.up = false;
  link.round.link_down();
  release(link);
  refresh(slot);
}

bool Gossip::left_out(LinkSlot slot, std::size_t size) const {
  return links_[slot].up && size > links_[slot].limit;
}

// ---- In

GossipReceived Gossip::receive(LinkSlot from, ByteView message, Millis now) {
  GossipReceived out;
  out.kind = GossipReceived::Kind::malformed;
  if (!links_[from].up) {
    out.kind = GossipReceived::Kind::ignored;
    return out;
  }
  // The decoder that knows the type is the one that accepts it.
  if (const auto beat = decode<GossipBeat>(message)) {
    lamport_.receive(beat->lamport);
    if ((beat->mask & kReplyBit) != 0) {
      on_beat_reply(from, *beat, out, now);
    } else {
      on_beat(from, *beat, out, now);
    }
  } else if (const auto summary = decode<GossipSummary>(message)) {
    lamport_.receive(summary->lamport);
    on_summary(from, *summary, out, now);
  } else if (const auto delta = decode<GossipDelta>(message)) {
    lamport_.receive(delta->lamport);
    on_delta(from, *delta, message.size(), out, now);
  } else if (const auto pull = decode<GossipPull>(message)) {
    on_pull(from, *pull, out, now);
  } else {
    ++counters_.malformed;
  }
  refresh(from);
  return out;
}

void Gossip::on_beat(LinkSlot from, const GossipBeat& beat, GossipReceived& out, Millis now) {
  Link& link = links_[from];
  const auto heard = link.round.on_beat(beat.round, now);
  if (!heard.accepted) {
    ++counters_.beats_refused;
    out.kind = GossipReceived::Kind::ignored;
    return;
  }
  out.kind = GossipReceived::Kind::taken;
  release(link);  // of the round before
  out.outcome = note(from, heard.ended);
  link.their_mask = beat.mask;
  link.their_digest = beat.digest;
}

void Gossip::on_beat_reply(LinkSlot from, const GossipBeat& beat, GossipReceived& out, Millis now) {
  Link& link = links_[from];
  const bool awaited =
      link.round.state() == RoundState::beat_sent && link.round.round() == beat.round;
  // The neighbour names the tiers that both carry; over those the digests are compared.
  const auto mask = static_cast<std::uint8_t>(link.mask & beat.mask);
  const auto heard =
      awaited ? link.round.on_beat_reply(beat.round, digest(from, mask, now) == beat.digest)
              : GossipRound::Heard{};
  if (!heard.accepted) {
    ++counters_.out_of_turn;
    out.kind = GossipReceived::Kind::ignored;
    return;
  }
  out.kind = GossipReceived::Kind::taken;
  link.mask = mask;
  touch(link, now);
  out.outcome = note(from, heard.ended);
}

void Gossip::on_summary(LinkSlot from, const GossipSummary& summary, GossipReceived& out,
                        Millis now) {
  Link& link = links_[from];
  out.kind = GossipReceived::Kind::ignored;
  const bool one_part = link.filter.one_part;
  if (link.exchange == kNoExchange || !link.round.takes_summary(summary.round, summary.parts) ||
      (!one_part && summary.parts > kMostParts)) {
    ++counters_.out_of_turn;
    return;
  }
  if (!one_part) {
    std::uint64_t& word = exchanges_[link.exchange].parts[summary.part / 64];
    const std::uint64_t bit = std::uint64_t{1} << (summary.part % 64);
    if ((word & bit) != 0) {
      ++counters_.out_of_turn;
      return;
    }
    word |= bit;
  }
  out.kind = GossipReceived::Kind::taken;
  link.round.on_summary(summary.parts, one_part);
  want(from, summary);
  touch(link, now);
}

void Gossip::on_delta(LinkSlot from, const GossipDelta& delta, std::size_t size,
                      GossipReceived& out, Millis now) {
  Link& link = links_[from];
  out.kind = GossipReceived::Kind::taken;
  if (delta.last()) out.outcome = note(from, link.round.on_last_delta(delta.round));
  if (delta.count == 0) return;
  if (link.round.asked(delta.round)) {
    touch(link, now);
  } else if (link.asked.round == delta.round && size <= link.asked.due) {
    link.asked.due -= static_cast<std::uint32_t>(size);
  } else {
    ++counters_.unasked;
    out.kind = GossipReceived::Kind::ignored;
    return;
  }
  out.items = DeltaReader(delta.items.bytes);
}

void Gossip::on_pull(LinkSlot from, const GossipPull& pull, GossipReceived& out, Millis now) {
  Answer& answer = links_[from].answer;
  if (now < answer.next) {
    ++counters_.out_of_turn;
    out.kind = GossipReceived::Kind::ignored;
    return;
  }
  out.kind = GossipReceived::Kind::taken;
  if (answer.mask != pull.mask) answer.after.reset();
  if (!answer.after) answer.tier = GossipTier::routing;
  answer.mask = pull.mask;
  answer.left = pull.max_bytes;
  answer.round = pull.round;
  answer.next = now + kPullTaken;
  find_answer(from);
}

std::optional<OfferedItem> Gossip::next(LinkSlot from, GossipReceived& message, Millis now) {
  while (message.invalid < kMostInvalid) {
    const auto item = message.items.next();
    if (!item) return std::nullopt;
    const auto id = received_item_id(*item);
    if (!id) {
      ++counters_.invalid;
      ++message.invalid;
      continue;
    }
    OfferedItem out{*item,
                    {*id, item->kind, static_cast<std::uint16_t>(item->body.size())},
                    owner_of(item->kind)};
    if (refused_.holds(*id, from, now)) {
      ++counters_.refused_again;
    } else if (out.source == nullptr) {
      ++counters_.unknown_kind;
      refused_.remember(out.ref, from, now);
    } else {
      return out;
    }
  }
  return std::nullopt;
}

bool Gossip::settle(LinkSlot from, GossipReceived& message, const OfferedItem& item,
                    MergeVerdict verdict, Millis now) {
  switch (verdict) {
    case MergeVerdict::taken:
      ++counters_.taken;
      refused_.forget(item.ref.id, from);
      for (std::size_t i = 0; i < links_.size(); ++i) {
        const auto slot = static_cast<LinkSlot>(i);
        if (slot != from && left_out(slot, item.ref.size)) return true;
      }
      return false;
    case MergeVerdict::known:
    case MergeVerdict::superseded:
      ++counters_.known;
      return false;
    case MergeVerdict::refused:
      ++counters_.refused;
      refused_.remember(item.ref, from, now);
      return false;
    case MergeVerdict::invalid:
      // Not remembered: the id of an announce does not cover its bytes, and what a forger sent must
      // not keep the true one out.
      ++counters_.invalid;
      ++message.invalid;
      return false;
  }
  return false;
}

// ---- Time

std::optional<RoundEnd> Gossip::on_time(Millis now) {
  while (deadlines_.next() <= now) {
    const auto slot = static_cast<LinkSlot>(deadlines_.first());
    const RoundOutcome outcome = note(slot, links_[slot].round.on_time(now));
    refresh(slot);
    if (outcome != RoundOutcome::none) return RoundEnd{slot, outcome};
  }
  return std::nullopt;
}

// ---- Exchanges and bookkeeping

bool Gossip::acquire(LinkSlot slot, Millis now) {
  Link& link = links_[slot];
  if (link.exchange == kNoExchange) {
    Exchange* best = nullptr;
    for (Exchange& e : exchanges_) {
      if (e.link == kNoLink) {
        best = &e;
        break;
      }
      if (now - e.progress >= kExchangeIdle && (best == nullptr || e.progress < best->progress)) {
        best = &e;
      }
    }
    if (best == nullptr) return false;
    if (best->link != kNoLink) {
      const LinkSlot loser = best->link;
      links_[loser].round.give_up();
      release(links_[loser]);
      refresh(loser);
    }
    best->link = slot;
    link.exchange = static_cast<std::uint16_t>(best - exchanges_.data());
  }
  Exchange& exchange = exchanges_[link.exchange];
  exchange.progress = now;
  exchange.waiting.fill(0);
  exchange.parts.fill(0);
  std::fill(exchange.wanted.begin(), exchange.wanted.end(), std::uint64_t{0});
  return true;
}

void Gossip::release(Link& link) {
  if (link.exchange == kNoExchange) return;
  exchanges_[link.exchange].link = kNoLink;
  link.exchange = kNoExchange;
}

bool Gossip::wanted(const Link& link) const {
  if (link.exchange == kNoExchange || link.round.feed_over()) return false;
  const auto& waiting = exchanges_[link.exchange].waiting;
  return std::any_of(waiting.begin(), waiting.end(), [](std::uint32_t n) { return n != 0; });
}

void Gossip::touch(const Link& link, Millis now) {
  if (link.exchange != kNoExchange) exchanges_[link.exchange].progress = now;
}

RoundOutcome Gossip::note(LinkSlot slot, RoundOutcome outcome) {
  if (outcome == RoundOutcome::success) ++counters_.rounds_ok;
  if (outcome == RoundOutcome::failed) ++counters_.rounds_failed;
  if (outcome == RoundOutcome::missed) ++counters_.rounds_missed;
  if (links_[slot].round.state() == RoundState::idle) release(links_[slot]);
  return outcome;
}

void Gossip::refresh(LinkSlot slot) {
  deadlines_.set(slot, links_[slot].round.next_deadline());
  const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
  std::uint64_t& word = ready_[slot / 64];
  word = ready(slot) != 0 ? word | bit : word & ~bit;
}

std::uint32_t Gossip::fresh_salt() {
  std::array<std::uint8_t, 16> counter{};
  Writer(counter).put(++salts_);
  return static_cast<std::uint32_t>(salted_hash(secret_, counter));
}

}  // namespace mehr::l1
