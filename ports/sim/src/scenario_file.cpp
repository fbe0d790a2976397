// Scenarios from TOML.
#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <limits>

#include "built_in.h"
#include "input_units.h"
#include "mehr/sim/hazards.h"
#include "mehr/sim/scenario.h"
#include "mehr/sim/topology_file.h"
#include "scenario_file_shapes.h"
#include "scenario_keys.h"
#include "toml_lines.h"
#include "topology_file_reader.h"

namespace mehr::sim {
namespace {

constexpr std::size_t kScenarioBytes = std::size_t{1} << 20;
constexpr std::size_t kMostEntries = 10'000;  // programs, faults
constexpr Duration kMostTime = std::chrono::hours(24 * 3650);
constexpr Duration kLeastTime = std::chrono::milliseconds(1);

template <class T, auto Member>
constexpr InputField<T> time_field(std::string_view key) {
  return {key, [](T& to, const InputValue& value, std::string_view k) {
            to.*Member = as_duration(value, k, Duration{0}, kMostTime);
          }};
}
template <class T, auto Member>
constexpr InputField<T> flag_field(std::string_view key) {
  return {key, [](T& to, const InputValue& value, std::string_view k) {
            to.*Member = as_bool(value, k);
          }};
}
template <class T, auto Member>
constexpr InputField<T> text_field(std::string_view key) {
  return {key, [](T& to, const InputValue& value, std::string_view k) {
            to.*Member = as_text(value, k);
          }};
}
template <class T, auto Member>
constexpr InputField<T> name_field(std::string_view key) {
  return {key, [](T& to, const InputValue& value, std::string_view k) {
            to.*Member = as_name(value, k);
          }};
}
// Read later, when what it names is there.
template <class T>
constexpr InputField<T> later_field(std::string_view key) {
  return {key, [](T&, const InputValue&, std::string_view) {}};
}

std::uint64_t as_seed(const InputValue& value, std::string_view key) {
  if (const auto* number = std::get_if<std::int64_t>(&value.data); number && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  if (const auto* text = std::get_if<std::string>(&value.data); text && text->starts_with("0x")) {
    std::uint64_t out = 0;
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data() + 2, end, out, 16);
    if (error == std::errc{} && rest == end) return out;
  }
  wrong(value, key, "a number such as 7 or 0x5eed; from 2^63 on a text, \"0x8000000000000000\"");
}

constexpr InputField<Scenario> kScenarioFields[] = {
    name_field<Scenario, &Scenario::name>("name"),
    text_field<Scenario, &Scenario::about>("about"),
    {"seed", [](Scenario& to, const InputValue& value,
                std::string_view key) { to.seed = as_seed(value, key); }},
    time_field<Scenario, &Scenario::duration>("duration"),
    time_field<Scenario, &Scenario::settle>("settle"),
    {"virtual_limit",
     [](Scenario& to, const InputValue& value, std::string_view key) {
       to.virtual_limit = as_duration(value, key, kLeastTime, kMostTime);
     }},
    {"real_limit",
     [](Scenario& to, const InputValue& value, std::string_view key) {
       const Duration limit = as_duration(value, key, std::chrono::seconds(1), kMostTime);
       to.real_limit = std::chrono::duration_cast<std::chrono::seconds>(limit);
     }},
    later_field<Scenario>("media"),
    later_field<Scenario>("topology"),
    later_field<Scenario>("node"),
    later_field<Scenario>("options"),
    later_field<Scenario>("program"),
    later_field<Scenario>("fault"),
    later_field<Scenario>("faults"),
    later_field<Scenario>("expect"),
};

void read_plants(SimOptions& to, const InputValue& value, std::string_view key) {
  std::vector<std::string_view> names;
  for (const NamedSite& plant : plants()) names.push_back(plant.name);
  for (const InputValue& entry : as_list(value, key)) {
    to.plants.emplace_back(names[as_choice(entry, key, names)]);
  }
}

constexpr InputField<SimOptions> kOptionFields[] = {
    {"limits", [](SimOptions& to, const InputValue& value,
                  std::string_view key) { to.limits = read_limits(value, key); }},
    {"round",
     [](SimOptions& to, const InputValue& value, std::string_view key) {
       to.round = as_duration(value, key, kLeastTime, kMostTime);
     }},
    flag_field<SimOptions, &SimOptions::standard_invariants>("invariants"),
    flag_field<SimOptions, &SimOptions::room_for_all>("room_for_all"),
    flag_field<SimOptions, &SimOptions::taps>("taps"),
    flag_field<SimOptions, &SimOptions::hazards>("hazards"),
    {"plants", &read_plants},
    time_field<SimOptions, &SimOptions::boot_spread>("boot_spread"),
    {"wall_clock_ms",
     [](SimOptions& to, const InputValue& value, std::string_view key) {
       to.wall_clock_ms = as_count(value, key, 0, 4'000'000'000'000);
     }},
};

template <auto Member>
constexpr InputField<FaultMix> mix_field(std::string_view key) {
  return {key, [](FaultMix& to, const InputValue& value, std::string_view k) {
            to.*Member = static_cast<unsigned>(as_integer(value, k, 0, 10'000));
          }};
}
constexpr InputField<FaultMix> kMixFields[] = {
    {"over",
     [](FaultMix& to, const InputValue& value, std::string_view key) {
       to.over = as_duration(value, key, kLeastTime, kMostTime);
     }},
    mix_field<&FaultMix::cuts>("cuts"),
    mix_field<&FaultMix::one_ways>("one_ways"),
    mix_field<&FaultMix::partitions>("partitions"),
    mix_field<&FaultMix::crashes>("crashes"),
    mix_field<&FaultMix::pauses>("pauses"),
    mix_field<&FaultMix::clock_jumps>("clock_jumps"),
    mix_field<&FaultMix::disk_faults>("disk_faults"),
    mix_field<&FaultMix::byzantine>("byzantine"),
};

constexpr InputField<Expectations> kExpectFields[] = {
    flag_field<Expectations, &Expectations::linked>("linked"),
    flag_field<Expectations, &Expectations::converged>("converged"),
    flag_field<Expectations, &Expectations::done>("done"),
};

struct FaultDraft {
  std::optional<FaultKind> kind;
  std::optional<Duration> at;
  Duration span{0};
  std::string node, peer;
  const InputValue* amount = nullptr;
  std::string behaviour;
  std::vector<std::string> group;
};

constexpr InputField<FaultDraft> kFaultFields[] = {
    {"kind",
     [](FaultDraft& to, const InputValue& value, std::string_view key) {
       std::vector<std::string_view> names;
       for (const FaultForm& form : fault_forms()) names.emplace_back(name_of(form.kind));
       to.kind = fault_forms()[as_choice(value, key, names)].kind;
     }},
    {"at", [](FaultDraft& to, const InputValue& value,
              std::string_view key) { to.at = as_duration(value, key, Duration{0}, kMostTime); }},
    {"for", [](FaultDraft& to, const InputValue& value,
               std::string_view key) { to.span = as_duration(value, key, kLeastTime, kMostTime); }},
    name_field<FaultDraft, &FaultDraft::node>("node"),
    name_field<FaultDraft, &FaultDraft::peer>("peer"),
    {"amount",
     [](FaultDraft& to, const InputValue& value, std::string_view) { to.amount = &value; }},
    {"behaviour",
     [](FaultDraft& to, const InputValue& value, std::string_view key) {
       const std::vector<std::string> names = behaviour_names();
       const std::vector<std::string_view> views(names.begin(), names.end());
       to.behaviour = names[as_choice(value, key, views)];
     }},
    {"group", [](FaultDraft& to, const InputValue& value,
                 std::string_view key) { to.group = as_texts(value, key); }},
};

/// Reads one scenario; the parts in the order in which they need each other.
class ScenarioReader {
 public:
  ScenarioReader(const std::string& file, std::uint64_t seed) : seed_(seed) { out_.file = file; }

  Scenario read(const InputValue& root) {
    out_.name = std::filesystem::path(out_.file).stem().string();
    read_fields(root, "a scenario", kScenarioFields, out_);
    const InputValue::Table& table = as_table(root, "a scenario");
    const InputValue* topology = find_member(table, "topology");
    if (topology == nullptr) {
      refuse(0, R"(a scenario needs a [topology], such as shape = "line", nodes = 3, )"
                R"(media = "tcp")");
    }
    const InputValue* media = find_member(table, "media");
    read_topology_table(*topology, media);
    if (const auto* nodes = find_member(table, "node")) read_nodes(*nodes);
    if (const auto* options = find_member(table, "options")) {
      read_fields(*options, "[options]", kOptionFields, out_.options);
    }
    if (const auto* programs = find_member(table, "program")) read_programs(*programs);
    if (const auto* faults = find_member(table, "fault")) read_faults(*faults);
    if (const auto* mix = find_member(table, "faults")) {
      out_.drawn.emplace();
      out_.drawn->over = out_.duration;
      read_fields(*mix, "[faults]", kMixFields, *out_.drawn);
    }
    if (const auto* expect = find_member(table, "expect")) {
      read_fields(*expect, "[expect]", kExpectFields, out_.expect);
    }
    return std::move(out_);
  }

 private:
  void read_topology_table(const InputValue& value, const InputValue* media);
  Topology load_beside(const InputValue& value) const;
  void read_nodes(const InputValue& value);
  void read_programs(const InputValue& value);
  void read_faults(const InputValue& value);
  void read_fault(const InputValue& value);
  void check_form(const FaultForm& form, const FaultDraft& draft, const InputValue& value) const;
  void check_group(const FaultDraft& draft, const InputValue& value) const;
  const InputValue::List& entries(const InputValue& value, std::string_view key) const;

  Scenario out_;
  std::uint64_t seed_;
  NodeNames index_;
};

const InputValue::List& ScenarioReader::entries(const InputValue& value,
                                                std::string_view key) const {
  const auto* list = std::get_if<InputValue::List>(&value.data);
  if (list == nullptr) {
    refuse(value.line, "each " + std::string(key) + " is a table of its own, under [[" +
                           std::string(key) + "]]");
  }
  if (list->size() > kMostEntries) {
    refuse(value.line, "there are " + std::to_string(list->size()) + " [[" + std::string(key) +
                           "]]; a scenario has " + std::to_string(kMostEntries) + " at most");
  }
  return *list;
}

void ScenarioReader::read_topology_table(const InputValue& value, const InputValue* media) {
  const InputValue::Table& table = as_table(value, "[topology]");
  std::map<std::string, Media> known;
  if (media != nullptr) read_media_table(*media, known);
  const bool generated = find_member(table, "shape") != nullptr;
  const bool from_file = find_member(table, "file") != nullptr;
  if (generated) {
    out_.topology = read_shape(value, std::move(known), seed_);
  } else if (from_file) {
    static constexpr std::array<std::string_view, 2> kKeys{"file", "announcers"};
    check_keys(table, "a [topology] from a file", kKeys);
    out_.topology = load_beside(*find_member(table, "file"));
    // A scenario may try the same network over other media.
    for (auto& [key, medium] : known) out_.topology.media.insert_or_assign(key, medium);
  } else if (find_member(table, "nodes") != nullptr) {
    InputValue plain{value.line, InputValue::Table{}};
    for (const InputMember& member : table) {
      if (member.key != "announcers") std::get<InputValue::Table>(plain.data).push_back(member);
    }
    out_.topology = read_topology(plain, std::move(known));
  } else {
    refuse(value.line, R"([topology] needs a "shape", a "file", or a list of "nodes")");
  }
  for (std::size_t i = 0; i < out_.topology.nodes.size(); ++i) {
    index_.emplace(out_.topology.nodes[i].name, static_cast<NodeIndex>(i));
  }
  if (const auto* announcers = find_member(table, "announcers")) {
    limit_announcers(out_.topology,
                     as_count(*announcers, "announcers", 0, out_.topology.nodes.size()));
  }
}

Topology ScenarioReader::load_beside(const InputValue& value) const {
  const std::filesystem::path name = as_text(value, "file");
  const std::string path = (std::filesystem::path(out_.file).parent_path() / name).string();
  const auto built_in = built_in_file(path);
  auto topology = built_in ? parse_topology(*built_in, path) : load_topology(path);
  if (topology) return std::move(*topology);
  if (topology.error().line != 0) throw BadInput{topology.error()};
  refuse(value.line, in_quotes(path) + " " + topology.error().text);
}

void ScenarioReader::read_nodes(const InputValue& value) {
  for (const InputValue& entry : entries(value, "node")) {
    const NodeDraft draft = read_node(entry);
    NodeSpec& node = out_.topology.nodes[find_node(index_, draft.name, entry.line)];
    draft.apply_to(node);
    const auto place = [&](const PlaceDraft& at, std::size_t line) -> Position {
      if (at.kind() == PlaceDraft::Kind::globe) {
        refuse(line, R"(a [[node]] is moved in metres, "x" and "y", not in degrees)");
      }
      return {at.x.value_or(node.at.x), at.y.value_or(node.at.y)};
    };
    node.at = place(draft.place, entry.line);
    if (!draft.path.empty()) node.path.clear();
    for (const CornerDraft& corner : draft.path) {
      node.path.push_back({Instant{} + *corner.at, place(corner.place, corner.line)});
    }
  }
}

void ScenarioReader::read_programs(const InputValue& value) {
  for (const InputValue& entry : entries(value, "program")) {
    ProgramSpec program;
    program.line = entry.line;
    for (const InputMember& member : as_table(entry, "a program")) {
      if (member.key == "kind") {
        program.kind = as_name(member.value, "kind");
      } else if (member.key == "node") {
        program.node = as_name(member.value, "node");
        static_cast<void>(find_node(index_, program.node, member.line));
      } else {
        program.settings[member.key] = as_setting(member.value, member.key);
      }
    }
    if (program.kind.empty() || program.node.empty()) {
      refuse(entry.line, R"(a program needs a "kind" and the "node" it runs on)");
    }
    out_.programs.push_back(std::move(program));
  }
}

void ScenarioReader::read_faults(const InputValue& value) {
  for (const InputValue& entry : entries(value, "fault")) read_fault(entry);
}

void ScenarioReader::read_fault(const InputValue& value) {
  FaultDraft draft;
  read_fields(value, "a fault", kFaultFields, draft);
  if (!draft.kind || !draft.at) {
    refuse(value.line, R"(a fault needs a "kind" and a time "at")");
  }
  if (*draft.at > out_.duration) {
    refuse(value.line, "the fault comes at " + duration_text(*draft.at) +
                           ", after the phase of faults: \"duration\" is " +
                           duration_text(out_.duration));
  }
  const FaultForm& form = fault_forms()[static_cast<std::size_t>(*draft.kind)];
  check_form(form, draft, value);
  FaultSpec spec;
  spec.line = value.line;
  spec.fault.kind = *draft.kind;
  spec.fault.at = *draft.at;
  spec.fault.span = draft.span;
  if (draft.amount != nullptr) {
    spec.fault.amount = as_integer(*draft.amount, "amount", form.least, form.most);
  }
  spec.fault.text = draft.behaviour;
  spec.node = draft.node;
  spec.peer = draft.peer;
  spec.group = draft.group;
  for (const std::string* name : {&spec.node, &spec.peer}) {
    if (!name->empty()) static_cast<void>(find_node(index_, *name, value.line));
  }
  if (!spec.node.empty() && spec.node == spec.peer) {
    refuse(value.line,
           "\"node\" and \"peer\" are both " + in_quotes(spec.node) + "; they are two nodes");
  }
  if (form.has_group) check_group(draft, value);
  out_.faults.push_back(std::move(spec));
}

// What the kind needs must be there, and nothing else.
void ScenarioReader::check_form(const FaultForm& form, const FaultDraft& draft,
                                const InputValue& value) const {
  struct Part {
    const char* key;
    bool has;
    bool given;
    bool needed;
  };
  const Part parts[] = {
      {"node", form.has_node, !draft.node.empty(), true},
      {"peer", form.has_peer, !draft.peer.empty(), true},
      {"group", form.has_group, !draft.group.empty(), true},
      {"amount", form.most != 0, draft.amount != nullptr, true},
      {"behaviour", form.has_behaviour, !draft.behaviour.empty(), true},
      {"for", form.has_span, draft.span != Duration{0}, false},
  };
  std::string keys = "kind, at";
  for (const Part& part : parts) {
    if (part.has) keys += std::string(", ") + part.key;
  }
  for (const Part& part : parts) {
    if (part.given == part.has || (part.has && !part.needed)) continue;
    refuse(value.line, "a fault of the kind " + in_quotes(name_of(form.kind)) +
                           (part.has ? " needs " : " has no ") + in_quotes(part.key) + "; it has " +
                           keys);
  }
}

void ScenarioReader::check_group(const FaultDraft& draft, const InputValue& value) const {
  std::vector<std::string> group = draft.group;
  for (const std::string& name : group) static_cast<void>(find_node(index_, name, value.line));
  std::sort(group.begin(), group.end());
  const auto twice = std::adjacent_find(group.begin(), group.end());
  if (twice != group.end()) {
    refuse(value.line, "the node " + in_quotes(*twice) + " is named twice in \"group\"");
  }
  if (group.size() == index_.size()) {
    refuse(value.line, "\"group\" names every node; it is one side, and somebody is on the other");
  }
}

}  // namespace

Loaded<Scenario> parse_scenario(std::string_view toml, const std::string& file,
                                std::uint64_t seed) {
  return loaded(file, [&] {
    if (toml.size() > kScenarioBytes) refuse(0, "a scenario has at most 1 MiB");
    return ScenarioReader(file, seed).read(parse_toml(toml));
  });
}

Loaded<Scenario> load_scenario(const std::string& path, std::uint64_t seed) {
  const auto text = loaded(path, [&] { return read_input_file(path, kScenarioBytes); });
  if (!text) return tl::unexpected(text.error());
  return parse_scenario(*text, path, seed);
}

}  // namespace mehr::sim
