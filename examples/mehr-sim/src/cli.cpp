#include "cli.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "mehr/common/text.h"
#include "mehr/sim/hazards.h"

namespace mehr::sim_cli {
namespace {

constexpr std::string_view kSwarm = "swarm";

sim::Loaded<sim::Scenario> load(const std::string& name, std::uint64_t seed) {
  if (name == kSwarm) return sim::swarm_scenario(seed);
  if (const sim::BuiltIn* found = find_built_in(name)) {
    return sim::parse_scenario(found->toml, "built-in/" + name + ".toml", seed);
  }
  if (!std::filesystem::exists(name)) {
    return tl::unexpected(sim::InputError{
        name, 0,
        "there is no such file, and no built-in scenario of that name; mehr-sim list shows them"});
  }
  return sim::load_scenario(name, seed);
}

}  // namespace

const sim::BuiltIn* find_built_in(std::string_view name) {
  const auto all = sim::built_in_scenarios();
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const auto& b) { return b.name == name; });
  return it == all.end() ? nullptr : &*it;
}

int complain(int code, const std::string& sentence) {
  std::fflush(stdout);
  std::fprintf(stderr, "mehr-sim: %s\n", sentence.c_str());
  return code;
}

std::optional<std::uint64_t> parse_seed(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t out = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out, base);
  if (text.empty() || error != std::errc{} || rest != end) return std::nullopt;
  return out;
}

std::string seed_text(std::uint64_t seed) {
  std::array<char, 24> out{};
  std::snprintf(out.data(), out.size(), "0x%llx", static_cast<unsigned long long>(seed));
  return out.data();
}

std::uint64_t draw_seed() {
  // 32 bits are easily said and typed. A call for so few bytes is not interrupted.
  std::uint32_t drawn = 0;
  static_cast<void>(::getrandom(&drawn, sizeof drawn, 0));
  return drawn;
}

std::optional<std::string> write_file(const std::string& path, std::string_view content) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  bool good = file != nullptr;
  good = good && std::fwrite(content.data(), 1, content.size(), file) == content.size();
  if (file != nullptr) good = std::fclose(file) == 0 && good;
  if (good) return std::nullopt;
  return "cannot write " + path + ": " + std::strerror(errno);
}

std::optional<std::string> make_directory(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (!error) return std::nullopt;
  return "cannot make the directory " + dir + ": " + error.message();
}

sim::Loaded<sim::Scenario> find_scenario(const std::string& name,
                                         std::optional<std::uint64_t>& seed) {
  const std::uint64_t first = seed ? *seed : draw_seed();
  auto scenario = load(name, first);
  if (!scenario || seed) return scenario;
  seed = scenario->seed.value_or(first);
  // What the file leaves to chance is drawn from its own seed.
  return *seed == first ? std::move(scenario) : load(name, *seed);
}

std::optional<std::string> check_plants(const std::vector<std::string>& plants) {
  const auto known = sim::plants();
  for (const std::string& plant : plants) {
    if (std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.name == plant; })) {
      continue;
    }
    return "there is no defect \"" + common::printable(plant) +
           "\" to plant; mehr-sim list --plants shows them";
  }
  return std::nullopt;
}

std::string_view name_of(sim::RunResult::End end) {
  using End = sim::RunResult::End;
  switch (end) {
    case End::good:
      return "good";
    case End::violated:
      return "violated";
    case End::not_settled:
      return "not settled";
    case End::virtual_limit:
      return "virtual-time limit";
    case End::real_limit:
      return "real-time limit";
    case End::stopped:
      return "stopped";
  }
  return "";
}

int exit_code_of(sim::RunResult::End end) {
  using End = sim::RunResult::End;
  switch (end) {
    case End::good:
      return exit_code::kGood;
    case End::virtual_limit:
    case End::real_limit:
      return exit_code::kLimit;
    case End::stopped:
      return exit_code::kInterrupted;
    case End::violated:
    case End::not_settled:
      break;
  }
  return exit_code::kFailed;
}

}  // namespace mehr::sim_cli
