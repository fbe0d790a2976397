#include "mehr/l1/peer_exchange.h"

#include <gsl/assert>

namespace mehr::l1 {

namespace {

constexpr std::uint8_t kFamilyV4 = 4;
constexpr std::uint8_t kFamilyV6 = 6;
constexpr std::size_t kMostEntries = 255;

using V4 = FixedBytes<4, struct V4Tag>;

// The parts of an entry in wire order; the length of the address depends on the family before it.
void get_entry(Reader& in, PeerEntry& out) {
  std::uint8_t family = 0;
  in.get(family);
  if (family == kFamilyV4) {
    V4 four;
    in.get(four);
    out.at.host = host_of_v4(four.view());
  } else if (family == kFamilyV6) {
    in.get(out.at.host);
  } else {
    return in.refuse(Errc::bad_value, "an address family other than 4 and 6");
  }
  in.get(out.at.port);
  if (in.ok() && out.at.port == 0) in.refuse(Errc::bad_value, "a peer with port 0");
  in.get(out.node);
  in.get(out.age_minutes);
}

void put_entry(Writer& out, const PeerEntry& entry) {
  if (is_v4(entry.at.host)) {
    out.put(kFamilyV4);
    out.bytes(v4_bytes(entry.at.host));
  } else {
    out.put(kFamilyV6);
    out.put(entry.at.host);
  }
  out.put(entry.at.port);
  out.put(entry.node);
  out.put(entry.age_minutes);
}

}  // namespace

Status PeerExchangeHead::check() const {
  if ((flags & ~kPleaseReply) != 0) return fail(Errc::bad_value, "an unknown flag is set");
  return {};
}

PeerExchangeWriter::PeerExchangeWriter(MutableBytes out) : out_(out) {
  Expects(out.size() >= wire_size<PeerExchangeHead>);
}

bool PeerExchangeWriter::add(const PeerEntry& entry) {
  Expects(entry.at.port != 0);
  if (count_ == kMostEntries) return false;
  Writer writer(out_.subspan(wire_size<PeerExchangeHead> + used_));
  put_entry(writer, entry);
  if (!writer.ok()) return false;
  used_ += writer.written().size();
  ++count_;
  return true;
}

ByteView PeerExchangeWriter::finish(bool please_reply) {
  PeerExchangeHead head;
  head.flags = please_reply ? PeerExchangeHead::kPleaseReply : std::uint8_t{0};
  head.count = count_;
  Writer(out_).put(head);
  return out_.first(wire_size<PeerExchangeHead> + used_);
}

Result<PeerExchangeReader> PeerExchangeReader::open(ByteView message) {
  PeerExchangeHead head;
  Reader in(message);
  in.get(head);
  for (std::size_t i = 0; i < head.count && in.ok(); ++i) {
    PeerEntry entry;
    get_entry(in, entry);
  }
  if (auto end = in.finish(); !end) return fail(end);
  return PeerExchangeReader(head, message.subspan(wire_size<PeerExchangeHead>));
}

std::optional<PeerEntry> PeerExchangeReader::next() {
  if (entries_.left() == 0) return std::nullopt;
  PeerEntry entry;
  get_entry(entries_, entry);
  Ensures(entries_.ok());  // `open` read them all
  return entry;
}

}  // namespace mehr::l1
