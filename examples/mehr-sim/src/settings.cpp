#include "settings.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "mehr/sim/durations.h"

namespace mehr::sim_programs {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t out = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, out);
  if (text.empty() || error != std::errc{} || rest != end) return std::nullopt;
  return out;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t size;
  };
  static constexpr std::array<Unit, 5> kUnits{
      {{"", 1}, {"B", 1}, {"KB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}}};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number(text.substr(0, digits));
  text.remove_prefix(digits);
  while (text.starts_with(' ')) text.remove_prefix(1);
  for (const Unit& unit : kUnits) {
    if (unit.name != text || !number || *number > ~std::uint64_t{0} / unit.size) continue;
    return *number * unit.size;
  }
  return std::nullopt;
}

const std::string* Settings::find(const std::string& key) {
  known_.push_back(key);
  const auto it = spec_.settings.find(key);
  return it == spec_.settings.end() ? nullptr : &it->second;
}

void Settings::complain(std::string sentence) {
  if (!mistake_) mistake_ = std::move(sentence);
}

void Settings::refuse(const std::string& key, const std::string& found, std::string_view wanted) {
  complain(key + " = \"" + found + "\" is wrong for a \"" + spec_.kind + "\" program: give " +
           std::string(wanted));
}

std::string Settings::text(const std::string& key, std::string_view otherwise) {
  const std::string* found = find(key);
  return found != nullptr ? *found : std::string(otherwise);
}

std::uint64_t Settings::number(const std::string& key, std::uint64_t otherwise,
                               std::uint64_t most) {
  const std::string* found = find(key);
  if (found == nullptr) return otherwise;
  const auto value = parse_number(*found);
  if (value && *value <= most) return *value;
  refuse(key, *found, "a whole number from 0 to " + std::to_string(most));
  return otherwise;
}

std::uint64_t Settings::bytes(const std::string& key, std::uint64_t otherwise, std::uint64_t most) {
  const std::string* found = find(key);
  if (found == nullptr) return otherwise;
  const auto value = parse_bytes(*found);
  if (value && *value <= most) return *value;
  refuse(key, *found,
         "a size such as \"800\", \"4KB\" or \"2MB\", at most " + std::to_string(most) + " bytes");
  return otherwise;
}

sim::Duration Settings::span(const std::string& key, sim::Duration otherwise) {
  const std::string* found = find(key);
  if (found == nullptr) return otherwise;
  if (const auto value = sim::parse_duration(*found)) return *value;
  refuse(key, *found, "a time such as \"500ms\", \"10s\", \"5min\" or \"2h\"");
  return otherwise;
}

bool Settings::flag(const std::string& key, bool otherwise) {
  const std::string* found = find(key);
  if (found == nullptr) return otherwise;
  if (*found == "true" || *found == "false") return *found == "true";
  refuse(key, *found, "true or false");
  return otherwise;
}

std::optional<std::string> Settings::mistake() {
  for (const auto& [key, value] : spec_.settings) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::string list;
    for (const std::string& k : known_) list += (list.empty() ? "" : ", ") + k;
    complain("a \"" + spec_.kind + "\" program has no setting \"" + key + "\"; it has " + list);
  }
  return mistake_;
}

}  // namespace mehr::sim_programs
