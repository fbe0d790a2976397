#include "mehr/sim/hazards.h"

#include <algorithm>
#include <array>
#include <gsl/assert>
#include <optional>
#include <utility>

#include "mehr/core/hazard.h"

namespace mehr::sim {

namespace {

constexpr std::uint64_t kArmedOneIn = 4;
constexpr std::uint64_t kFiresOneIn = 20;

constexpr std::array kSites{
    NamedSite{"l0.handshake_frame_lost",
              "A frame of a handshake is lost on its way to the medium."},
    NamedSite{"l0.link_table_full", "There is no room for the link that an INIT asks for."},
    NamedSite{"l0.medium_full", "A medium takes no frame, and has room again a moment later."},
    NamedSite{"l0.rekey_early", "The key of a link is due long before its time."},
    NamedSite{"l0.wakes_early", "L0 is woken before anything is due."},
    NamedSite{"l1.announce_held", "An announce waits 10 s although nothing came before it."},
    NamedSite{"l1.link_table_full", "L1 has no room for a link that L0 brought up."},
    NamedSite{"l1.pump_short", "What is ready leaves one step later."},
    NamedSite{"l1.storage_fails", "The number of an announce is not stored."},
    NamedSite{"l1.wakes_early", "L1 is woken before anything is due."},
    NamedSite{"transfer.ack_late", "An acknowledgement leaves 250 ms late."},
    NamedSite{"transfer.busy", "An offered file finds the receiver busy."},
    NamedSite{"transfer.numbers_used_up", "A transfer has used up its packet numbers at once."},
    NamedSite{"transfer.window_small", "A receiver has room for one chunk only."},
};

constexpr std::array kPlants{
    NamedSite{"l0.bad_seal", "A link takes frames whose tag does not match."},
    NamedSite{"l0.counter_repeats", "Every 16th frame is sealed under the counter before its own."},
    NamedSite{"l0.rekey_forgets", "Who answers a rekey forgets the old key at once.",
              "l0.rekey_early"},
    NamedSite{"l0.replay_window", "A link takes the same frame again."},
    NamedSite{"l1.announce_order", "An older announce replaces a newer one."},
    NamedSite{"l1.announce_signature", "The signatures of announces are not checked."},
    NamedSite{"l1.duplicate_filter", "No packet counts as a repetition."},
    NamedSite{"l1.emitted_not_stored", "A node numbers its announces from 1 after each boot."},
    NamedSite{"l1.false_digest", "Every round of gossip finds both sides level."},
    NamedSite{"l1.feasibility",
              "The announce that came last makes the route, whatever its metric."},
    NamedSite{"l1.gossip_budget", "Gossip takes as much of a link as it likes."},
    NamedSite{"l1.hop_limit", "Relays do not count hops."},
    NamedSite{"l1.link_down_kept", "Routes over a link that went down stay in use."},
    NamedSite{"l1.never_expires", "Routes and neighbours that are gone are kept for ever."},
    NamedSite{"l1.signal_ignored", "Signals of congestion are not heard."},
    NamedSite{"l1.split_horizon", "Announces and packets go back to where they came from."},
    NamedSite{"l1.update_ignored", "News that a way has changed is dropped."},
    NamedSite{"l1.writable_ignored", "A link that was full once gets nothing any more.",
              "l0.medium_full"},
    NamedSite{"l2.envelope_replay", "An envelope is accepted again."},
    NamedSite{"l2.stream_mixup", "A datagram of no stream goes to the first stream there is."},
    NamedSite{"memory.leak", "Every packet leaks 64 bytes."},
    NamedSite{"transfer.never_resends", "Chunks that were lost are not sent again."},
    NamedSite{"transfer.no_verify",
              "Chunks out of order are stored wrong, and no hash is compared."},
};

constexpr bool by_name(const NamedSite& a, const NamedSite& b) { return a.name < b.name; }
static_assert(std::is_sorted(kSites.begin(), kSites.end(), by_name));
static_assert(std::is_sorted(kPlants.begin(), kPlants.end(), by_name));

std::optional<std::size_t> place_of(std::span<const NamedSite> all, std::string_view name) {
  const auto at = std::lower_bound(all.begin(), all.end(), NamedSite{name, {}}, by_name);
  if (at == all.end() || at->name != name) return std::nullopt;
  return static_cast<std::size_t>(at - all.begin());
}

/// Remembers where the name at an address stands: the core asks with literals, again and again.
class Places {
 public:
  explicit constexpr Places(std::span<const NamedSite> all) : all_(all) {}

  std::size_t find(std::string_view name) {
    Entry& entry = entries_[reinterpret_cast<std::uintptr_t>(name.data()) / 8 % entries_.size()];
    if (entry.literal == name.data() && all_[entry.place].name == name) return entry.place;
    const auto place = place_of(all_, name);
    Expects(place.has_value());  // the core asks for a site that is not listed above
    entry = {name.data(), *place};
    return *place;
  }

 private:
  struct Entry {
    const char* literal = nullptr;
    std::size_t place = 0;
  };
  std::span<const NamedSite> all_;
  std::array<Entry, 256> entries_{};
};

constinit thread_local Places site_places{kSites};
constinit thread_local Places plant_places{kPlants};
constinit thread_local HazardSource* current = nullptr;

}  // namespace

std::span<const NamedSite> hazard_sites() { return kSites; }
std::span<const NamedSite> plants() { return kPlants; }

HazardSource::HazardSource(std::uint64_t seed, bool armed, std::span<const std::string> planted)
    : planted_(kPlants.size()), passed_(kSites.size()) {
  for (const NamedSite& site : kSites) {
    Chance chance(seed, site.name);
    const bool drawn = chance.below(kArmedOneIn) == 0;
    sites_.push_back({chance, armed && drawn});
  }
  for (const std::string& name : planted) {
    const auto place = place_of(kPlants, name);
    Expects(place.has_value());
    planted_[*place] = any_planted_ = true;
    const auto needed = place_of(kSites, kPlants[*place].arms);
    if (needed) sites_[*needed].armed = true;
  }
}

bool HazardSource::hazard(std::string_view site) {
  const std::size_t place = site_places.find(site);
  Passed& counts = passed_[place];
  ++counts.passed;
  if (!sites_[place].armed || sites_[place].chance.below(kFiresOneIn) != 0) return false;
  ++counts.fired;
  return true;
}

bool HazardSource::planted(std::string_view defect) const {
  return any_planted_ && planted_[plant_places.find(defect)];
}

void HazardSource::disarm() {
  for (Site& site : sites_) site.armed = false;
}

bool HazardSource::is_armed(std::string_view site) const {
  return sites_[site_places.find(site)].armed;
}

HazardScope::HazardScope(HazardSource& source) : outer_(std::exchange(current, &source)) {}
HazardScope::~HazardScope() { current = outer_; }

}  // namespace mehr::sim

namespace mehr {

bool hazard(std::string_view site) { return sim::current != nullptr && sim::current->hazard(site); }

bool planted(std::string_view defect) {
  return sim::current != nullptr && sim::current->planted(defect);
}

}  // namespace mehr
