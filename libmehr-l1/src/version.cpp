#include "mehr/l1/version.h"

#include <algorithm>

#include "mehr/l1/u128.h"

namespace mehr::l1 {

namespace {

constexpr std::uint32_t kSupportPercent = 80;  // more than: prefer. spec: L1/13.5
constexpr std::uint32_t kTrafficPercent = 5;   // less than: drop

constexpr std::uint8_t kNone = 0xFF;  // no minor of a major

constexpr std::uint8_t major_of(std::uint8_t version_byte) { return version_byte >> 4; }

Judgement judge(const SpokenVersions& own, std::uint8_t version_byte,
                std::optional<ByteView> supported) {
  const auto& ours = own.versions;
  const bool foreign = ours.empty() || major_of(version_byte) != major_of(ours[0]);
  if (foreign && own.refuse_other_majors) return {};
  const ByteView spoken(ours.begin(), ours.size());
  if (const auto same = common_version(spoken, {&version_byte, 1})) {
    return {Compatibility::full, *same};
  }
  if (!supported) return {};
  if (const auto common = common_version(spoken, *supported)) {
    return {Compatibility::common, *common};
  }
  return {};
}

}  // namespace

// ---- Versions
// ------------------------------------------------------------------------------------

std::optional<Version> version_of(std::uint8_t version_byte, std::optional<ByteView> extended) {
  if (major_of(version_byte) != kEscapedMajor) {
    return Version{major_of(version_byte), static_cast<std::uint16_t>(version_byte & 15)};
  }
  if (!extended) return std::nullopt;
  const auto more = decode<ExtendedVersion>(*extended);
  if (!more) return std::nullopt;
  return Version{more->major, more->minor};
}

std::optional<Version> version_of(const MehrExtension& extension) {
  return version_of(extension.version, extension.find(tlv::kExtendedVersion));
}

// ---- Compatibility
// -------------------------------------------------------------------------------

std::optional<std::uint8_t> common_version(ByteView ours, ByteView theirs) {
  // The highest minor of each major on either side, then the lower of the two.
  const auto highest = [](ByteView list) {
    std::array<std::uint8_t, kEscapedMajor> minors;
    minors.fill(kNone);
    for (const std::uint8_t v : list) {
      if (major_of(v) == kEscapedMajor) continue;
      std::uint8_t& best = minors[major_of(v)];
      const auto minor = static_cast<std::uint8_t>(v & 15);
      best = best == kNone ? minor : std::max(best, minor);
    }
    return minors;
  };
  const auto a = highest(ours);
  const auto b = highest(theirs);
  for (std::size_t major = kEscapedMajor; major > 0; --major) {
    const std::size_t i = major - 1;
    if (a[i] == kNone || b[i] == kNone) continue;
    return static_cast<std::uint8_t>(i << 4 | std::min(a[i], b[i]));
  }
  return std::nullopt;
}

Judgement judge_link(const SpokenVersions& own, std::uint8_t version_byte,
                     std::optional<ByteView> supported) {
  return judge(own, version_byte, supported);
}

Judgement judge_announce(const SpokenVersions& own, const MehrExtension& extension) {
  const Judgement judgement =
      judge(own, extension.version, extension.find(tlv::kSupportedVersions));
  if (judgement.compatibility != Compatibility::refuse || own.refuse_other_majors) {
    return judgement;
  }
  return {Compatibility::opaque, 0};
}

// ---- Crypto migration
// ----------------------------------------------------------------------------

SuiteSet suites_of(std::optional<ByteView> crypto_support) {
  SuiteSet out;
  out.set(suite::kClassic);
  if (!crypto_support) return out;
  for (const std::uint8_t id : *crypto_support) out.set(id);
  return out;
}

CryptoPhase next_phase(CryptoPhase phase, const MigrationShares& shares) {
  switch (phase) {
    case CryptoPhase::dual:
      return is_above(shares.supporting_nodes, kSupportPercent, shares.active_nodes)
                 ? CryptoPhase::prefer
                 : phase;
    case CryptoPhase::prefer:
      return shares.traffic != 0 &&
                     !is_at_least(shares.old_traffic, kTrafficPercent, shares.traffic)
                 ? CryptoPhase::drop
                 : phase;
    case CryptoPhase::drop:
      return phase;
  }
  return phase;
}

// ---- For people
// ----------------------------------------------------------------------------------

void VersionHistogram::add(const std::optional<Version>& version) {
  if (!version) {
    ++unknown_;
    return;
  }
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& e) { return !(e.version < *version); });
  if (at != entries_.end() && at->version == *version) {
    ++at->count;
    return;
  }
  const auto place = at - entries_.begin();
  if (!entries_.push({*version, 1})) {
    ++others_;
    return;
  }
  std::rotate(entries_.begin() + place, entries_.end() - 1, entries_.end());
}

}  // namespace mehr::l1
