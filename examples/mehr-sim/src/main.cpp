// mehr-sim: reads its arguments and runs one command.
//
// Built twice: mehr-sim with real cryptography, mehr-sim-fast with the stand-in. Which one a
// program has is decided by the linker, so that no option, bug or caller can turn real cryptography
// off in a program that has it; --fast-crypto therefore hands over to the other program.
#include <limits.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>

#include "cli.h"
#include "commands.h"
#include "mehr/common/text.h"
#include "mehr/sim/durations.h"
#include "settings.h"

namespace {

using namespace mehr::sim_cli;
using mehr::sim::parse_duration;
using mehr::sim_programs::parse_number;

constexpr const char* kFooter =
    R"(A run prints its seed first and closes with a line "fingerprint HEX" over everything that happened;
the same seed gives the same fingerprint on every machine and build.

Exit codes: 0 good, 1 an invariant was broken or what was expected did not come, 2 wrong arguments or
a mistake in a file (FILE:LINE: what), 3 the virtual-time or real-time limit was reached, 130
interrupted. docs/simulation.md tells everything else.)";

struct Arguments {
  RunOptions run;
  ListOptions list;
  ShowOptions show;
  SwarmOptions swarm;
  ScaleOptions scale;
  HopsOptions hops;
  bool fast_crypto = false;
};

/// "0x5eed" or "7".
CLI::Validator seed_check() {
  return {[](std::string& text) {
            return parse_seed(text) ? std::string()
                                    : "a seed is a number, or 0x and hexadecimal digits";
          },
          "SEED"};
}

void add_seed(CLI::App& command, std::optional<std::uint64_t>& seed) {
  command
      .add_option_function<std::string>(
          "--seed", [&seed](const std::string& text) { seed = parse_seed(text); },
          "repeats that run; without it the scenario's own, or one that is drawn and printed")
      ->check(seed_check());
}

void add_span(CLI::App& command, const char* name, std::optional<mehr::sim::Duration>& span,
              const char* about) {
  command
      .add_option_function<std::string>(
          name, [&span](const std::string& text) { span = parse_duration(text); }, about)
      ->check(CLI::Validator(
          [](std::string& text) {
            const auto read = parse_duration(text);
            return read && read->count() > 0 ? std::string()
                                             : "give a time such as 500ms, 60s, 5min or 2h";
          },
          "TIME"));
}

void add_plants(CLI::App& command, std::vector<std::string>& plants) {
  command.add_option("--plant", plants, "switch on a known defect (list --plants)")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
}

void add_run(CLI::App& app, Arguments& a) {
  CLI::App* run = app.add_subcommand("run", "play a scenario");
  run->add_option("scenario", a.run.scenario, "a TOML file, or the name of a built-in scenario")
      ->required();
  add_seed(*run, a.run.seed);
  run->add_option("--trace", a.run.trace,
                  "write every happening as a JSON line; mehr inspect reads it")
      ->type_name("FILE");
  run->add_option("--report", a.run.report, "write a page about the run, index.html")
      ->type_name("DIR");
  run->add_option("--svg", a.run.svg, "draw the topology")->type_name("FILE");
  run->add_option("--png", a.run.png, "draw the topology")->type_name("FILE");
  add_plants(*run, a.run.plants);
  run->add_flag("--no-progress", a.run.no_progress, "no progress line on the terminal");
  add_span(*run, "--virtual-limit", a.run.virtual_limit, "end after so much virtual time");
  add_span(*run, "--real-limit", a.run.real_limit, "end after so much real time");
}

void add_list(CLI::App& app, Arguments& a) {
  CLI::App* list = app.add_subcommand("list", "the built-in scenarios");
  list->add_flag("--plants", a.list.plants, "the defects that can be planted");
  list->add_flag("--hazards", a.list.hazards, "the rare paths that a seed makes common");
  list->add_flag("--behaviours", a.list.behaviours, "the ways a byzantine node misbehaves");
}

void add_show(CLI::App& app, Arguments& a) {
  CLI::App* show = app.add_subcommand("show", "a topology or a scenario in a few lines");
  show->add_option("file", a.show.file, "a JSON topology, a TOML scenario, or a built-in one")
      ->required();
  add_seed(*show, a.show.seed);
  show->add_option("--svg", a.show.svg, "draw it")->type_name("FILE");
  show->add_option("--png", a.show.png, "draw it")->type_name("FILE");
  show->add_flag("--source", a.show.source, "print the text of a built-in scenario, to begin with");
  show->add_option("--json", a.show.json, "keep the topology, generated ones too")
      ->type_name("FILE");
}

// "1..200", both ends run.
std::string read_seeds(const std::string& text, SwarmOptions& out) {
  const auto dots = text.find("..");
  const auto first = parse_seed(text.substr(0, dots));
  const auto last = dots == std::string::npos ? first : parse_seed(text.substr(dots + 2));
  if (!first || !last || *last < *first) return "give FIRST..LAST, such as 1..200";
  out.first = *first;
  out.last = *last;
  return {};
}

void add_swarm(CLI::App& app, Arguments& a) {
  CLI::App* swarm = app.add_subcommand("swarm", "play many seeds of the scenario \"swarm\"");
  auto* seeds =
      swarm
          ->add_option_function<std::string>(
              "--seeds", [](const std::string&) {}, "which to play")
          ->check(CLI::Validator([&a](std::string& text) { return read_seeds(text, a.swarm); },
                                 "FIRST..LAST"));
  auto* minutes = swarm
                      ->add_option("--minutes", a.swarm.minutes,
                                   "play new seeds for so long, from a drawn one on")
                      ->check(CLI::PositiveNumber)
                      ->excludes(seeds);
  seeds->excludes(minutes);
  swarm->add_option("--jobs", a.swarm.jobs, "worlds at a time; without it as many as cores")
      ->check(CLI::Range(1U, 1024U));
  swarm
      ->add_option("--twice-every", a.swarm.twice_every,
                   "every so many seeds one is played twice and compared; 0: none")
      ->capture_default_str();
  add_plants(*swarm, a.swarm.plants);
  swarm->add_flag("--no-progress", a.swarm.no_progress, "no progress line on the terminal");
  swarm->final_callback([seeds, minutes] {
    if (seeds->empty() && minutes->empty()) {
      throw CLI::RequiredError("swarm: --seeds FIRST..LAST or --minutes N");
    }
  });
}

void add_scale(CLI::App& app, Arguments& a) {
  CLI::App* scale =
      app.add_subcommand("scale", "measure how time and memory grow with the number of nodes");
  scale->add_option("--nodes", a.scale.nodes, "sizes of the worlds, such as 125,250,500,1000")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{2}, std::uint64_t{100'000}))
      ->capture_default_str();
  scale
      ->add_option_function<std::string>(
          "--announcing",
          [&a](const std::string& text) { a.scale.announcing = parse_number(text); },
          "how many nodes announce themselves: a number, or all")
      ->check(CLI::Validator(
          [](std::string& text) {
            const auto read = parse_number(text);
            return text == "all" || (read && *read > 0) ? std::string() : "give a number, or all";
          },
          "N|all"));
  scale->add_option("--degree", a.scale.mean_degree, "neighbours of a node, on average")
      ->check(CLI::Range(2.0, 64.0))
      ->capture_default_str();
  scale
      ->add_option_function<std::string>(
          "--seed", [&a](const std::string& text) { a.scale.seed = *parse_seed(text); },
          "draws the worlds; 1 without it")
      ->check(seed_check());
  scale->add_option("--report", a.scale.report, "write scale.md and scale.svg there")
      ->type_name("DIR");
}

void add_hops(CLI::App& app, Arguments& a) {
  CLI::App* hops =
      app.add_subcommand("hops", "count the hops of packets in small worlds, most nodes silent");
  const CLI::Range some{std::uint64_t{1}, std::uint64_t{100'000}};
  hops->add_option("--nodes", a.hops.nodes, "sizes of the worlds, such as 100,1000,10000")
      ->delimiter(',')
      ->check(CLI::Range(std::uint64_t{8}, std::uint64_t{100'000}))
      ->capture_default_str();
  hops->add_option("--announcing", a.hops.announcing, "how many nodes announce themselves")
      ->check(some)
      ->capture_default_str();
  hops->add_option("--far", a.hops.far, "links of each node to nodes far off")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{64}))
      ->capture_default_str();
  hops->add_option("--routes", a.hops.routes, "room in each node's table")
      ->check(CLI::Range(std::uint64_t{8}, std::uint64_t{100'000}))
      ->capture_default_str();
  hops->add_option("--packets", a.hops.packets, "how many are sent, over half an hour")
      ->check(some)
      ->capture_default_str();
  hops->add_option_function<std::string>(
          "--seed", [&a](const std::string& text) { a.hops.seed = *parse_seed(text); },
          "draws the worlds; 1 without it")
      ->check(seed_check());
}

/// Becomes the program with the stand-in cipher, which stands beside this one.
int hand_over(char** argv) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string other = (self.parent_path() / "mehr-sim-fast").string();
  if (!error) ::execv(other.c_str(), argv);
  return complain(exit_code::kFailed, "--fast-crypto needs " + other + ": " +
                                          (error ? error.message() : std::strerror(errno)));
}

int run(int argc, char** argv) {
  CLI::App app{"mehr-sim: networks of mehr nodes in virtual time", "mehr-sim"};
  Arguments a;
  app.set_version_flag("--version", "mehr-sim " MEHR_VERSION);
  app.add_flag("--fast-crypto", a.fast_crypto,
               "a stand-in cipher that protects nothing: for thousands of nodes");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  add_run(app, a);
  add_list(app, a);
  add_show(app, a);
  add_swarm(app, a);
  add_scale(app, a);
  add_hops(app, a);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_code::kGood : exit_code::kBadInput;
  }
  if (a.fast_crypto && !MEHR_SIM_FAST) return hand_over(argv);
  if (app.got_subcommand("run")) return run_command(a.run);
  if (app.got_subcommand("list")) return list_command(a.list);
  if (app.got_subcommand("show")) return show_command(a.show);
  if (app.got_subcommand("scale")) return scale_command(a.scale);
  if (app.got_subcommand("hops")) return hops_command(a.hops);
  if (a.swarm.minutes > 0) a.swarm.first = draw_seed();
  return swarm_command(a.swarm);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    return complain(exit_code::kFailed, e.what());
  }
}
