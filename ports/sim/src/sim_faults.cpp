// What faults do to a world, and how it heals.
#include <gsl/assert>

#include "fault_clock.h"
#include "mehr/sim/byzantine.h"

namespace mehr::sim {

void Sim::schedule(const Fault& fault) {
  Expects(fault.node == kNoNode || fault.node < nodes_.size());
  Expects(fault.peer == kNoNode || fault.peer < nodes_.size());
  faults_->add(fault);
}

void Sim::schedule(std::span<const Fault> faults) {
  for (const Fault& fault : faults) schedule(fault);
}

void Sim::say_fault(What what, const Fault& fault) {
  const std::string text = fault.describe(*this);
  recorder_.record({now(), what, fault.node, fault.peer, {}, {}, text});
}

void Sim::apply(const Fault& fault) {
  say_fault(What::fault, fault);
  Node* node = fault.node == kNoNode ? nullptr : nodes_[fault.node].get();
  DiskFaults none;
  DiskFaults& disk = node != nullptr ? node->disk().faults : none;
  switch (fault.kind) {
    case FaultKind::cut:
      return barrier_.cut_between(fault.node, fault.peer);
    case FaultKind::one_way:
      return barrier_.cut_one_way(fault.node, fault.peer);
    case FaultKind::partition:
      return barrier_.partition(fault.side);
    case FaultKind::crash:
      return node->crash();
    case FaultKind::pause:
      return node->pause();
    case FaultKind::clock_jump:
      return node->jump_clock(fault.amount);
    case FaultKind::slow_disk:
      disk.latency = std::chrono::milliseconds(fault.amount);
      return;
    case FaultKind::full_disk:
      disk.full = true;
      return;
    case FaultKind::read_errors:
      disk.read_error_rate = static_cast<double>(fault.amount) / 1000;
      return;
    case FaultKind::write_errors:
      disk.write_error_rate = static_cast<double>(fault.amount) / 1000;
      return;
    case FaultKind::lying_sync:
      disk.lying_sync_rate = static_cast<double>(fault.amount) / 1000;
      return;
    case FaultKind::byzantine:
      return node->behave(make_behaviour(fault.text, seed_, fault.node));
  }
}

void Sim::undo(const Fault& fault) {
  say_fault(What::healed, fault);
  Node* node = fault.node == kNoNode ? nullptr : nodes_[fault.node].get();
  switch (fault.kind) {
    case FaultKind::cut:
    case FaultKind::one_way:
      return barrier_.restore_between(fault.node, fault.peer);
    case FaultKind::partition:
      return barrier_.partition({});
    case FaultKind::crash:
      return node->boot();
    case FaultKind::pause:
      return node->resume();
    case FaultKind::clock_jump:
      return node->jump_clock(-fault.amount);
    case FaultKind::byzantine:
      return node->behave(nullptr);
    case FaultKind::slow_disk:
    case FaultKind::full_disk:
    case FaultKind::read_errors:
    case FaultKind::write_errors:
    case FaultKind::lying_sync:
      node->disk().faults = {};
      return;
  }
}

void Sim::heal() {
  recorder_.record({now(), What::healed, kNoNode, kNoNode, {}, {}, "everything"});
  faults_->forget();
  barrier_.heal();
  for (auto& channel : channels_) channel->heal();
  for (auto& node : nodes_) {
    node->disk().faults = {};
    node->behave(nullptr);
    node->resume();
    node->boot();
  }
}

}  // namespace mehr::sim
