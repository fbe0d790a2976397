#include "mehr/sim/hazards.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "mehr/core/hazard.h"

using namespace mehr;
using namespace mehr::sim;

namespace {

constexpr std::span<const std::string> kNone{};

/// Which of the sites the run @p seed has armed, by place.
std::vector<bool> armed_in(std::uint64_t seed) {
  const HazardSource source(seed, true, kNone);
  std::vector<bool> out;
  for (const NamedSite& site : hazard_sites()) out.push_back(source.is_armed(site.name));
  return out;
}

/// A seed with @p site armed.
std::uint64_t seed_arming(std::string_view site) {
  for (std::uint64_t seed = 1;; ++seed) {
    if (HazardSource(seed, true, kNone).is_armed(site)) return seed;
  }
}

std::vector<bool> passes(HazardSource& source, std::string_view site, std::size_t count) {
  std::vector<bool> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(source.hazard(site));
  return out;
}

std::set<std::string> names_of(std::span<const NamedSite> sites) {
  std::set<std::string> out;
  for (const NamedSite& site : sites) out.emplace(site.name);
  return out;
}

/// Every name that a call of @p function in the core's sources carries.
std::set<std::string> names_in_sources(const std::string& function) {
  const std::regex call("\\b" + function + "\\(\"([^\"]*)\"\\)");
  std::set<std::string> out;
  for (const char* part : {"libmehr-l0", "libmehr-l1", "libmehr-l2", "ports/stack/src",
                           "ports/stack/include", "examples/transfer"}) {
    const std::filesystem::path root = std::filesystem::path(MEHR_SOURCE_DIR) / part;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const auto ending = entry.path().extension();
      if (!entry.is_regular_file() || (ending != ".cpp" && ending != ".h")) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      const std::string source = text.str();
      for (std::sregex_iterator at(source.begin(), source.end(), call), end; at != end; ++at) {
        INFO(entry.path());
        CHECK(ending == ".cpp");  // an inline function must be the same in every build
        out.insert((*at)[1]);
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("sim hazards: the list is what the sources ask for", "[sim][hazards]") {
  CHECK(names_in_sources("hazard") == names_of(hazard_sites()));
  CHECK(names_in_sources("planted") == names_of(plants()));
}

TEST_CASE("sim hazards: every site and defect is named once, with a sentence", "[sim][hazards]") {
  CHECK(names_of(hazard_sites()).size() == hazard_sites().size());
  CHECK(names_of(plants()).size() == plants().size());
  for (const auto sites : {hazard_sites(), plants()}) {
    for (const NamedSite& site : sites) {
      INFO(site.name);
      CHECK(site.about.ends_with("."));
      CHECK((site.arms.empty() || names_of(hazard_sites()).contains(std::string(site.arms))));
    }
  }
}

TEST_CASE("sim hazards: a quarter of the sites is armed, by the seed", "[sim][hazards]") {
  constexpr std::uint64_t kSeeds = 2000;
  std::vector<std::uint64_t> times(hazard_sites().size());
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto armed = armed_in(seed);
    REQUIRE(armed == armed_in(seed));
    for (std::size_t i = 0; i < armed.size(); ++i) times[i] += armed[i] ? 1U : 0U;
  }
  // 500 expected, with a standard deviation of 19.
  for (const std::uint64_t count : times) {
    CHECK(count > 400);
    CHECK(count < 600);
  }
}

TEST_CASE("sim hazards: an armed site is true one time in twenty", "[sim][hazards]") {
  HazardSource source(seed_arming("l0.medium_full"), true, kNone);
  const auto drawn = passes(source, "l0.medium_full", 20'000);
  const auto fired = std::count(drawn.begin(), drawn.end(), true);
  CHECK(fired > 850);  // 1,000 expected, with a standard deviation of 31
  CHECK(fired < 1150);
  const auto place = static_cast<std::size_t>(
      std::distance(hazard_sites().begin(),
                    std::find_if(hazard_sites().begin(), hazard_sites().end(),
                                 [](const NamedSite& s) { return s.name == "l0.medium_full"; })));
  CHECK(source.passed()[place].passed == 20'000);
  CHECK(source.passed()[place].fired == static_cast<std::uint64_t>(fired));
}

TEST_CASE("sim hazards: equal seeds fire alike, whatever else is passed", "[sim][hazards]") {
  const std::uint64_t seed = seed_arming("l1.pump_short");
  HazardSource alone(seed, true, kNone);
  HazardSource busy(seed, true, kNone);
  std::vector<bool> with_others;
  for (std::size_t i = 0; i < 500; ++i) {
    for (const NamedSite& site : hazard_sites()) {
      if (site.name != "l1.pump_short") static_cast<void>(busy.hazard(site.name));
    }
    with_others.push_back(busy.hazard("l1.pump_short"));
  }
  CHECK(passes(alone, "l1.pump_short", 500) == with_others);
  CHECK(std::count(with_others.begin(), with_others.end(), true) > 0);
}

TEST_CASE("sim hazards: nothing fires unarmed or disarmed, and passes are counted",
          "[sim][hazards]") {
  const std::uint64_t seed = seed_arming("l0.rekey_early");
  HazardSource off(seed, false, kNone);
  HazardSource disarmed(seed, true, kNone);
  disarmed.disarm();
  for (HazardSource* source : {&off, &disarmed}) {
    for (const NamedSite& site : hazard_sites()) {
      const auto drawn = passes(*source, site.name, 200);
      CHECK(std::count(drawn.begin(), drawn.end(), true) == 0);
    }
    for (const HazardSource::Passed& counts : source->passed()) {
      CHECK(counts.passed == 200);
      CHECK(counts.fired == 0);
    }
  }
}

TEST_CASE("sim hazards: a planted defect is on by name, and arms what it needs", "[sim][hazards]") {
  for (const NamedSite& plant : plants()) {
    INFO(plant.name);
    const std::vector<std::string> names{std::string(plant.name)};
    const HazardSource source(1, false, names);
    for (const NamedSite& other : plants()) {
      CHECK(source.planted(other.name) == (other.name == plant.name));
    }
    for (const NamedSite& site : hazard_sites()) {
      CHECK(source.is_armed(site.name) == (site.name == plant.arms));
    }
  }
}

TEST_CASE("sim hazards: the core asks the innermost source, and nobody outside of one",
          "[sim][hazards]") {
  const std::vector<std::string> names{"l1.hop_limit"};
  HazardSource with(1, false, names);
  HazardSource without(1, false, kNone);
  CHECK_FALSE(mehr::planted("l1.hop_limit"));
  {
    const HazardScope outer(with);
    CHECK(mehr::planted("l1.hop_limit"));
    {
      const HazardScope inner(without);
      CHECK_FALSE(mehr::planted("l1.hop_limit"));
    }
    CHECK(mehr::planted("l1.hop_limit"));
    CHECK_FALSE(mehr::hazard("l0.medium_full"));
  }
  CHECK_FALSE(mehr::planted("l1.hop_limit"));
  CHECK(with.passed()[2].passed == 1);  // l0.medium_full, passed inside
}
