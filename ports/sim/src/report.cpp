#include "mehr/sim/report.h"

#include "report_data.h"

namespace mehr::sim {
namespace {

// What the Limits of a node promise, where they say it.
template <class L>
std::size_t promised_bytes(const L& limits) {
  if constexpr (requires { limits.total_bytes(); }) {
    return limits.total_bytes();
  } else {
    return 0;
  }
}

}  // namespace

class Report::Gathering {
 public:
  explicit Gathering(Sim& sim) : sim_(sim), gatherer_(sim.topology()) {
    sim_.recorder().add(gatherer_, WhatSet::all());
  }
  ~Gathering() { sim_.recorder().remove(gatherer_); }
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

  [[nodiscard]] ReportData data(const RunResult& result) const {
    ReportData out{sim_.seed(), is_counting_memory(), sim_.topology(), gatherer_, result, {}, {}};
    for (std::size_t i = 0; i < sim_.size(); ++i) {
      const Node& node = sim_.node(static_cast<NodeIndex>(i));
      out.nodes.push_back({node.is_up(), node.memory().peak, promised_bytes(node.limits())});
    }
    for (const auto& channel : sim_.channels()) {
      out.channels.push_back({channel->media().name, channel->media().kind, channel->counters()});
    }
    return out;
  }

 private:
  Sim& sim_;
  Gatherer gatherer_;
};

Report::Report(Sim& sim) : gathering_(std::make_unique<Gathering>(sim)) {}
Report::~Report() = default;

std::string Report::summary(const RunResult& result) const {
  return summary_text(gathering_->data(result));
}

std::string Report::html(const Scenario& scenario, const RunResult& result) const {
  return page_text(scenario, gathering_->data(result));
}

}  // namespace mehr::sim
