// Compromised keys and reputations as JSON. spec: L2/6.1, TR/6
#include "mehr/common/text.h"
#include "views.h"

namespace mehr::daemon {
namespace {

using common::to_hex;
using common::to_text;

Json claim_view(const l2::ClaimedSuccessor& claim) {
  Json out{{"successor", nullptr},
           {"node", nullptr},
           {"evidence", claim.evidence == l2::Evidence::both ? "both" : "old_only"},
           {"sequence", claim.sequence},
           {"timestamp", claim.timestamp}};
  if (!claim.key.is_zero()) {
    out["successor"] = to_hex(claim.key.view());
    out["node"] = to_text(crypto::node_id_of(claim.key));
  }
  return out;
}

Json standing_view(const l2::AdvisoryStore& store, const PublicKey& key) {
  const l2::KeyStanding s = store.standing(key);
  Json claims = Json::array();
  for (const l2::ClaimedSuccessor& claim : s.claims) claims.push_back(claim_view(claim));
  Json successor = nullptr;
  if (s.successor) successor = to_text(crypto::node_id_of(*s.successor));
  return {{"node", to_text(crypto::node_id_of(key))},
          {"public_key", to_hex(key.view())},
          {"committed", s.committed},
          {"successor", std::move(successor)},
          {"undecided", s.undecided},
          {"claims", std::move(claims)}};
}

}  // namespace

Json advisories_view(const ApiParts& p) {
  const l2::AdvisoryStore& store = p.node.advisories();
  Json keys = Json::array();
  store.compromised([&](const PublicKey& key) { keys.push_back(standing_view(store, key)); });
  const auto& c = store.counters();
  return {{"keys", std::move(keys)},
          {"held", store.size()},
          {"counters",
           {{"taken", c.taken},
            {"known", c.known},
            {"superseded", c.superseded},
            {"refused", c.refused},
            {"invalid", c.invalid},
            {"evicted", c.evicted},
            {"storage_failed", c.storage_failed}}}};
}

Json reputation_view(const ApiParts& p) {
  Json peers = Json::array();
  const l2::Referrals& referrals = p.node.referrals();
  p.node.reputation().each([&](const l2::PeerReputation& r) {
    const auto one = [&](Service service) {
      return Json{{"score", r.score(service)},
                  {"effective", referrals.effective(r.node, service)},
                  {"successes", r.successes(service)},
                  {"first_hand", r.is_first_hand(service)}};
    };
    peers.push_back({{"node", to_text(r.node)},
                     {"relay", one(Service::relay)},
                     {"storage", one(Service::storage)},
                     {"compute", one(Service::compute)},
                     {"total", r.total},
                     {"failed", r.failed},
                     {"first_seen_epoch", r.first_seen_epoch},
                     {"last_updated", r.last_updated}});
  });
  const auto& c = referrals.counters();
  return {{"peers", std::move(peers)},
          {"referrals", referrals.size()},
          {"counters",
           {{"asked", c.asked},
            {"answered", c.answered},
            {"taken", c.taken},
            {"refused", c.refused},
            {"ignored", c.ignored}}}};
}

Json onion_view(const ApiParts& p) {
  const l2::OnionCounters c = p.node.messages().onion_counters();
  return {{"built", c.built},
          {"forwarded", c.forwarded},
          {"exited", c.exited},
          {"covered", c.covered},
          {"cover_sent", c.cover_sent},
          {"dropped_malformed", c.dropped_malformed},
          {"dropped_unopened", c.dropped_unopened},
          {"dropped_replayed", c.dropped_replayed},
          {"dropped_unsent", c.dropped_unsent},
          {"replays_forgotten", c.replays_forgotten}};
}

}  // namespace mehr::daemon
