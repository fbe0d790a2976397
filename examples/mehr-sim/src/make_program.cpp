#include "mehr/sim_programs/make_program.h"

#include "file_program.h"
#include "mehr/transfer/file_name.h"
#include "messages_program.h"
#include "settings.h"

namespace mehr::sim_programs {
namespace {

using sim::Node;
using sim::NodeIndex;
using sim::Sim;

Millis millis(sim::Duration span) { return sim::to_millis(span); }

/// The node that "to" names, another than @p self.
NodeIndex read_peer(Settings& settings, const std::string& to, Sim& sim, const Node& self) {
  const NodeIndex peer = sim.find(to);
  if (peer == sim::kNoNode) {
    settings.complain("to = \"" + to + "\": there is no node of that name");
    return self.index();
  }
  if (peer == self.index()) settings.complain("to = \"" + to + "\" is the node itself");
  if (!sim.node(peer).spec().announces) {
    settings.complain("to = \"" + to +
                      "\": that node does not announce itself, so nobody finds a way to it");
  }
  return peer;
}

std::vector<NodeIndex> everyone_but(const Node& self, Sim& sim) {
  std::vector<NodeIndex> out;
  for (NodeIndex i = 0; i < sim.size(); ++i) {
    if (i != self.index() && sim.node(i).spec().announces) out.push_back(i);
  }
  return out;
}

void read_receivers(Settings& settings, MessagesPlan& plan, Sim& sim, const Node& self) {
  const std::string to = settings.text("to", "random");
  if (to == "random" || to == "everyone") {
    plan.to = to == "random" ? MessagesPlan::To::random : MessagesPlan::To::everyone;
    plan.others = everyone_but(self, sim);
    if (plan.others.empty())
      settings.complain("to = \"" + to + "\": no other node announces itself");
  } else {
    plan.others = {read_peer(settings, to, sim, self)};
  }
}

std::unique_ptr<sim::Program> make_messages(Settings& settings, Sim& sim, Node& node) {
  MessagesPlan plan;
  read_receivers(settings, plan, sim, node);
  plan.every = millis(settings.span("every", std::chrono::seconds(10)));
  plan.first = millis(settings.span("start", std::chrono::seconds(5)));
  plan.rounds = settings.number("count", 10, 1'000'000);
  plan.padding = static_cast<std::size_t>(settings.bytes("size", 64, 4096));
  plan.reliable = settings.flag("reliable", false);
  plan.repeat = millis(settings.span("repeat", std::chrono::seconds(10)));
  if (plan.every < Millis{1}) settings.complain("every must be at least 1ms");
  if (plan.repeat < Millis{100}) settings.complain("repeat must be at least 100ms");
  if (plan.reliable && !node.spec().announces) {
    settings.complain("reliable = true needs answers, but " + node.name() +
                      " does not announce itself, so none finds a way to it");
  }
  if (settings.mistake()) return nullptr;
  for (const NodeIndex other : plan.others) Mailbox::of(sim.node(other));
  return std::make_unique<MessagesProgram>(node, std::move(plan));
}

std::unique_ptr<sim::Program> make_file(Settings& settings, Sim& sim, Node& node) {
  FilePlan plan;
  const std::string to = settings.text("to", "");
  if (to.empty()) {
    settings.complain("a \"file\" program needs to = \"NODE\"");
  } else {
    plan.to = read_peer(settings, to, sim, node);
  }
  plan.size = settings.bytes("size", plan.size, 100'000'000);
  plan.name = settings.text("name", plan.name);
  plan.first = millis(settings.span("start", std::chrono::seconds(5)));
  plan.slow = settings.flag("slow", false);
  if (const Status good = transfer::check_file_name(plan.name); !good) {
    settings.complain("name = \"" + plan.name + "\": " + good.error().text);
  }
  if (!node.spec().announces) {
    settings.complain("a file needs answers, but " + node.name() +
                      " does not announce itself, so none finds a way to it");
  }
  if (settings.mistake()) return nullptr;
  return std::make_unique<FileProgram>(node, std::move(plan));
}

}  // namespace

tl::expected<std::unique_ptr<sim::Program>, std::string> make_program(const sim::ProgramSpec& spec,
                                                                      Sim& sim, Node& node) {
  Settings settings(spec);
  std::unique_ptr<sim::Program> made;
  if (spec.kind == "messages") {
    made = make_messages(settings, sim, node);
  } else if (spec.kind == "file") {
    made = make_file(settings, sim, node);
  } else {
    return tl::unexpected("there is no program \"" + spec.kind +
                          "\"; there are \"messages\" and \"file\"");
  }
  if (const auto mistake = settings.mistake()) return tl::unexpected(*mistake);
  return made;
}

}  // namespace mehr::sim_programs
