// Joins the media to L0: new ones go up, proven peers and refusals come down; on media without
// connections neighbours are looked for.
//
// Place: examples/mehrd, part of the composition. Implements the port's MediumHost and L0's
// LinkObserver. Machine: none of its own; it remembers which links are up, who is at their ends and
// over which medium. Bounds: `Limits::links`. Threads: the loop's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "interfaces.h"
#include "log.h"
#include "mehr/l0/links.h"
#include "mehr/linux/bootstrapper.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/medium_host.h"

namespace mehr::daemon {

class Media final : public linux_port::MediumHost, public l0::LinkObserver {
 public:
  struct LinkEvent {
    bool up = false;
    NodeId peer;
    const char* reason = "";  ///< when down
  };

  Media(linux_port::Loop& loop, l0::Links& links, const NodeId& self, Random& random, Log& log);
  ~Media() override;
  Media(const Media&) = delete;
  Media& operator=(const Media&) = delete;

  /// The interfaces that bring the media; they are told who was authenticated.
  void serve(Interfaces* interfaces) { interfaces_ = interfaces; }
  /// Who looks for neighbours and hears of every link; none: nobody.
  void tell_links_to(linux_port::Bootstrapper* bootstrapper) { bootstrapper_ = bootstrapper; }
  void on_link(std::function<void(const LinkEvent&)> handler) { changed_ = std::move(handler); }
  /// Address and port of the neighbour on @p link; empty when unknown.
  [[nodiscard]] std::string address_of(l0::LinkId link) const;
  [[nodiscard]] bool is_linked(const NodeId& peer) const;

  // MediumHost
  Status opened(Medium& medium, const SourceKey& source, bool dialled,
                std::optional<NodeId> expected) override;
  bool wants_dial(const std::optional<NodeId>& peer) override;
  void on_frame(Medium& medium, const FrameInfo& info, MutableBytes frame) override {
    links_.on_frame(medium, info, frame);
  }
  void on_writable(Medium& medium) override { links_.on_writable(medium); }
  void on_closed(Medium& medium) override;

  // LinkObserver
  void on_link_up(const l0::LinkInfo& link, const Medium& medium) override;
  void on_link_down(const l0::LinkInfo& link, l0::CloseReason reason) override;
  void on_heard(Medium& medium, const l0::NeighbourFrame& frame) override {
    finder_.on_heard(medium, frame);
  }
  void on_refused(const MediumInfo& medium, const SourceKey& source, const Error& why) override;

 private:
  struct Up {
    NodeId peer;
    std::string address;
  };
  linux_port::Loop& loop_;
  l0::Links& links_;
  NodeId self_;
  Log& log_;
  linux_port::NeighbourFinder finder_;
  RateGate refusals_;
  Interfaces* interfaces_ = nullptr;
  linux_port::Bootstrapper* bootstrapper_ = nullptr;
  std::map<l0::LinkId, Up> up_;
  std::function<void(const LinkEvent&)> changed_;
};

/// For logs and people, such as "the stream ended".
[[nodiscard]] const char* text_of(l0::CloseReason reason);

}  // namespace mehr::daemon
