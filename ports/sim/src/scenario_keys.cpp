#include "scenario_keys.h"

#include <array>
#include <nlohmann/json.hpp>

namespace mehr::sim {
namespace {

struct LimitKey {
  std::string_view key;
  std::size_t Limits::*member;
};

constexpr LimitKey kLimits[] = {
    {"links", &Limits::links},
    {"half_open_links", &Limits::half_open_links},
    {"inits_per_second", &Limits::inits_per_second},
    {"init_sources", &Limits::init_sources},
    {"media", &Limits::media},
    {"routes", &Limits::routes},
    {"candidates", &Limits::candidates},
    {"packet_ids", &Limits::packet_ids},
    {"evicted_routes", &Limits::evicted_routes},
    {"announce_checks", &Limits::announce_checks},
    {"reverse_paths", &Limits::reverse_paths},
    {"path_tags", &Limits::path_tags},
    {"queue_bytes", &Limits::queue_bytes},
    {"queue_block", &Limits::queue_block},
    {"queue_flows", &Limits::queue_flows},
    {"gossip_exchanges", &Limits::gossip_exchanges},
    {"refused_items", &Limits::refused_items},
    {"probed", &Limits::probed},
    {"probe_notes", &Limits::probe_notes},
    {"reservations", &Limits::reservations},
    {"envelope_replays", &Limits::envelope_replays},
    {"streams", &Limits::streams},
    {"peer_keys", &Limits::peer_keys},
    {"segment_bytes", &Limits::segment_bytes},
    {"segment_sets", &Limits::segment_sets},
    {"onion_replays", &Limits::onion_replays},
    {"advisories", &Limits::advisories},
    {"reputations", &Limits::reputations},
    {"referrals", &Limits::referrals},
};
// How long packets are is the business of media, by their MTU: Limits::packet_bytes has no key.
static_assert((sizeof(kLimits) / sizeof(LimitKey) + 1) * sizeof(std::size_t) == sizeof(Limits),
              "every other member of Limits has a key");

constexpr std::size_t kMostOfALimit = 10'000'000;
constexpr std::array<std::string_view, 3> kBases{"small", "minimal", "standard"};

Limits read_base(const InputValue& value, std::string_view key) {
  constexpr std::array kOfBase{Limits::small(), Limits::minimal(), Limits::standard()};
  return kOfBase[as_choice(value, key, kBases)];
}

constexpr std::int64_t kPerMille = 1000;
constexpr std::int64_t kYearMs = 31'536'000'000;

constexpr FaultForm kFaults[] = {
    {.kind = FaultKind::cut, .has_peer = true},
    {.kind = FaultKind::one_way, .has_peer = true},
    {.kind = FaultKind::partition, .has_node = false, .has_group = true},
    {.kind = FaultKind::crash},
    {.kind = FaultKind::pause},
    {.kind = FaultKind::clock_jump, .has_span = false, .least = -kYearMs, .most = kYearMs},
    {.kind = FaultKind::slow_disk, .least = 1, .most = 60'000},
    {.kind = FaultKind::full_disk},
    {.kind = FaultKind::read_errors, .least = 1, .most = kPerMille},
    {.kind = FaultKind::write_errors, .least = 1, .most = kPerMille},
    {.kind = FaultKind::lying_sync, .least = 1, .most = kPerMille},
    {.kind = FaultKind::byzantine, .has_behaviour = true},
};
static_assert(sizeof(kFaults) / sizeof(FaultForm) ==
                  static_cast<std::size_t>(FaultKind::byzantine) + 1,
              "every kind of fault has a form");

}  // namespace

Limits read_limits(const InputValue& value, std::string_view key) {
  if (std::holds_alternative<std::string>(value.data)) return read_base(value, key);
  const InputValue::Table& table =
      as_table(value, R"("limits" other than "small", "minimal" or "standard")");
  std::vector<std::string_view> known{"base"};
  for (const LimitKey& limit : kLimits) known.push_back(limit.key);
  check_keys(table, "limits", known);
  const InputValue* base = find_member(table, "base");
  Limits out = base == nullptr ? Limits::small() : read_base(*base, "base");
  for (const InputMember& member : table) {
    for (const LimitKey& limit : kLimits) {
      if (limit.key != member.key) continue;
      out.*limit.member = as_count(member.value, member.key, 1, kMostOfALimit);
    }
  }
  return out;
}

nlohmann::ordered_json to_json(const Limits& limits) {
  nlohmann::ordered_json out;
  for (const LimitKey& limit : kLimits) out[std::string(limit.key)] = limits.*limit.member;
  return out;
}

std::span<const FaultForm> fault_forms() { return kFaults; }

}  // namespace mehr::sim
