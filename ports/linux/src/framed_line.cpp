#include "framed_line.h"

#include "mehr/l0/link_frames.h"

namespace mehr::linux_port {
namespace {

std::uint64_t bad_of(const l0::StuffingCounters& c) {
  return c.bad_escape + c.oversize + c.cleared;
}

std::uint64_t bad_of(const l0::KissDecoder::Counters& c) {
  return c.bad_escape + c.oversize + c.cleared + c.other_command;
}

template <class Decoder>
std::uint64_t bad_of(const Decoder& decoder) {
  const auto* hdlc = std::get_if<l0::HdlcDecoder>(&decoder);
  if (hdlc != nullptr) return bad_of(hdlc->counters());
  const auto* kiss = std::get_if<l0::KissDecoder>(&decoder);
  return kiss == nullptr ? 0 : bad_of(kiss->counters());
}

}  // namespace

FramedLine::FramedLine(Loop& loop, MediumHost& host, const LineConfig& config, std::string what,
                       LogSink log)
    : LinePort({loop, host, std::move(log), config.name, std::move(what), config.info,
                config.info.mtu.bytes + l0::kLinkOverhead}),
      framing_(config.framing),
      limit_(config.info.mtu.bytes + l0::kLinkOverhead) {}

void FramedLine::make_decoder() {
  bad_ += bad_of(decoder_);
  if (framing_ == LineFraming::kiss) {
    decoder_.emplace<l0::KissDecoder>(limit_);
  } else {
    decoder_.emplace<l0::HdlcDecoder>(limit_);
  }
}

void FramedLine::on_open() {
  make_decoder();
  raise();
}

void FramedLine::on_line_bytes(MutableBytes bytes) {
  while (!bytes.empty() && is_up()) {
    MutableBytes frame;
    if (auto* hdlc = std::get_if<l0::HdlcDecoder>(&decoder_)) {
      frame = hdlc->next(bytes);
    } else if (auto* kiss = std::get_if<l0::KissDecoder>(&decoder_)) {
      frame = kiss->next(bytes);
    }
    if (!frame.empty()) give(FrameInfo{}, frame);
  }
}

std::size_t FramedLine::most_encoded(std::size_t frame) const {
  return framing_ == LineFraming::kiss ? l0::kiss_max_encoded(frame) : l0::hdlc_max_encoded(frame);
}

std::size_t FramedLine::encode(ByteView frame, MutableBytes out) {
  return framing_ == LineFraming::kiss ? l0::kiss_encode(frame, out) : l0::hdlc_encode(frame, out);
}

void FramedLine::add_to(InterfaceStatus& status) const {
  status.bad_frames = bad_ + bad_of(decoder_);
}

}  // namespace mehr::linux_port
