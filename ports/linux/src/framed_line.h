// A line whose frames are cut by HDLC or KISS, and nothing else: what serial lines and pipes are.
//
// Place: private to the line interfaces, between line_port.h and its two users.
#pragma once

#include <variant>

#include "line_port.h"
#include "mehr/l0/hdlc.h"
#include "mehr/l0/kiss.h"
#include "mehr/linux/line.h"

namespace mehr::linux_port {

class FramedLine : public LinePort {
 public:
  FramedLine(Loop& loop, MediumHost& host, const LineConfig& config, std::string what, LogSink log);

 protected:
  void on_open() override;
  void on_line_bytes(MutableBytes bytes) override;
  [[nodiscard]] std::size_t most_encoded(std::size_t frame) const override;
  std::size_t encode(ByteView frame, MutableBytes out) override;
  void add_to(InterfaceStatus& status) const override;

 private:
  void make_decoder();

  LineFraming framing_;
  std::size_t limit_;
  std::variant<std::monostate, l0::HdlcDecoder, l0::KissDecoder> decoder_;
  std::uint64_t bad_ = 0;  // of lines that are gone
};

}  // namespace mehr::linux_port
