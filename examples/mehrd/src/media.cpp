#include "media.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace mehr::daemon {
namespace {

std::string host_text(const SourceKey& source) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const bool v4 = std::equal(kMapped.begin(), kMapped.end(), source.bytes.begin());
  const void* const from = source.bytes.data() + (v4 ? kMapped.size() : 0);
  inet_ntop(v4 ? AF_INET : AF_INET6, from, out.data(), out.size());
  return out.data();
}

}  // namespace

const char* text_of(l0::CloseReason reason) {
  switch (reason) {
    case l0::CloseReason::shutdown:
      return "shut down";
    case l0::CloseReason::version:
      return "no common protocol version";
    case l0::CloseReason::mtu:
      return "no common packet size";
    case l0::CloseReason::duplicate:
      return "a second link to the same node";
    case l0::CloseReason::rekey_failed:
      return "changing the key failed";
    case l0::CloseReason::policy:
      return "refused by policy";
    case l0::CloseReason::idle:
      return "silent for too long";
    case l0::CloseReason::medium_lost:
      return "the connection ended";
    case l0::CloseReason::timeout:
      return "the handshake was not finished in time";
    case l0::CloseReason::rejected:
      return "the handshake was refused";
  }
  return "for a reason not known here";
}

Media::Media(linux_port::Loop& loop, l0::Links& links, const NodeId& self, Random& random, Log& log)
    : loop_(loop), links_(links), self_(self), log_(log), finder_(loop, links, self, random) {
  links_.set_observer(this);
}

Media::~Media() { links_.set_observer(nullptr); }

Status Media::opened(Medium& medium, const SourceKey& source, bool dialled,
                     std::optional<NodeId> expected) {
  log_.write(Level::debug, "connection.opened",
             {{"host", source.is_zero() ? std::string() : host_text(source)},
              {"dialled", dialled ? 1 : 0}});
  if (auto attached = links_.attach(medium); !attached) return attached;
  if (!medium.info().stream) {
    const InterfaceId id = medium.info().interface;
    finder_.attached(medium, [this, id] { return interfaces_->targets_of(id); });
    return {};
  }
  if (!dialled || medium.info().mode == InterfaceMode::rns) return {};
  if (auto link = links_.establish(medium, Remote{}, expected); !link) {
    links_.detach(medium);
    return fail(link);
  }
  return {};
}

void Media::on_closed(Medium& medium) {
  finder_.detached(medium);
  links_.on_closed(medium);
}

bool Media::wants_dial(const std::optional<NodeId>& peer) {
  return !peer || (*peer != self_ && !is_linked(*peer));
}

bool Media::is_linked(const NodeId& peer) const {
  return std::any_of(up_.begin(), up_.end(),
                     [&peer](const auto& entry) { return entry.second.peer == peer; });
}

std::string Media::address_of(l0::LinkId link) const {
  const auto found = up_.find(link);
  return found == up_.end() ? std::string() : found->second.address;
}

void Media::on_link_up(const l0::LinkInfo& link, const Medium& medium) {
  std::string address;
  finder_.on_link_up(link, medium);
  if (bootstrapper_ != nullptr) bootstrapper_->on_link_up(link, medium);
  if (interfaces_ != nullptr) {
    if (const auto connection = interfaces_->connection_of(medium)) {
      address = connection->peer;
    } else {
      address = linux_port::address_text(link.remote);
      if (address.empty()) address = interfaces_->name_of(link.interface);
    }
    interfaces_->authenticated(medium, link.peer);
  }
  log_.write(Level::info, "link.up",
             {{"peer", link.peer},
              {"address", address},
              {"role", link.role == l0::LinkRole::initiator ? "initiator" : "responder"},
              {"mtu", link.mtu.bytes}});
  up_[link.id] = {link.peer, std::move(address)};
  if (changed_) changed_({true, link.peer, ""});
}

void Media::on_link_down(const l0::LinkInfo& link, l0::CloseReason reason) {
  const std::string address = address_of(link.id);
  up_.erase(link.id);
  finder_.on_link_down(link);
  if (bootstrapper_ != nullptr) bootstrapper_->on_link_down(link.id);
  log_.write(Level::info, "link.down",
             {{"peer", link.peer}, {"address", address}, {"reason", text_of(reason)}});
  if (changed_) changed_({false, link.peer, text_of(reason)});
}

void Media::on_refused(const MediumInfo& medium, const SourceKey& source, const Error& why) {
  const auto held_back = refusals_.pass(why.text, loop_.now());
  if (!held_back) return;
  const std::string from = source.is_zero() && interfaces_ != nullptr
                               ? interfaces_->name_of(medium.interface)
                               : host_text(source);
  if (*held_back == 0) {
    log_.write(Level::warning, "link.refused", {{"from", from}, {"reason", why.text}});
  } else {
    log_.write(Level::warning, "link.refused",
               {{"from", from}, {"reason", why.text}, {"more_of_these", *held_back}});
  }
}

}  // namespace mehr::daemon
