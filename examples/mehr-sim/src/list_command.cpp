#include <algorithm>
#include <cstdio>
#include <string_view>

#include "cli.h"
#include "commands.h"
#include "mehr/sim/faults.h"
#include "mehr/sim/hazards.h"

namespace mehr::sim_cli {
namespace {

template <class Rows, class Name, class About>
void print(const Rows& rows, Name name, About about) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, name(row).size());
  for (const auto& row : rows) {
    const std::string_view n = name(row);
    const std::string_view a = about(row);
    std::printf("%-*.*s  %.*s\n", static_cast<int>(width), static_cast<int>(n.size()), n.data(),
                static_cast<int>(a.size()), a.data());
  }
}

template <class Rows>
void print(const Rows& rows) {
  print(
      rows, [](const auto& r) { return std::string_view(r.name); },
      [](const auto& r) { return std::string_view(r.about); });
}

}  // namespace

int list_command(const ListOptions& options) {
  if (options.plants) print(sim::plants());
  if (options.hazards) print(sim::hazard_sites());
  if (options.behaviours) {
    for (const std::string& name : sim::behaviour_names()) std::printf("%s\n", name.c_str());
  }
  if (!options.plants && !options.hazards && !options.behaviours) print(sim::built_in_scenarios());
  return exit_code::kGood;
}

}  // namespace mehr::sim_cli
