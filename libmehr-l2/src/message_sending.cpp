// The facade's half that sends messages of contexts 0xF3 to 0xF9: forms, segments, one hop.
// spec: README/3
#include <gsl/assert>

#include "mehr/l2/sealed_messenger.h"
#include "messenger_parts.h"

namespace mehr::l2 {

namespace {

constexpr std::size_t kFormSize = 1;
constexpr std::size_t kSubTypeSize = 1;

// Which budget of gossip a message of one hop is charged to. spec: README/4.9
std::uint8_t tier_of_context(std::uint8_t context) {
  constexpr std::uint8_t kPayment = 2;
  constexpr std::uint8_t kCapabilities = 3;
  return context <= 0xF4 ? kPayment : kCapabilities;
}

/// Cuts @p whole into pieces behind their form, and gives each to @p send.
template <class Send>
Status in_segments(ByteView whole, std::size_t room, std::uint32_t message, MutableBytes scratch,
                   Send send) {
  const std::size_t piece = less(room, kFormSize + kSegmentHead);
  const std::size_t count = segments_of(whole.size(), piece);
  if (count == 0 || count > kMostSegments || whole.size() > kMostJoined) {
    return fail(Errc::too_big, "the message is longer than its segments may be together");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView bytes = whole.subspan(i * piece, std::min(piece, whole.size() - i * piece));
    const Segment segment{message, static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(count),
                          Tail{bytes}};
    const auto encoded = encode(segment, scratch.subspan(kFormSize));
    if (!encoded) return fail(encoded);
    if (auto sent = send(ByteView(scratch.first(kFormSize + encoded->size()))); !sent) return sent;
  }
  return {};
}

}  // namespace

// Sealed whole first, then cut: a piece shows nothing, and one seal holds all together.
Status SealedMessenger::send_message(const NodeId& to, Protocol protocol, ByteView body,
                                     const SendOptions& options) {
  if (body.size() > kMaxMessage) {
    return fail(Errc::too_big, "a message has at most 65,386 bytes");
  }
  const auto route = route_for(to, options);
  if (!route) return fail(route);
  auto how = sealing_for(to);
  if (!how) return fail(how);
  const std::size_t inner = kSubTypeSize + body.size() + (options.proven ? kProofSize : 0);
  const std::size_t room = room_to(to, *route);
  if (kFormSize + how->overhead() + inner > room && kFormSize + kE1Overhead + inner <= room) {
    how->prekey.reset();  // four bytes decide whether one packet does
  }
  const std::size_t size = kFormSize + how->overhead() + inner;
  if (message_.size() < size) message_.resize(size);
  const Ephemeral ephemeral = Ephemeral::draw(random_);
  const MutableBytes envelope = MutableBytes(message_).subspan(kFormSize);
  const MutableBytes plain_at = envelope.subspan(how->body_at());
  // The sub-type belongs to what is proven.
  const MutableBytes m_at = plain_at.subspan(options.proven ? kProofSize : 0);
  Writer w(m_at);
  w.put(static_cast<std::uint8_t>(protocol.port));
  w.bytes(body);
  Ensures(w.ok());
  const auto plain =
      write_plain(to, protocol.context, {}, w.written(), options.proven, ephemeral, plain_at);
  if (!plain) return fail(plain);
  const auto sealed = seal(*how, protocol.context, *plain, ephemeral, envelope);
  if (!sealed) return fail(sealed);
  message_[0] = options.proven ? form::kProven : form::kSealed;
  const ByteView whole = ByteView(message_).first(kFormSize + sealed->size());
  const auto piece_out = [&](ByteView data) {
    return dispatch(to, protocol.context, data, *route, options);
  };
  Status sent = whole.size() <= room ? piece_out(whole) : Status{};
  if (whole.size() > room) {
    sending_[0] = form::kSegment;
    sent = in_segments(whole, room, random_.draw<std::uint32_t>(), sending_, [&](ByteView data) {
      ++counters_.segments_out;
      return piece_out(data);
    });
  }
  if (!sent) return sent;
  ++counters_.sealed;
  if (how->prekey) ++counters_.sealed_forward;
  return sent;
}

Status SealedMessenger::send_one_hop(const NodeId& to, Protocol protocol, ByteView body) {
  if (beside_.links == nullptr) {
    return fail(Errc::unsupported, "this node has no door to its links");
  }
  const auto link = beside_.links->link_to(to);
  const auto end = link ? beside_.links->end_of(*link) : std::nullopt;
  if (!end) return fail(Errc::no_route, "that node is no neighbour");
  if (kSubTypeSize + body.size() > kMostJoined) {
    return fail(Errc::too_big, "a message to a neighbour has at most 65,535 bytes");
  }
  const std::uint8_t tier = tier_of_context(protocol.context);
  const std::size_t size = 1 + kSubTypeSize + body.size();
  if (message_.size() < size) message_.resize(size);
  Writer w(message_);
  w.put(link_type_of(protocol.context));
  w.put(static_cast<std::uint8_t>(protocol.port));
  w.bytes(body);
  Status sent{};
  if (size <= end->mtu.bytes) {
    sent = beside_.links->send_control(*link, tier, w.written());
  } else {
    const HopSender::Job job{*link, to, end->mtu, tier, message_[0], random_.draw<std::uint32_t>()};
    sent = hops_.start(*beside_.links, job, w.written().subspan(1), clock_.now());
    set_wake();
  }
  if (sent) ++counters_.hopped_out;
  return sent;
}

}  // namespace mehr::l2
